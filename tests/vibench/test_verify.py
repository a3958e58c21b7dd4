import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import engine
from engine.variant import Variant, sha256_of
from optimization.folder import folder_set
from optimization.verification import Verification

BUNDLED = Path(engine.__file__).parent / "bundled" / "wdcnn"


@pytest.fixture(scope="session")
def several(tmp_path_factory):
    """A folder of six short recordings, of two bearings with an inner race fault and of one without a fault."""
    from engine.simulation.rolling import RollingBearing, save, simulate

    folder = tmp_path_factory.mktemp("bench")
    rows = ["file,label,specimen"]
    for number, (label, specimen) in enumerate([("inner", "A")] * 2 + [("inner", "B")] * 2 + [("normal", "N")] * 2):
        parameters = RollingBearing(label, duration_s=0.6, snr_db=15, seed=50 + number)
        save(simulate(parameters), parameters, folder / f"{number}.npz")
        rows.append(f"{number}.npz,{label},{specimen}")
    (folder / "recordings.csv").write_text("\n".join(rows) + "\n")
    return folder


def said(told):
    return " ".join(told.out.split())


def test_against_its_parent_on_simulated_recordings_unless_told_otherwise(vibench):
    told = vibench("verify", "wdcnn/int8-dynamic", "--simulated", "40")

    assert told.out.splitlines()[0] == "equivalent: wdcnn/int8-dynamic against wdcnn/onnx"
    for part in (
        "0 of 40 verdicts flipped, which means at most 7.2 % in truth; 10 % may.",
        "class recordings parent right variant right",
        "McNemar's p = 1",
        "Compared on 40 simulated recordings, seed 1 (10 normal, 10 inner, 10 outer, 10 ball), 400 windows.",
        "40 specimens, 0 with a flip; 95 % by specimen: windows that agree ",
        "Budget: 10 % of the verdicts may flip, 98 % of the windows must agree, 20 dB SQNR.",
        "Holds for ONNX Runtime ",
    ):
        assert part in said(told)
    assert "0/40 Proving on recordings" in told.err


def test_undecided_has_a_status_of_its_own_and_leads_with_what_is_known(vibench):
    told = vibench("verify", "wdcnn/int8-dynamic", "--simulated", "20", "--max-flips", "1%", status=4)

    assert told.out.splitlines()[0] == "undecided: wdcnn/int8-dynamic against wdcnn/onnx"
    assert "0 of 20 flipped, smallest margin 0." in said(told)
    assert "; 279 more without a flip would show at most 1 %." in said(told)


def test_limits_that_are_missed_are_status_1(vibench_json):
    words = ["verify", "wdcnn/int8-static", "--simulated", "40"]
    (proof,) = vibench_json(*words, "--min-sqnr", "60", "--min-agreement", "0.9", status=1)

    assert proof["verdict"] == "degraded"
    assert proof["limits"] == {"flips_share": 0.1, "top1_agreement": 0.9, "sqnr_db": 60.0}
    assert Verification.from_json(proof).to_json() == proof


def test_recordings_of_a_folder_are_proven_on_and_few_of_them_decide_nothing(vibench_json, several):
    (alone,) = vibench_json("verify", "wdcnn/int8-dynamic", "--recordings", several, status=4)
    (both,) = vibench_json("verify", "wdcnn/int8-dynamic", "--recordings", several, "--simulated", "40")

    assert (alone["recordings"]["count"], alone["recording_set"]["source"]) == (6, "recordings")
    assert (alone["specimens"]["count"], alone["specimens"]["intervals"]) == (3, {})
    assert alone["labels"]["recall"].keys() == {"normal", "inner"}
    assert (both["recordings"]["count"], both["recording_set"]["source"]) == (46, "both")
    assert both["labels"]["of"] == "recordings"


