"""Sets of simulated recordings, and the seeds that keep them apart from each other."""

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache

import numpy as np

from engine.bearings import BEARINGS
from engine.card import ModelCard
from engine.simulation.rolling import CONDITIONS, RollingBearing, simulate
from optimization.recording_set.members import RecordingSet, SetRecording

#: Ringing over noise of simulated recordings, from plain to hard: where nothing is near a boundary, nothing flips.
SNR_DB = (20.0, 10.0, 5.0, 0.0)
#: Seeds below this are what networks are trained on.
FIRST_SEED = 2**32

#: Seeds of the simulated sets: sets of other seeds share no machine, so nothing is proven with what ranges were read
#: from, what a pass learned from, or what a search chose by.
CALIBRATION_SEED = 0
PROOF_SEED = 1
LEARNING_SEED = 2
TEST_SEED = 3  #: for the numbers that are shown in the end: no pass, no search and no proof on the way saw them

#: Recordings that a proof is made with at least; none of them flipped says that at most 7.2 % would.
PROVEN_WITH = 40


def simulated_set(
    count: int, *, seed: int, duration_s: float = 2.0, sampling_rate_hz: float = 12_000.0
) -> RecordingSet:
    """Seeded recordings of machines in every condition, quiet and noisy.

    Conditions take turns, and with each round of them the next of `SNR_DB`; speeds and, in every other recording,
    bearings are drawn as for the training of networks. Equal arguments give equal recordings, the first ones of a
    larger set too; other seeds share none.

    Parameters
    ----------
    count : int
        How many.
    seed : int
        0 to 2**30.
    duration_s, sampling_rate_hz : float
        Of each; a rate of at least 12 kHz.
    """
    random = np.random.default_rng(seed)
    recordings = []
    for number in range(count):
        turn, condition = divmod(number, len(CONDITIONS))
        parameters = RollingBearing(
            condition=CONDITIONS[condition],
            sampling_rate_hz=sampling_rate_hz,
            duration_s=duration_s,
            shaft_rpm=float(np.round(random.uniform(600, 3000))),
            bearing=str(random.choice(list(BEARINGS))) if random.random() < 0.5 else "6205-2RS",
            snr_db=SNR_DB[turn % len(SNR_DB)],
            seed=FIRST_SEED * (seed + 1) + number,
        )
        recordings.append(simulated_recording(parameters))
    return RecordingSet("simulated", tuple(recordings), seed)


@lru_cache(maxsize=4096)  # the same member for the same parameters, so that a witness recognises it
def simulated_recording(parameters: RollingBearing) -> SetRecording:
    """Make a member of a set of what is to be simulated, which is done when it is loaded.

    Its speed is not told: speeds of a simulated set are drawn evenly, so nobody need choose among them.
    """
    text = json.dumps({"simulated": asdict(parameters)}, sort_keys=True)
    name = (
        f"simulated {parameters.condition}, {parameters.bearing} at {parameters.shaft_rpm:.0f} rpm, "
        f"{parameters.snr_db:g} dB, seed {parameters.seed}"
    )
    return SetRecording(
        name=name,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        load=lambda: simulate(parameters),
        sampling_rate_hz=parameters.sampling_rate_hz,
        label=parameters.condition,
        specimen=f"simulated {parameters.seed}",  # the same seed is the same machine
        simulated=True,
    )


def simulated_for(card: ModelCard, count: int, *, seed: int, windows_each: int = 2) -> RecordingSet:
    """Simulated recordings that hold so many windows of a network at least, at its rate or above."""
    # Below 12 kHz strikes of fast shafts can't be simulated; preparation brings the rate down.
    rate_hz = max(12_000.0, card.sampling_rate_hz)
    duration_s = (card.window + windows_each * card.hop) / card.sampling_rate_hz
    return simulated_set(count, seed=seed, duration_s=max(1.0, duration_s), sampling_rate_hz=rate_hz)


def simulated_proof(card: ModelCard, count: int = PROVEN_WITH) -> RecordingSet:
    """Return the simulated recordings that a proof of a network rests on; more of them begin with the same."""
    return simulated_for(card, count, seed=PROOF_SEED)


def with_simulated(recordings: RecordingSet, card: ModelCard, count: int = PROVEN_WITH) -> RecordingSet:
    """Return recordings together with the simulated ones of `simulated_proof`."""
    simulated = simulated_proof(card, count)
    return RecordingSet("both", (*recordings.recordings, *simulated.recordings), simulated.seed)
