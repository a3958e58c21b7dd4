import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.card import ModelCard
from engine.errors import BackendMissingError, DamagedModelError, GoldenMismatchError
from engine.variant import Variant, sha256_of
from workspace.seeding import GOLDEN, check_golden, exported_in_child, lacks_onnx, seed
from workspace.settings import Settings
from workspace.workspace import Workspace

CLASSES = ("normal", "inner", "outer", "ball")
CARD = ModelCard("wdcnn", "WDCNN", "", 12_000.0, 2048, 1024, (0.0, 4800.0), CLASSES, 1.0, 0.5)
SEED = """
import sys
from pathlib import Path
from workspace.seeding import seed
from workspace.settings import Settings
from workspace.workspace import Workspace
if __name__ == "__main__":
    settings = Settings(_env_file=None, workspace=Path(sys.argv[1]))
    with Workspace.open(settings) as workspace:
        seed(workspace, recordings=True, progress=lambda said: print(said, flush=True), bundled=Path(sys.argv[2]))
    assert not {"torch", "onnx"} & set(sys.modules), "seeding must not load them here"
"""


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    """A folder like the one that comes with Vibench, of one untrained network."""
    import torch
    from safetensors.torch import save_file

    from engine.networks import build

    torch.manual_seed(0)
    network = build("wdcnn", len(CLASSES)).eval()
    folder = tmp_path_factory.mktemp("bundled")
    weights = folder / "wdcnn" / "pytorch" / "model.safetensors"
    weights.parent.mkdir(parents=True)
    save_file(network.state_dict(), weights)
    Variant("pytorch", "pytorch", "safetensors", weights, sha256_of(weights), CARD).write_description()
    windows = np.random.default_rng(0).standard_normal((4, 1, CARD.window), dtype=np.float32)
    with torch.inference_mode():
        np.savez(folder / "wdcnn" / GOLDEN, windows=windows, logits=network(torch.from_numpy(windows)).numpy())
    return folder


@pytest.fixture(scope="module")
def seeded(bundled, tmp_path_factory):
    """A workspace whose seeding was killed once, and which two processes then seeded at the same time."""
    folder = tmp_path_factory.mktemp("seeded")
    (folder / "seed.py").write_text(SEED, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}

    def start():
        command = [sys.executable, folder / "seed.py", folder / "workspace", bundled]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    killed = start()
    assert killed.stdout.readline() == "Making the ONNX form of WDCNN; this is done once.\n"
    time.sleep(0.3)
    killed.kill()
    killed.communicate()

    both = [start(), start()]
    told = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("Making the ONNX form" in one for one in told) == 1

    with Workspace.open(Settings(_env_file=None, workspace=folder / "workspace")) as workspace:
        yield workspace


def test_the_bundled_network_is_there_in_both_forms_with_its_card(seeded, bundled):
    given = Variant.load(bundled / "wdcnn" / "pytorch")

    pytorch, onnx = seeded.variants.list()

    assert (pytorch.full_name, onnx.full_name) == ("wdcnn/pytorch", "wdcnn/onnx")
    assert (pytorch.digest, pytorch.card) == (given.digest, CARD)
    assert (onnx.parent, onnx.card) == (given.digest, CARD)
    check_golden(onnx, bundled / "wdcnn" / GOLDEN)


def test_there_is_a_simulated_recording_of_each_condition_that_can_be_diagnosed_at_once(seeded):
    rows = seeded.recordings.list()

    assert sorted(row.name for row in rows) == [f"simulated-{name}.npz" for name in sorted(CLASSES)]
    assert all((row.missing, row.problem, row.duration_s) == ((), None, 10.0) for row in rows)
    assert {row.description.label for row in rows} == set(CLASSES)
    assert len({seeded.recordings.signal(row.id)[0].samples.tobytes() for row in rows}) == 4
    for row in rows:
        assert seeded.diagnose(row.id, seeded.variants.find("wdcnn")).recording["bearing"] == "6205-2RS"


def test_seeding_again_is_quick_says_nothing_and_brings_back_no_deleted_recording(seeded, bundled):
    before = seeded.recordings.list()
    told = []
    begun = time.perf_counter()

    seeded.recordings.delete(before[0].id)
    seed(seeded, recordings=True, progress=told.append, bundled=bundled)

    assert time.perf_counter() - begun < 1
    assert told == []
    assert seeded.recordings.list() == before[1:]


def test_nothing_is_left_in_scratch_by_a_seeding_that_was_not_killed(workspace, tmp_path):
    seed(workspace, recordings=True, progress=lambda _: None, bundled=tmp_path)

    assert list(workspace.scratch.iterdir()) == []


def test_the_onnx_form_is_made_again_for_newer_weights_or_a_newer_card(bundled):
    given = Variant.load(bundled / "wdcnn" / "pytorch")
    made = replace(given, name="onnx", backend="onnx", format="onnx", parent=given.digest)

    assert not lacks_onnx(given, made)
    assert not lacks_onnx(made, None)
    assert lacks_onnx(given, None)
    assert lacks_onnx(given, replace(made, parent="0" * 64))
    assert lacks_onnx(given, replace(made, card=replace(CARD, temperature=2.0)))


def test_a_network_that_answers_otherwise_than_where_it_was_trained_is_not_kept(bundled, tmp_path):
    record = np.load(bundled / "wdcnn" / GOLDEN)
    np.savez(tmp_path / GOLDEN, windows=record["windows"], logits=record["logits"] * 1.01)

    with pytest.raises(GoldenMismatchError, match="wdcnn/pytorch answers the golden windows"):
        check_golden(Variant.load(bundled / "wdcnn" / "pytorch"), tmp_path / GOLDEN)


def test_an_error_of_the_exporting_process_arrives_as_itself(bundled, tmp_path):
    altered = replace(Variant.load(bundled / "wdcnn" / "pytorch"), digest="0" * 64)

    with pytest.raises(DamagedModelError, match="wdcnn/pytorch cannot be loaded"):
        list(exported_in_child([altered], tmp_path))


def test_the_death_of_the_exporting_process_is_told(bundled, tmp_path):
    variants = exported_in_child([Variant.load(bundled / "wdcnn" / "pytorch")], tmp_path)

    def kill_children():
        while not (children := multiprocessing.active_children()):
            time.sleep(0.01)
        for child in children:
            os.kill(child.pid, signal.SIGKILL)

    from threading import Thread

    Thread(target=kill_children).start()

    with pytest.raises(BackendMissingError, match="ended with status -9"):
        list(variants)
