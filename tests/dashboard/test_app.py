import re
import subprocess
import sys
from pathlib import Path

from dashboard.components.icons import ASSETS

REPOSITORY = Path(__file__).parents[2]
STARTED = """
import sys
from pathlib import Path
from dashboard.app import create_app
from dashboard.server import warm_up
from workspace.settings import Settings
from workspace.workspace import Workspace
settings = Settings(workspace=Path(sys.argv[1]), _env_file=None)
app = create_app(settings, Workspace.open(settings))
warm_up(app.server, settings)
print(sorted({"torch", "onnx", "pandas"} & set(sys.modules)))
"""


def test_the_web_process_starts_without_what_is_slow_to_import(tmp_path):
    command = [sys.executable, "-c", STARTED, str(tmp_path / "workspace")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120)

    assert done.stdout.strip() == "[]", done.stderr


def test_an_upload_that_the_storage_limit_has_no_room_for_is_refused_at_once(make_client):
    client = make_client(storage_limit_bytes=1000)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1001", "Upload-Metadata": "filename YQ=="}

    answer = client.post("/uploads", headers=headers)

    assert answer.status_code == 413
    assert "VIBENCH_STORAGE_LIMIT_BYTES" in answer.json["error"]["message"]
    assert client.post("/uploads", headers=headers | {"Upload-Length": "1000"}).status_code == 201


def test_every_file_that_the_page_asks_for_is_there(make_client):
    client = make_client()
    page = client.get("/").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert len(addresses) > 10
    for address in addresses:
        assert address.startswith("/"), "the page works with the network cable out"
        assert client.get(address).status_code == 200, address


def test_the_chart_library_is_the_one_that_the_figures_are_made_for(make_client):
    import plotly

    shipped = re.search(r"plotly-cartesian-([\d.]+)\.min\.js", make_client().get("/").text)[1]
    library = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

    assert f"plotly.js v{shipped}" in library.read_text(encoding="utf-8")[:200]


def test_what_the_page_loads_is_small_and_has_its_licence():
    assert sum(path.stat().st_size for path in ASSETS.rglob("*") if path.is_file()) < 2_500_000
    for licence in ("plotly.js", "tus-js-client", "inter", "bootstrap-icons"):
        assert (ASSETS / "vendor" / f"LICENSE-{licence}.txt").is_file()


def test_nothing_of_development_is_switched_on(make_client):
    client = make_client()

    assert '"ui":false' in client.get("/").text
    assert not client.application.debug
