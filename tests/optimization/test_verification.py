"""Proofs of variants: sound ones, ones broken on purpose, and what a proof may rest on."""

import json
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
from optimization.comparison import RecordingComparison, WindowComparison, upper_bound
from optimization.recording_set import RecordingSet, SetRecording, calibration_and_proof, simulated_set
from optimization.verification import LIMITS, Verification, decide, is_stale, verify

WDCNN = Path(engine.__file__).parent / "bundled" / "wdcnn" / "pytorch"


@pytest.fixture(scope="module")
def trained():
    return Variant.load(WDCNN)


@pytest.fixture(scope="module")
def proof_set(trained):
    return calibration_and_proof(None, trained.card)[1]


@pytest.fixture(scope="module")
def altered(trained, tmp_path_factory):
    """Write the trained network with weight and bias of its last layer changed by a function."""

    def write(change):
        from safetensors.torch import load_file, save_file

        folder = tmp_path_factory.mktemp("altered")
        weights = load_file(trained.weights)
        (head,) = (name for name, array in weights.items() if array.shape == (len(trained.card.classes),))
        change(weights[head.replace("bias", "weight")], weights[head])
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
        *("variant", "parent", "recording_set", "runtime"),
    }
    assert set(data["windows"]) == {"count", "top1_agreement", "sqnr_db", "max_abs_error", "cosine"}
    assert set(data["recordings"]) == {"count", "flips", "flips_upper_bound", "flip_matrix"}


@given(st.data())
def test_json_with_a_part_missing_or_of_another_kind_is_told(broken_proof, data):
    told = broken_proof.to_json()
    field = data.draw(st.sampled_from(sorted(set(told) - {"labels"})))
    if data.draw(st.booleans()):
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
    assert "0 of 5 verdicts flipped, which means up to 45.1 % in truth" in proof.reasons[0]


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


@pytest.mark.parametrize(
    ("agreement", "sqnr_db", "flips", "count", "verdict"),
    [
        (1.0, None, 0, 40, "equivalent"),
        (0.98, 20.0, 0, 40, "equivalent"),
        (0.979, 40.0, 0, 40, "degraded"),
        (1.0, 19.9, 0, 40, "degraded"),
        (1.0, 40.0, 1, 40, "undecided"),
        (1.0, 40.0, 1, 60, "equivalent"),
        (1.0, 40.0, 7, 40, "undecided"),
        (1.0, 40.0, 8, 40, "degraded"),
        (1.0, 40.0, 0, 28, "undecided"),
        (1.0, 40.0, 0, 29, "equivalent"),
    ],
)
def test_the_budget_has_two_sides(agreement, sqnr_db, flips, count, verdict):
    windows = WindowComparison(1000, agreement, sqnr_db, 0.1, 1.0)
    recordings = RecordingComparison(count, flips, upper_bound(flips, count), {})

    assert decide(windows, recordings)[0] == verdict


def test_a_proof_is_stale_on_other_instruction_sets_and_under_another_runtime(broken_proof):
    machine, told = this_machine(), broken_proof.to_json()

    assert not is_stale(told, machine)
    assert is_stale(told, replace(machine, flags=("avx2",)))
    assert is_stale(told, replace(machine, versions={**machine.versions, "onnxruntime": "0.1"}))
    assert not is_stale(told, replace(machine, cpu="another of the same kind", memory_bytes=1))
