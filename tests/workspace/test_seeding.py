import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import __version__
from engine.card import ModelCard
from engine.errors import DamagedModelError, GoldenMismatchError
from engine.machine import this_machine
from engine.variant import Variant, sha256_of
from optimization.verification import is_stale
from workspace.seeding import GOLDEN, check_golden, comes_back, seed
from workspace.settings import Settings
from workspace.workspace import Workspace

CLASSES = ("normal", "inner", "outer", "ball")
CARD = ModelCard("wdcnn", "WDCNN", "", 12_000.0, 2048, 1024, (0.0, 4800.0), CLASSES, 1.0, 0.5)
MAKING = "Making the forms of WDCNN that this machine lacks, and proving them; this is done once."
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
    static = folder / "wdcnn" / "int8-static" / "model.onnx"
    static.parent.mkdir()
    static.write_bytes(b"integers")
    Variant("int8-static", "int8", "onnx", static, sha256_of(static), CARD, parent="ab" * 32).write_description()
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
    assert killed.stdout.readline() == f"{MAKING}\n"
    time.sleep(0.3)
    killed.kill()
    killed.communicate()

    both = [start(), start()]
    told = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(MAKING in one for one in told) == 1

    with Workspace.open(Settings(_env_file=None, workspace=folder / "workspace")) as workspace:
        yield workspace


def test_the_bundled_network_is_there_in_every_form_with_its_card_and_proof(seeded, bundled):
    given = Variant.load(bundled / "wdcnn" / "pytorch")
    made = {variant.name: variant for variant in seeded.variants.list()}

    assert set(made) == {"pytorch", "int8-static", "onnx", "fp16", "int8-dynamic"}
    assert all(variant.card == CARD for variant in made.values())
    assert made["pytorch"].digest == given.digest
    assert made["onnx"].parent == given.digest
    assert made["fp16"].parent == made["int8-dynamic"].parent == made["onnx"].digest
    assert made["int8-static"].parent == "ab" * 32  # kept, though it was made from another machine's ONNX form
    check_golden(made["onnx"], bundled / "wdcnn" / GOLDEN)
    for name in ("onnx", "fp16", "int8-dynamic"):
        assert made[name].verification["recordings"]["count"] == 40
        assert made[name].producer["vibench"] == __version__


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


def test_a_removed_form_comes_back_and_only_that_is_made(seeded, bundled):
    before = {variant.full_name: variant for variant in seeded.variants.list()}
    told = []

    seeded.variants.remove("wdcnn/int8-dynamic")
    seed(seeded, recordings=True, progress=told.append, bundled=bundled)

    after = {variant.full_name: variant for variant in seeded.variants.list()}
    assert told == [MAKING, "wdcnn/int8-dynamic is ready."]
    assert {name: variant.digest for name, variant in after.items()} == {
        name: variant.digest for name, variant in before.items()
    }


def test_what_comes_back_is_told_from_what_somebody_made(bundled):
    given = Variant.load(bundled / "wdcnn" / "pytorch")

    for name in ("pytorch", "int8-static", "onnx", "fp16", "int8-dynamic"):
        assert comes_back(replace(given, name=name), bundled)
    assert not comes_back(replace(given, name="int8-static-2"), bundled)
    assert not comes_back(replace(given, card=replace(CARD, name="mine")), bundled)


def test_a_form_that_can_not_be_made_is_told_and_left_out(workspace, bundled, tmp_path):
    given = Variant.load(bundled / "wdcnn" / "pytorch")
    weights = tmp_path / "model.onnx"
    weights.write_bytes(b"no graph")
    producer = {"vibench": __version__}
    workspace.variants.put(
        Variant("onnx", "onnx", "onnx", weights, sha256_of(weights), CARD, parent=given.digest, producer=producer)
    )
    told = []

    seed(workspace, recordings=False, progress=told.append, bundled=bundled)

    assert [line.split(" cannot be loaded")[0] for line in told] == [
        MAKING,
        "wdcnn/fp16 is left out: wdcnn/onnx",
        "wdcnn/int8-dynamic is left out: wdcnn/onnx",
    ]
    assert {variant.name for variant in workspace.variants.list()} == {"pytorch", "int8-static", "onnx"}


def test_a_network_whose_onnx_form_can_not_be_made_stops_the_start(workspace, bundled, tmp_path):
    import shutil

    copied = shutil.copytree(bundled, tmp_path / "bundled")
    given = Variant.load(copied / "wdcnn" / "pytorch")
    given.weights.write_bytes(b"cut")
    replace(given, digest=sha256_of(given.weights)).write_description()

    with pytest.raises(DamagedModelError, match="wdcnn/pytorch cannot be loaded"):
        seed(workspace, recordings=False, progress=lambda _: None, bundled=copied)


def test_a_network_that_answers_otherwise_than_where_it_was_trained_is_not_kept(bundled, tmp_path):
    record = np.load(bundled / "wdcnn" / GOLDEN)
    np.savez(tmp_path / GOLDEN, windows=record["windows"], logits=record["logits"] * 1.01)

    with pytest.raises(GoldenMismatchError, match="wdcnn/pytorch answers the golden windows"):
        check_golden(Variant.load(bundled / "wdcnn" / "pytorch"), tmp_path / GOLDEN)


def test_a_proof_of_another_machine_is_made_anew_and_kept(seeded, bundled, tmp_path):
    elsewhere = shutil.copytree(bundled, tmp_path / "bundled")
    onnx = seeded.variants.find("wdcnn/onnx")
    foreign = {**onnx.verification, "runtime": {"instruction_sets": "asimddp", "onnxruntime": "1.0"}}
    static = elsewhere / "wdcnn" / "int8-static" / "model.onnx"
    shutil.copyfile(seeded.variants.find("wdcnn/fp16").weights, static)
    static.chmod(0o600)
    brought = Variant("int8-static", "int8", "onnx", static, sha256_of(static), CARD, verification=foreign)
    brought.write_description()
    told = []

    seed(seeded, recordings=False, progress=told.append, bundled=elsewhere)

    proven = seeded.variants.find("wdcnn/int8-static")
    assert told == [MAKING, "wdcnn/int8-static is proven on this machine."]
    assert proven.digest == brought.digest
    assert proven.verification["parent"] == onnx.digest
    assert not is_stale(proven.verification, this_machine())

    seed(seeded, recordings=False, progress=told.append, bundled=elsewhere)

    assert len(told) == 2
