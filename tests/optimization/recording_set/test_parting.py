"""How a set is parted, and what stays together."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CalibrationError
from optimization.recording_set import (
    PROVEN_WITH,
    RecordingSet,
    SetRecording,
    calibration_and_proof,
    groups_of,
    parts_of,
    split,
)

LABELS = ("normal", "inner", "outer", "ball", None)


def unloaded(number, label=None, specimen=None):
    """A member of which only what is said of it matters."""
    return SetRecording(f"{number}.npz", f"{number * 7919 % 10007:064x}", pytest.fail, 12_000.0, label, specimen)


def set_of(*members):
    return RecordingSet("recordings", members)


def digests(recordings):
    return [recording.digest for recording in recordings.recordings]


def specimens(recordings, label):
    return {recording.specimen for recording in recordings.recordings if recording.label == label} - {None}


@given(
    st.lists(
        st.builds(
            unloaded, st.integers(0, 60), st.sampled_from(LABELS), st.one_of(st.none(), st.sampled_from("ABCDEFGH"))
        ),
        min_size=1,
        max_size=40,
    )
)
def test_a_set_is_parted_by_file_and_by_specimen_unless_a_class_has_one_only(members):
    recordings = set_of(*members)
    try:
        sides = split(recordings)
    except CalibrationError:
        assert len(parts_of(recordings)) == 1
        return

    assert sorted(digests(sides[0]) + digests(sides[1])) == sorted(digests(recordings))
    assert all(side.recordings for side in sides)
    assert not set(digests(sides[0])) & set(digests(sides[1]))
    for label in LABELS:
        shared = specimens(sides[0], label) & specimens(sides[1], label)
        assert not shared or not specimens(recordings, label) - shared  # only of a class that has no other


@given(st.permutations(range(12)))
def test_the_order_of_a_set_does_not_change_how_it_is_parted(order):
    members = [unloaded(number, LABELS[number % 3], str(number // 2)) for number in range(12)]
    _, expected = split(set_of(*members))
    _, parted = split(set_of(*(members[number] for number in order)))

    assert set(digests(parted)) == set(digests(expected))


def test_a_quarter_of_every_label_is_to_prove_with():
    _, prove_with = split(set_of(*(unloaded(number, LABELS[number % 4]) for number in range(32))))

    labels = [recording.label for recording in prove_with.recordings]
    assert {label: labels.count(label) for label in LABELS[:4]} == dict.fromkeys(LABELS[:4], 2)


def test_of_two_specimens_of_a_class_the_one_with_fewer_recordings_is_to_prove_with():
    many = [unloaded(number, "inner", "A") for number in range(9)]
    _, prove_with = split(set_of(*many, unloaded(9, "inner", "B"), unloaded(10, "inner", "B")))

    assert {recording.specimen for recording in prove_with.recordings} == {"B"}


def test_a_class_of_one_specimen_is_on_both_sides_apart_by_recording():
    inner = [unloaded(number, "inner", "AB"[number % 2]) for number in range(4)]
    outer = [unloaded(number, "outer", "C") for number in range(4, 10)]
    sides = split(set_of(*inner, *outer))

    assert [specimens(side, "outer") for side in sides] == [{"C"}, {"C"}]
    assert not specimens(sides[0], "inner") & specimens(sides[1], "inner")
    assert not set(digests(sides[0])) & set(digests(sides[1]))


def test_one_specimen_of_one_class_is_parted_by_recording():
    calibrate_on, prove_with = split(set_of(*(unloaded(number, "inner", "A") for number in range(8))))

    assert [len(side.recordings) for side in (calibrate_on, prove_with)] == [6, 2]


def test_a_specimen_whose_fault_grew_into_another_class_stays_whole():
    grown = [unloaded(0, "normal", "A"), unloaded(1, "inner", "A"), unloaded(2, "inner", "A")]

    assert sorted(map(len, parts_of(set_of(*grown, unloaded(3, "outer"))))) == [1, 3]
    assert sorted(map(len, groups_of(set_of(*grown, unloaded(3, "outer"))))) == [1, 3]


def test_two_channels_of_one_file_stay_together_whatever_their_bearings():
    file = unloaded(1, "inner", "A")
    calibrate_on, prove_with = split(set_of(file, replace(file, label="normal", specimen="B"), unloaded(2, "outer")))

    assert [len(side.recordings) for side in (calibrate_on, prove_with)] == [2, 1]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ((), "There are no recordings"),
        ((unloaded(1),), "one recording only"),
        ((unloaded(1, "inner", "A"), unloaded(2, "outer", "A")), "one specimen"),
    ],
)
def test_what_can_not_be_parted_is_told(members, told):
    with pytest.raises(CalibrationError, match=told):
        split(set_of(*members))


def test_without_recordings_both_sides_are_simulated(card):
    calibrate_on, prove_with = calibration_and_proof(None, card)

    assert calibrate_on is None
    assert (prove_with.source, len(prove_with.recordings)) == ("simulated", PROVEN_WITH)


def test_a_proof_rests_on_simulated_recordings_and_on_what_a_user_brings(card):
    brought = set_of(*(unloaded(number) for number in range(8)))
    calibrate_on, prove_with = calibration_and_proof(brought, card)

    assert prove_with.source == "both"
    assert len(prove_with.recordings) == PROVEN_WITH + 2
    assert sorted(digests(calibrate_on) + digests(prove_with)[:2]) == sorted(digests(brought))


def test_a_single_recording_is_calibrated_on_whole(card):
    brought = set_of(unloaded(1))
    calibrate_on, prove_with = calibration_and_proof(brought, card)

    assert (calibrate_on, prove_with.source) == (brought, "simulated")


def test_no_recordings_at_all_are_told(card):
    with pytest.raises(CalibrationError, match="no recordings"):
        calibration_and_proof(set_of(), card)
