"""Recordings that a variant is calibrated on or proven with: what a set holds, how it is chosen and parted."""

from optimization.recording_set.apart import Apartness, apartness, require_apart
from optimization.recording_set.members import RecordingSet, SetRecording, Source, described_recording, require_rate
from optimization.recording_set.parting import calibration_and_proof, groups_of, parts_of, split
from optimization.recording_set.simulated import (
    CALIBRATION_SEED,
    FIRST_SEED,
    LEARNING_SEED,
    PROOF_SEED,
    PROVEN_WITH,
    SNR_DB,
    TEST_SEED,
    simulated_for,
    simulated_proof,
    simulated_recording,
    simulated_set,
    with_simulated,
)

__all__ = [
    "CALIBRATION_SEED",
    "FIRST_SEED",
    "LEARNING_SEED",
    "PROOF_SEED",
    "PROVEN_WITH",
    "SNR_DB",
    "TEST_SEED",
    "Apartness",
    "RecordingSet",
    "SetRecording",
    "Source",
    "apartness",
    "calibration_and_proof",
    "described_recording",
    "groups_of",
    "parts_of",
    "require_apart",
    "require_rate",
    "simulated_for",
    "simulated_proof",
    "simulated_recording",
    "simulated_set",
    "split",
    "with_simulated",
]