def test_what_was_calibrated_on_is_refused_and_a_bearing_on_both_sides_is_told(vibench, several, tmp_path):
    shutil.copytree(BUNDLED / "int8-static", tmp_path / "int8")
    members = folder_set(several).recordings
    known = {"source": "recordings", "windows": 8, "recordings": [members[at].described() for at in (0, 4)]}
    replace(Variant.load(tmp_path / "int8"), calibration=known).write_description()
    words = ["verify", tmp_path / "int8", "--against", "wdcnn/onnx", "--recordings"]

    told = vibench(*words, several, status=2)
    assert told.out == ""
    assert "0.npz, 4.npz were calibrated on, so they prove nothing: choose recordings that were not." in told.err

    for name in ("1.npz", "2.npz", "3.npz", "5.npz"):
        shutil.copy(several / name, tmp_path / name)
    rows = (several / "recordings.csv").read_text().splitlines()
    (tmp_path / "recordings.csv").write_text("\n".join([row for row in rows if row[0] not in "04"]) + "\n")
    told = said(vibench(*words, tmp_path, status=4))
    assert "Apart by recording only from what was calibrated on or learned from: all recordings of the class " in told
    assert "normal are of one specimen, A is on both sides." in told


def test_a_folder_of_a_stranger_is_tried_first_and_its_flips_are_a_table(vibench, tmp_path):
    swapped = with_classes_swapped(tmp_path / "swapped")

    told = vibench("verify", swapped, "--against", "wdcnn/pytorch", "--simulated", "40", status=1)
    assert told.out.splitlines()[0] == "degraded: wdcnn/pytorch against wdcnn/pytorch"
    assert "was became recordings inner outer 10" in said(told)

    (swapped / "model.safetensors").write_bytes(b"no weights")
    told = vibench("verify", swapped, "--against", "wdcnn/pytorch", status=2)
    assert (told.out, len(told.err.splitlines()[-1:])) == ("", 1)


def with_classes_swapped(folder):
    """Write WDCNN with the rows of two of its classes exchanged, as a careless export does."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(BUNDLED / "pytorch", folder)
    weights = load_file(folder / "model.safetensors")
    (head,) = (name for name, array in weights.items() if array.shape == (4,))
    for name in (head, head.replace("bias", "weight")):
        weights[name] = weights[name][[0, 2, 1, 3]]
    save_file(weights, folder / "model.safetensors")
    variant = replace(Variant.load(folder), digest=sha256_of(folder / "model.safetensors"))
    variant.write_description()
    return folder


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["wdcnn/pytorch"], "wdcnn/pytorch was made from no other; name what to compare with by --against"),
        (["wdcnn/nothing"], "wdcnn/nothing"),
        (["wdcnn/onnx", "--against", "cnn-bilstm/onnx"], "its card is not that of cnn-bilstm/onnx"),
        (["wdcnn/onnx", "--runtime", "tflite"], "there is no runtime tflite"),
        (["wdcnn/onnx", "--recordings", "nowhere"], "nowhere can't be opened: there is no such folder"),
        (["wdcnn/onnx", "--simulated", "0"], "--simulated can't be 0"),
        (["wdcnn/onnx", "--max-flips", "2"], "'2' is no share such as 1% or 0.01"),
        (["wdcnn/onnx", "--max-flips", "1"], "share of flips can't be 1"),
        (["wdcnn/onnx", "--min-agreement", "many"], "'many' is no share"),
        (["wdcnn/onnx", "--min-sqnr", "nan"], "SQNR can't be nan"),
    ],
)
def test_bad_input_is_one_sentence(vibench, words, sentence):
    told = vibench("verify", *words, status=2)

    assert told.out == ""
    assert sentence in told.err.splitlines()[-1]


def test_an_error_is_json_too(vibench):
    told = vibench("verify", "wdcnn/pytorch", "--json", status=2)

    assert json.loads(told.out)["error"]["code"] == "usage"


def test_another_rate_is_taken_only_if_asked(vibench, tmp_path):
    from engine.simulation.rolling import RollingBearing, save, simulate

    parameters = RollingBearing("inner", sampling_rate_hz=25_600, duration_s=0.6, seed=60)
    save(simulate(parameters), parameters, tmp_path / "fast.npz")
    words = ["verify", "wdcnn/int8-dynamic", "--recordings", tmp_path]

    assert "fast.npz was sampled at 25600 Hz" in vibench(*words, status=2).err
    assert "Compared on 1 recording (1 unlabelled), " in said(vibench(*words, "--resample", status=4))
