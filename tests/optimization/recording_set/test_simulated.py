"""Simulated sets: seeded, apart by seed, quiet and noisy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.simulation.rolling import CONDITIONS
from optimization.recording_set import (
    CALIBRATION_SEED,
    FIRST_SEED,
    LEARNING_SEED,
    PROOF_SEED,
    SNR_DB,
    TEST_SEED,
    simulated_for,
    simulated_proof,
    simulated_set,
)


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
    machines = [{recording.specimen for recording in side.recordings} for side in (one, other)]

    assert not set(digests(one)) & set(digests(other))
    assert not machines[0] & machines[1]
    assert all(
        int(machine.removeprefix("simulated ")) >= FIRST_SEED for machine in machines[0]
    )  # apart from what networks are trained on


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


def test_every_purpose_has_its_own_seed(card):
    sets = [simulated_for(card, 8, seed=seed) for seed in (CALIBRATION_SEED, PROOF_SEED, LEARNING_SEED, TEST_SEED)]

    assert len({digest for one in sets for digest in digests(one)}) == 32
    assert len({recording.specimen for one in sets for recording in one.recordings}) == 32


def test_a_larger_proof_begins_with_the_usual_one(card):
    assert digests(simulated_proof(card, 60))[:40] == digests(simulated_proof(card))


def test_every_simulated_recording_is_of_a_machine_of_its_own():
    recordings = simulated_set(9, seed=4).recordings

    assert len({recording.specimen for recording in recordings}) == 9
    assert all(recording.simulated for recording in recordings)


@pytest.mark.parametrize(("rate_hz", "window"), [(12_000.0, 20_480), (2_000.0, 4096), (48_000.0, 2048)])
def test_simulated_recordings_are_long_enough_for_any_card(card, rate_hz, window):
    card = replace(card, sampling_rate_hz=rate_hz, window=window, hop=window // 2, band_hz=(0.0, 0.4 * rate_hz))
    prove_with = simulated_proof(card)

    assert len(prove_with.recordings[0].windows(card)) >= 2
