"""Sets of recordings: simulated ones, and how a set is parted."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CalibrationError
from engine.simulation.rolling import CONDITIONS
from optimization.recording_set import (
    FIRST_SEED,
    PROVEN_WITH,
    SNR_DB,
    RecordingSet,
    SetRecording,
    calibration_and_proof,
    groups_of,
    require_rate,
    simulated_set,
    split,
)

LABELS = ("normal", "inner", "outer", "ball", None)


def unloaded(number, label=None, specimen=None, rate_hz=12_000.0):
    """A member of which only what is said of it matters."""
    return SetRecording(f"{number}.npz", f"{number * 7919 % 10007:064x}", pytest.fail, rate_hz, label, specimen)


def set_of(*members):
    return RecordingSet("recordings", members)


def digests(recordings):
    return [recording.digest for recording in recordings.recordings]


def test_equal_arguments_give_equal_recordings():
    one, other = simulated_set(3, seed=5, duration_s=0.5), simulated_set(3, seed=5, duration_s=0.5)

    assert one.described() == other.described()
    for ours, theirs in zip(one.recordings, other.recordings, strict=True):
        np.testing.assert_array_equal(ours.load().samples, theirs.load().samples)


def test_a_larger_set_begins_with_the_smaller():
    assert digests(simulated_set(20, seed=3))[:7] == digests(simulated_set(7, seed=3))


@given(seeds=st.lists(st.integers(0, 2**30), min_size=2, max_size=2, unique=True))
def test_other_seeds_share_no_recording_and_no_machine(seeds):
    one, other = (simulated_set(12, seed=seed) for seed in seeds)
    machines = [{recording.name.rpartition(" ")[2] for recording in side.recordings} for side in (one, other)]

    assert not set(digests(one)) & set(digests(other))
    assert not machines[0] & machines[1]
    assert all(int(machine) >= FIRST_SEED for machine in machines[0])  # apart from what networks are trained on


def test_every_condition_comes_quiet_and_noisy():
    names = [recording.name for recording in simulated_set(len(CONDITIONS) * len(SNR_DB), seed=0).recordings]

    assert all(
        any(f" {condition}," in name and f" {snr_db:g} dB" in name for name in names)
        for condition in CONDITIONS
        for snr_db in SNR_DB
    )


def test_what_is_loaded_is_what_is_described():
    for recording in simulated_set(4, seed=1, duration_s=0.25, sampling_rate_hz=25_600.0).recordings:
        signal = recording.load()

        assert (signal.sampling_rate, signal.duration_s) == (recording.sampling_rate_hz, 0.25)
        assert recording.label in CONDITIONS


def test_a_set_says_where_it_comes_from():
    described = simulated_set(1, seed=9).described()

    assert (described["source"], described["seed"]) == ("simulated", 9)
    assert set(described["recordings"][0]) == {"name", "digest", "label", "specimen"}
    assert "seed" not in set_of(unloaded(1)).described()


@given(
    st.lists(
        st.builds(
            unloaded, st.integers(0, 60), st.sampled_from(LABELS), st.one_of(st.none(), st.sampled_from("ABCDEFGH"))
        ),
        min_size=1,
        max_size=40,
    )
)
def test_a_set_is_parted_by_file_and_specimen(members):
    recordings = set_of(*members)
    try:
        sides = split(recordings)
    except CalibrationError:
        assert len(groups_of(recordings)) == 1
        return
    specimens = [{recording.specimen for recording in side.recordings} - {None} for side in sides]

    assert sorted(digests(sides[0]) + digests(sides[1])) == sorted(digests(recordings))
    assert all(side.recordings for side in sides)
    assert not set(digests(sides[0])) & set(digests(sides[1]))
    assert not specimens[0] & specimens[1]


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


def test_of_two_specimens_the_one_with_fewer_recordings_is_to_prove_with():
    many = [unloaded(number, "inner", "A") for number in range(9)]
    _, prove_with = split(set_of(*many, unloaded(9, "outer", "B"), unloaded(10, "outer", "B")))

    assert {recording.specimen for recording in prove_with.recordings} == {"B"}


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


@pytest.mark.parametrize(("rate_hz", "window"), [(12_000.0, 20_480), (2_000.0, 4096), (48_000.0, 2048)])
def test_simulated_recordings_are_long_enough_for_any_card(card, rate_hz, window):
    card = replace(card, sampling_rate_hz=rate_hz, window=window, hop=window // 2, band_hz=(0.0, 0.4 * rate_hz))
    _, prove_with = calibration_and_proof(None, card)

    assert len(prove_with.recordings[0].windows(card)) >= 2


def test_another_rate_is_refused_by_name(card):
    with pytest.raises(CalibrationError, match=r"2\.npz was sampled at 25600 Hz.*12000 Hz.*--resample"):
        require_rate((unloaded(1), unloaded(2, rate_hz=25_600.0)), card)
    require_rate((unloaded(1),), card)
