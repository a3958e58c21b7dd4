from dataclasses import replace

import numpy as np
import pytest

from engine.errors import CalibrationError
from engine.signal import Channel, Signal
from optimization.learning.lessons import lessons_for, parts, shared_out
from optimization.recording_set import (
    LEARNING_SEED,
    PROOF_SEED,
    RecordingSet,
    SetRecording,
    simulated_for,
    simulated_proof,
    simulated_set,
)


def own(*labels, seconds=1.0, specimens=True):
    """Recordings of noise, one for each label, each of a specimen of its own."""

    def recording(number, label):
        samples = np.random.default_rng(number).standard_normal((1, int(12_000 * seconds)))
        signal = Signal(samples, 12_000.0, (Channel("DE"),))
        specimen = f"bearing {number}" if specimens else "bearing"
        return SetRecording(f"{number}.npy", f"{number:064x}", lambda: signal, 12_000.0, label, specimen)

    return RecordingSet("recordings", tuple(recording(number, label) for number, label in enumerate(labels)))


@pytest.fixture(scope="module")
def lessons(card):
    return lessons_for(card, None, windows=120, seed=0)


def test_windows_of_simulated_machines_come_evenly_of_every_class(lessons, card):
    assert lessons.windows.shape == (120, 1, card.window)
    assert np.bincount(lessons.labels).tolist() == [30, 30, 30, 30]
    assert len(lessons.held_out) == len(lessons.held_out_labels) == 40  # all of four recordings
    np.testing.assert_allclose(lessons.windows.std(axis=-1), 1, rtol=1e-3)


def test_no_recording_is_both_learned_from_and_held_out_and_none_serves_a_proof(lessons, card):
    known = [one["digest"] for one in lessons.provenance["recordings"]]
    proof = {one.digest for one in simulated_proof(card).recordings}

    assert LEARNING_SEED != PROOF_SEED
    assert lessons.provenance["source"] == "simulated"
    assert (lessons.provenance["seed"], lessons.provenance["windows"]) == (LEARNING_SEED, 120)
    assert len(known) == len(set(known)) == 12 + 4
    assert not proof & set(known)


def test_some_windows_are_varied_and_held_out_ones_never(lessons, card):
    plain = {
        row.tobytes() for one in simulated_for(card, 16, seed=LEARNING_SEED).recordings for row in one.windows(card)
    }
    kept = np.mean([row.tobytes() in plain for row in lessons.windows])

    assert 0.3 < kept < 0.7
    assert all(row.tobytes() in plain for row in lessons.held_out)


def test_equal_seeds_give_equal_windows(lessons, card):
    again, other = (lessons_for(card, None, windows=120, seed=seed) for seed in (0, 1))

    np.testing.assert_array_equal(again.windows, lessons.windows)
    assert not np.array_equal(other.windows, lessons.windows)


def test_half_of_the_windows_are_of_ones_own_recordings_with_some_of_them_held_out(card):
    recordings = own(*card.classes * 2)

    lessons = lessons_for(card, recordings, windows=80, seed=0)

    known = {one["name"] for one in lessons.provenance["recordings"]}
    assert lessons.provenance["source"] == "both"
    assert known >= {recording.name for recording in recordings.recordings}
    assert len(lessons.windows) == 80


def test_of_one_bearing_alone_nothing_is_held_out_but_simulated_recordings(card):
    lessons = lessons_for(card, own("inner", specimens=False), windows=40, seed=0)

    assert len(lessons.held_out) == 32
    assert (lessons.labels == 1).sum() == 10 + 5  # of its ten windows all, and a quarter of the simulated half


@pytest.mark.parametrize(
    ("label", "said"),
    [("cage", "1.npy is labelled cage, and WDCNN learns to tell normal"), (None, "1.npy has no label")],
)
def test_a_label_that_is_no_class_is_refused_naming_the_recording(card, label, said):
    with pytest.raises(CalibrationError, match=f"{said}.*: label it as one of these, or leave it out"):
        lessons_for(card, own("inner", label), windows=40, seed=0)


def test_a_network_of_other_classes_can_not_learn_from_simulated_recordings(card):
    other = replace(card, classes=("good", "bad"))

    with pytest.raises(CalibrationError, match="give it labelled recordings of your own"):
        lessons_for(other, None, windows=40, seed=0)
    assert set(lessons_for(other, own("good", "bad", "good", "bad"), windows=20, seed=0).labels) == {0, 1}


def test_recordings_without_a_window_are_refused(card):
    other = replace(card, classes=("good", "bad"))

    with pytest.raises(CalibrationError, match="holds a window of WDCNN"):
        lessons_for(other, own("good", "bad", "good", "bad", seconds=0.1), windows=20, seed=0)


def test_shares_are_even_over_labels_and_then_over_recordings():
    recordings = own("inner", "inner", "inner", "ball").recordings

    assert [(one.name, share) for one, share in shared_out(recordings, 7)] == [
        ("3.npy", 3),
        ("0.npy", 1),
        ("1.npy", 1),
        ("2.npy", 2),
    ]
    assert parts(10, 4) == [2, 3, 2, 3]


def test_learning_knows_no_recording_of_a_set_of_another_seed(lessons):
    known = {one["digest"] for one in lessons.provenance["recordings"]}

    assert not known & {one.digest for one in simulated_set(64, seed=3, duration_s=1.0).recordings}


def test_without_simulated_recordings_of_the_classes_own_ones_must_give_some_to_be_judged_by(card):
    other = replace(card, classes=("fine", "broken"))

    with pytest.raises(CalibrationError, match="There is one recording only"):
        lessons_for(other, own("fine"), windows=32, seed=0)
    with pytest.raises(CalibrationError, match="One window is too little to learn from"):
        lessons_for(other, own("fine", "broken", seconds=card.window_s), windows=32, seed=0)
