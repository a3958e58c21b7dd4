"""The dashboard served for real on a loopback port, the browser that looks at it, and a network to ask."""

import os
import shutil
import threading

import pytest
from hypothesis import settings

# The same examples every time, so that a red run means a change; `--hypothesis-profile=search` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("repeatable")

#: Folders whose tests share a workspace that takes long to prepare; they go first, because they take longest.
TOGETHER = ("tests/vibench",)


def pytest_collection_modifyitems(items):
    """Keep together what shares fixtures where tests run two at a time: those of a file, or of a whole folder."""
    groups = {item: group_of(item.nodeid) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: groups[item] not in TOGETHER)  # stable, so that the order is the same otherwise


def group_of(nodeid):
    """Return the folder or file that a test is run with."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Chromium as the system has it, silent towards the network; Playwright's own where there is none."""
    quiet = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"]
    quiet += ["--disable-quic", "--disable-component-update", "--disable-sync"]
    if os.geteuid() == 0:
        quiet.append("--no-sandbox")
    found = os.environ.get("VIBENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    return {**browser_type_launch_args, "args": quiet, **({"executable_path": found} if found else {})}


@pytest.fixture(scope="session")
def base_url():
    """None: tests name the server that they mean; pytest-playwright's own fixture warns under pytest 9."""


@pytest.fixture(scope="session")
def serve_app():
    """Serve a Dash application on a free loopback port until the tests are over; returns its address."""
    from werkzeug.serving import make_server

    servers = []

    def serve(app):
        server = make_server("127.0.0.1", 0, app.server, threaded=True)
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.port}"

    yield serve
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def live_settings(tmp_path_factory):
    """Settings of the workspace that browser tests share."""
    from workspace.settings import Settings

    return Settings(workspace=tmp_path_factory.mktemp("live") / "workspace", _env_file=None)


@pytest.fixture(scope="session")
def live_workspace(live_settings):
    """The workspace that browser tests share, without networks or recordings until a test brings them."""
    from workspace.workspace import Workspace

    workspace = Workspace.open(live_settings)
    yield workspace
    workspace.close()


@pytest.fixture(scope="session")
def live_app(live_settings, live_workspace, serve_app):
    """Address of the dashboard with all its pages."""
    from dashboard.app import create_app

    return serve_app(create_app(live_settings, live_workspace))


@pytest.fixture(scope="session")
def card():
    """A card that lists one rig and reports one protocol."""
    from engine.card import ModelCard, Rig

    return ModelCard(
        name="wdcnn",
        title="WDCNN",
        reference="Zhang et al., 2017",
        sampling_rate_hz=12_000.0,
        window=2048,
        hop=1024,
        band_hz=(0.0, 4800.0),
        classes=("normal", "inner", "outer", "ball"),
        temperature=1.0,
        threshold=0.5,
        rigs=(Rig("cwru", "6205-2RS"),),
        elsewhere="Elsewhere it is weak.",
        evaluation={"protocols": {"A": {"recordings": 18, "recordings_right": 17}}},
    )


@pytest.fixture(scope="session")
def write_untrained(card):
    """Write a WDCNN with seeded weights into a folder that is made for it, as a variant for PyTorch."""

    def write(folder):
        import torch
        from safetensors.torch import save_file

        from engine.networks import build
        from engine.variant import Variant, sha256_of

        torch.manual_seed(0)
        folder.mkdir()
        weights = folder / "model.safetensors"
        save_file(build(card.name, len(card.classes)).state_dict(), weights)
        made = Variant("pytorch", "pytorch", "safetensors", weights, sha256_of(weights), card)
        made.write_description()
        return made

    return write


@pytest.fixture(scope="session")
def untrained_variants(tmp_path_factory, write_untrained):
    """The same network as a variant for PyTorch and one for ONNX Runtime."""
    from optimization.passes import PASSES, PassContext

    folder = tmp_path_factory.mktemp("variants")
    made = write_untrained(folder / "pytorch")
    return made, PASSES["export_onnx"]().run(made, PassContext(folder / "onnx"))


@pytest.fixture(scope="session")
def inner_race_file(tmp_path_factory):
    """Four seconds of a simulated inner race fault, in a file whose name a spreadsheet would take for a formula."""
    from engine.simulation.rolling import RollingBearing, save, simulate

    parameters = RollingBearing("inner", duration_s=4, snr_db=10, seed=7)
    path = tmp_path_factory.mktemp("recordings") / "=inner.npz"
    save(simulate(parameters), parameters, path)
    return path


@pytest.fixture(scope="session")
def kernel_table():
    """The kernels of this machine, each measured in one round only: sound in kind, rough in number."""
    from optimization.forecasting.kernels import measured_kernels

    return measured_kernels(rounds=1)
