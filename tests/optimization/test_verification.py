"""Proofs of variants: sound ones, ones broken on purpose, and what a proof may rest on."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.errors import CalibrationError, DamagedModelError, ModelRefusedError
from engine.machine import this_machine
from engine.signal import Channel, Signal
from engine.variant import Variant, sha256_of
from optimization.calibration import calibrate_on
from optimization.passes import PASSES, PassContext
from optimization.recording_set import RecordingSet, SetRecording, calibration_and_proof, simulated_set
from optimization.verification import LIMITS, Budget, Verification, is_stale, runtime_key, verify

BUNDLED = Path(engine.__file__).parent / "bundled" / "wdcnn"


@pytest.fixture(scope="module")
def trained():
    return Variant.load(BUNDLED / "pytorch")


@pytest.fixture(scope="module")
def proof_set(trained):
    return calibration_and_proof(None, trained.card)[1]


@pytest.fixture(scope="module")
def altered(trained, tmp_path_factory):
    """Write the trained network with the weight and bias of one layer, the last unless named, changed by a function."""

    def write(change, layer=None):
        from safetensors.torch import load_file, save_file

        folder = tmp_path_factory.mktemp("altered")
        weights = load_file(trained.weights)
        (head,) = (name for name, array in weights.items() if array.shape == (len(trained.card.classes),))
        layer = layer or head.removesuffix(".bias")
        change(weights[f"{layer}.weight"], weights[f"{layer}.bias"])
        path = folder / "model.safetensors"
        save_file(weights, path)
        return replace(trained, name="altered", weights=path, digest=sha256_of(path), parent=trained.digest)

    return write


def add_to_inner(value):
    def change(_, bias):
        bias[1] += value

    return change


@pytest.fixture(scope="module")
def broken_proof(altered, trained, proof_set):
    return verify(altered(add_to_inner(4.0)), trained, proof_set)


def test_a_network_is_equivalent_to_itself(trained, proof_set):
    proof = verify(trained, trained, proof_set)

    assert proof.verdict == "equivalent"
    assert (proof.windows.sqnr_db, proof.windows.max_abs_error, proof.windows.top1_agreement) == (None, 0.0, 1.0)
    assert (proof.recordings.count, proof.recordings.flips) == (40, 0)
    assert proof.recordings.flips_upper_bound == pytest.approx(0.0722, abs=1e-4)
    assert proof.reasons[0] == "0 of 40 verdicts flipped, which means at most 7.2 % in truth; 10 % may."
    assert proof.limits == LIMITS


def test_another_runtime_of_the_same_network_is_equivalent(untrained_variants, proof_set):
    pytorch, onnx = untrained_variants
    proof = verify(onnx, pytorch, proof_set)

    assert proof.verdict == "equivalent"
    assert proof.windows.sqnr_db > 80
    assert (proof.variant, proof.parent) == (onnx.digest, pytorch.digest)


def test_a_variant_that_leans_to_one_class_is_degraded_and_its_flips_are_named(broken_proof):
    assert broken_proof.verdict == "degraded"
    assert broken_proof.windows.max_abs_error == pytest.approx(4.0, abs=1e-3)
    assert broken_proof.recordings.flips > 4
    assert all(set(row) <= {"inner", "inconclusive"} for row in broken_proof.recordings.flip_matrix.values())
    named = broken_proof.reasons[-1]
    assert named.startswith("Flipped: simulated ")
    assert f"and {broken_proof.recordings.flips - 3} more" in named


def test_every_reason_is_a_sentence(broken_proof):
    assert all(reason[0].isupper() or reason[0].isdigit() for reason in broken_proof.reasons)
    assert all(reason.endswith(".") and ".." not in reason for reason in broken_proof.reasons)


def test_the_hard_recordings_let_a_small_damage_show(altered, trained, proof_set):
    proof = verify(altered(add_to_inner(1.0)), trained, proof_set)

    assert proof.windows.top1_agreement < 1.0


def test_a_proof_comes_out_the_same_every_time(altered, trained, proof_set):
    variant = altered(add_to_inner(0.5))

    assert verify(variant, trained, proof_set) == verify(variant, trained, proof_set)


def test_a_proof_is_kept_as_json_and_read_back(broken_proof):
    text = json.dumps(broken_proof.to_json(), allow_nan=False)
    data = json.loads(text)

    assert Verification.from_json(data) == broken_proof
    assert data["schema"] == "vibench.verification/1"
    assert set(data) == {
        *("schema", "verdict", "reasons", "windows", "recordings", "labels", "limits"),
        *("variant", "parent", "recording_set", "runtime", "specimens"),
    }
    assert set(data["windows"]) == {"count", "top1_agreement", "sqnr_db", "max_abs_error", "cosine"}
    assert set(data["recordings"]) == {"count", "flips", "flips_upper_bound", "flip_matrix", "margins"}
    assert set(data["runtime"]) == {"instruction_sets", "name", "version"}
    assert data["recording_set"]["apart"]["by"] == "specimen"
    assert set(data["labels"]["recall"]) == {"normal", "inner", "outer", "ball"}


@pytest.mark.parametrize(
    "network", sorted(path.parent.parent.name for path in BUNDLED.parent.glob("*/int8-static/variant.json"))
)
def test_proofs_that_came_with_a_network_are_read(network):
    variant = Variant.load(BUNDLED.parent / network / "int8-static")
    proof = Verification.from_json(variant.verification)

    assert proof.verdict == "equivalent"
    assert proof.runtime["name"] == "onnxruntime"
    assert not is_stale(
        variant.verification,
        replace(
            this_machine(),
            flags=tuple(proof.runtime["instruction_sets"].split()),
            versions={"onnxruntime": proof.runtime["version"]},
        ),
    )


def test_a_proof_from_before_labels_and_margins_is_read(broken_proof):
    told = broken_proof.to_json() | {"labels": None, "runtime": {"instruction_sets": "avx2", "onnxruntime": "1.30.0"}}
    del told["specimens"], told["recordings"]["margins"]
    proof = Verification.from_json(told)

    assert (proof.labels, proof.specimens, proof.recordings.margins) == (None, None, None)
    assert proof.runtime == {"instruction_sets": "avx2", "name": "onnxruntime", "version": "1.30.0"}


@given(st.data())
def test_json_with_a_part_missing_or_of_another_kind_is_told(broken_proof, data):
    told = broken_proof.to_json()
    field = data.draw(st.sampled_from(sorted(told)))
    if field not in ("labels", "specimens") and data.draw(st.booleans()):
        del told[field]
    else:
        told[field] = 7 if field not in ("variant", "parent") else told.pop("schema")

    with pytest.raises(DamagedModelError, match="verification"):
        Verification.from_json(told)


def test_what_was_calibrated_on_proves_nothing(trained, proof_set):
    seen = proof_set.recordings[7]
    calibrated = replace(trained, calibration={"recordings": [seen.described()]})

    for variant, parent in ((calibrated, trained), (trained, calibrated)):
        with pytest.raises(CalibrationError, match=f"{seen.name} was calibrated on"):
            verify(variant, parent, proof_set)


def test_variants_of_different_cards_are_not_compared(trained, card, proof_set):
    with pytest.raises(ModelRefusedError, match="not that of"):
        verify(replace(trained, card=replace(card, threshold=0.9)), trained, proof_set)


def test_an_altered_weight_file_is_not_proven(trained, proof_set):
    with pytest.raises(DamagedModelError):
        verify(replace(trained, digest="0" * 64), trained, proof_set)


def test_answers_that_are_no_numbers_are_refused(altered, trained, proof_set):
    with pytest.raises(ModelRefusedError, match=r"answers 10 of 10 windows of simulated normal.* with NaN or infinity"):
        verify(altered(lambda _, bias: bias.fill_(float("nan"))), trained, proof_set)


def test_recordings_without_a_window_are_left_out(trained):
    long, short = simulated_set(1, seed=3, duration_s=0.5), simulated_set(1, seed=4, duration_s=0.12)
    proof = verify(trained, trained, RecordingSet("simulated", (*short.recordings, *long.recordings)))

    assert proof.recordings.count == 1
    assert [used["digest"] for used in proof.recording_set["recordings"]] == [long.recordings[0].digest]
    with pytest.raises(CalibrationError, match="None of 1 recordings holds a window of WDCNN"):
        verify(trained, trained, short)


def test_too_few_recordings_leave_it_undecided(trained):
    proof = verify(trained, trained, simulated_set(5, seed=3, duration_s=0.5))

    assert proof.verdict == "undecided"
    assert proof.reasons[0].startswith("0 of 5 flipped, smallest margin 0.")
    assert proof.reasons[0].endswith("largest logit change 0; 24 more without a flip would show at most 10 %.")
    assert "0 of 5 verdicts flipped, which means up to 45.1 % in truth; 10 % may." in proof.reasons


def test_an_inconclusive_answer_where_there_was_a_class_is_a_flip(altered, trained):
    def answer_the_same_always(weight, bias):
        weight.zero_()
        bias.zero_()

    proof = verify(altered(answer_the_same_always), trained, simulated_set(4, seed=3))

    assert proof.verdict == "degraded"
    assert all(set(row) == {"inconclusive"} for row in proof.recordings.flip_matrix.values())
    assert proof.recordings.flips >= 3


def test_progress_counts_the_recordings_and_what_it_raises_ends_the_proof(trained):
    told = []
    verify(trained, trained, simulated_set(3, seed=3, duration_s=0.5), progress=lambda *at: told.append(at))

    assert [(done, total) for _, done, total in told] == [(0, 3), (1, 3), (2, 3), (3, 3)]

    def stop(what, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify(trained, trained, simulated_set(3, seed=3), progress=stop)


def test_one_recording_is_held_at_a_time(trained):
    held, most = 0, 0

    class Counted(Signal):
        def __del__(self):
            nonlocal held
            held -= 1

    def load():
        nonlocal held, most
        held += 1
        most = max(most, held)
        row = np.random.default_rng(0).standard_normal(8192, dtype=np.float32)
        return Counted(row, 12_000.0, (Channel("noise"),))

    members = tuple(SetRecording(f"noise {number}", f"{number:064x}", load, 12_000.0) for number in range(4))
    verify(trained, trained, RecordingSet("recordings", members))

    assert most == 1


def test_limits_are_what_the_verdict_was_held_against(trained, altered, proof_set):
    variant = altered(add_to_inner(0.2))
    strict = verify(variant, trained, proof_set, budget=Budget(sqnr_db=60.0))

    assert verify(variant, trained, proof_set).verdict == "equivalent"
    assert strict.verdict == "degraded"
    assert strict.limits == LIMITS | {"sqnr_db": 60.0}


@pytest.fixture(scope="module")
def onnx(trained, tmp_path_factory):
    return PASSES["export_onnx"]().run(trained, PassContext(tmp_path_factory.mktemp("onnx") / "made"))


def quantized(onnx, recordings, windows, folder):
    calibration = calibrate_on(recordings, onnx.card, windows=windows)
    return PASSES["quantize_static"]().run(onnx, PassContext(folder / "int8", calibration))


def test_ranges_read_from_two_windows_are_caught(onnx, proof_set, tmp_path):
    quiet = RecordingSet("simulated", simulated_set(1, seed=9).recordings, 9)
    proof = verify(quantized(onnx, quiet, 2, tmp_path), onnx, proof_set)

    assert proof.verdict == "degraded"
    assert any(
        re.match(r"The error of its logits lies only .* dB below the logits; 20 dB", one) for one in proof.reasons
    )


def test_ranges_read_from_noise_are_caught(onnx, proof_set, tmp_path):
    def load():
        return Signal(np.random.default_rng(1).standard_normal(60_000, dtype=np.float32), 12_000.0, (Channel("noise"),))

    noise = RecordingSet("recordings", (SetRecording("noise", "0" * 64, load, 12_000.0),))
    proof = verify(quantized(onnx, noise, 32, tmp_path), onnx, proof_set)

    assert proof.verdict == "degraded"
    assert proof.windows.sqnr_db < 18


def test_a_channel_without_weights_is_caught(altered, trained, proof_set):
    def silence(weight, bias):
        strongest = int(weight.flatten(1).norm(dim=1).argmax())
        weight[strongest], bias[strongest] = 0, 0

    proof = verify(altered(silence, layer=first_convolution(trained)), trained, proof_set)

    assert proof.verdict == "degraded"
    assert any("windows keep their class" in one or "lies only" in one for one in proof.reasons)


def first_convolution(variant):
    from safetensors.torch import load_file

    return next(name.removesuffix(".weight") for name, array in load_file(variant.weights).items() if array.ndim == 3)


def test_permuted_labels_are_caught_and_the_matrix_shows_which(altered, trained, proof_set):
    def swap(weight, bias):
        for array in (weight, bias):
            array[[1, 2]] = array[[2, 1]]

    proof = verify(altered(swap), trained, proof_set)
    matrix = proof.recordings.flip_matrix

    assert proof.verdict == "degraded"
    assert matrix["inner"] == {"outer": 10}
    assert set(matrix) == {"inner", "outer"}
    assert proof.labels.recall["inner"].variant_right == 0
    assert proof.labels.mcnemar_p < 1e-4


def test_int8_of_another_parent_is_caught(trained, write_untrained, proof_set, tmp_path):
    int8 = Variant.load(BUNDLED / "int8-static")
    stranger = replace(write_untrained(tmp_path / "other"), card=trained.card)
    proof = verify(int8, stranger, proof_set)

    assert proof.verdict == "degraded"
    assert proof.recordings.flips > 20
    assert (proof.variant, proof.parent) == (int8.digest, stranger.digest)


def test_what_a_pass_learned_from_proves_nothing(trained, proof_set):
    step = {
        "pass": "fine_tune",
        "parameters": {},
        "learned_from": {"recordings": [proof_set.recordings[3].described()]},
    }

    with pytest.raises(CalibrationError, match="was learned from, so it proves nothing"):
        verify(replace(trained, steps=(step,)), trained, proof_set)


def test_the_same_file_on_another_runtime_is_another_witness(untrained_variants, proof_set):
    pytest.importorskip("openvino")
    pytorch, onnx = untrained_variants
    proof = verify(onnx, pytorch, proof_set, runtime="openvino")

    assert proof.verdict == "equivalent"
    assert proof.windows != verify(onnx, pytorch, proof_set).windows
    assert proof.runtime["name"] == "openvino"


def test_a_runtime_that_takes_other_files_is_told(trained, proof_set):
    with pytest.raises(ModelRefusedError, match="executes no safetensors files"):
        verify(trained, trained, proof_set, runtime="onnxruntime")


def test_a_proof_is_stale_on_other_instruction_sets_and_under_another_runtime(broken_proof):
    machine, told = this_machine(), broken_proof.to_json()

    assert not is_stale(told, machine)
    assert is_stale(told, replace(machine, flags=("avx2",)))
    assert is_stale(told, replace(machine, versions={**machine.versions, "torch": "0.1"}))
    assert not is_stale(told, replace(machine, versions={**machine.versions, "onnxruntime": "0.1"}))
    assert not is_stale(told, replace(machine, cpu="another of the same kind", memory_bytes=1))


@pytest.mark.parametrize("runtime", [None, {}, "avx2", {"instruction_sets": "avx2"}])
def test_a_proof_that_does_not_say_where_it_was_made_is_stale(runtime):
    assert is_stale({"runtime": runtime}, this_machine())
    assert is_stale({}, this_machine())


def test_a_runtime_that_is_not_here_makes_a_proof_stale():
    machine = replace(this_machine(), versions={})

    assert runtime_key(machine, "openvino")["version"] == "none"
    assert is_stale({"runtime": runtime_key(this_machine(), "onnxruntime")}, machine)
    assert is_stale({"runtime": runtime_key(machine, "another") | {"version": "1.0"}}, this_machine())
