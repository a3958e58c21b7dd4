"""Recordings that a variant is calibrated on or proven with."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.bearings import BEARINGS
from engine.card import ModelCard
from engine.errors import CalibrationError, TooShortError
from engine.preparation import prepare
from engine.signal import Signal
from engine.simulation.rolling import CONDITIONS, RollingBearing, simulate

Source = Literal["simulated", "recordings", "both"]

#: Ringing over noise of simulated recordings, from plain to hard: where nothing is near a boundary, nothing flips.
SNR_DB = (20.0, 10.0, 5.0, 0.0)
#: Seeds below this are what networks are trained on.
FIRST_SEED = 2**32

#: Recordings that a proof is made with at least; none of them flipped says that at most 7.2 % would.
PROVEN_WITH = 40
PROOF_SEED = 1


@dataclass(frozen=True, slots=True)
class SetRecording:
    """One recording of a set; its signal is loaded when it is needed, so that a set may be larger than memory.

    Attributes
    ----------
    name : str
        As people know it.
    digest : str
        SHA-256 of the file; for a simulated recording, of its parameters. Two sets overlap where digests agree.
    load : callable
        Returns the signal to diagnose.
    sampling_rate_hz : float
        Of that signal.
    label : str or None
        Known condition.
    specimen : str or None
        The physical bearing.
    """

    name: str
    digest: str
    load: Callable[[], Signal]
    sampling_rate_hz: float
    label: str | None = None
    specimen: str | None = None

    def windows(self, card: ModelCard) -> NDArray[np.float32]:
        """Load the signal and prepare its windows, of shape (W, C, L); none where it is shorter than a window."""
        try:
            return prepare(self.load(), card).windows
        except TooShortError:
            return np.empty((0, card.channels, card.window), np.float32)

    def described(self) -> dict[str, Any]:
        """Which recording it is, as plain JSON."""
        return {"name": self.name, "digest": self.digest, "label": self.label, "specimen": self.specimen}


@dataclass(frozen=True, slots=True)
class RecordingSet:
    """Recordings, and where they come from; ``simulated`` is said wherever the variant is shown.

    Attributes
    ----------
    source : {"simulated", "recordings", "both"}
        Where they come from.
    recordings : tuple of SetRecording
        In a fixed order.
    seed : int or None
        Of the simulated ones.
    """

    source: Source
    recordings: tuple[SetRecording, ...]
    seed: int | None = None

    def described(self) -> dict[str, Any]:
        """Where they come from, as plain JSON: source, seed of simulated ones, and `SetRecording.described` of each."""
        seed = {} if self.seed is None else {"seed": self.seed}
        return {"source": self.source, **seed, "recordings": [recording.described() for recording in self.recordings]}


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


@lru_cache(maxsize=1024)  # the same member for the same parameters, so that a witness recognises it
def simulated_recording(parameters: RollingBearing) -> SetRecording:
    """Make a member of a set of what is to be simulated, which is done when it is loaded."""
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
    )


def calibration_and_proof(recordings: RecordingSet | None, card: ModelCard) -> tuple[RecordingSet | None, RecordingSet]:
    """Say what to calibrate on and what to prove with.

    A proof always rests on `PROVEN_WITH` simulated recordings, quiet and noisy, the same ones for every variant of a
    card. Of recordings that a user brings, a quarter joins them (`split`) and the rest is calibrated on; what can't
    be parted is calibrated on whole.

    Parameters
    ----------
    recordings : RecordingSet or None
        A user's.
    card : ModelCard
        Of the network; simulated recordings hold two of its windows at least.

    Returns
    -------
    calibrate_on : RecordingSet or None
        ``None`` without recordings: then simulated windows serve (`calibration.simulated_calibration`).
    prove_with : RecordingSet
        Apart from those, by recording and, where it is known, by specimen.

    Raises
    ------
    CalibrationError
        If the set is empty.
    """
    if recordings is None or len(groups_of(recordings)) == 1:
        return recordings, simulated_proof(card)
    calibrate_on, held_out = split(recordings)
    return calibrate_on, with_simulated(held_out, card)


def with_simulated(recordings: RecordingSet, card: ModelCard) -> RecordingSet:
    """Return recordings together with the simulated ones of `simulated_proof`."""
    simulated = simulated_proof(card)
    return RecordingSet("both", (*recordings.recordings, *simulated.recordings), simulated.seed)


def simulated_proof(card: ModelCard) -> RecordingSet:
    """Return the simulated recordings that every proof of a network rests on."""
    return simulated_for(card, PROVEN_WITH, seed=PROOF_SEED)


def simulated_for(card: ModelCard, count: int, *, seed: int, windows_each: int = 2) -> RecordingSet:
    """Simulated recordings that hold so many windows of a network at least, at its rate or above."""
    # Below 12 kHz strikes of fast shafts can't be simulated; preparation brings the rate down.
    rate_hz = max(12_000.0, card.sampling_rate_hz)
    duration_s = (card.window + windows_each * card.hop) / card.sampling_rate_hz
    return simulated_set(count, seed=seed, duration_s=max(1.0, duration_s), sampling_rate_hz=rate_hz)


def split(recordings: RecordingSet) -> tuple[RecordingSet, RecordingSet]:
    """Part a set into one to calibrate on and one to prove with, apart by recording, and by specimen where known.

    About a quarter is to prove with, of every label as far as its specimens allow; equal sets are parted equally,
    in whatever order they come.

    Raises
    ------
    CalibrationError
        If there are too few recordings or specimens to part.
    """
    groups = groups_of(recordings)
    if len(groups) < 2:
        raise CalibrationError(
            "All recordings are of one specimen" if len(recordings.recordings) > 1 else "There is one recording only",
            "add recordings of another bearing, so that a proof need not rest on what was calibrated on",
        )
    strata: dict[tuple[str, ...], list[list[SetRecording]]] = {}
    for group in groups:
        strata.setdefault(tuple(sorted({recording.label or "" for recording in group})), []).append(group)
    held_out = {recording.digest for group in quarter_of(list(strata.values())) for recording in group}
    kept, proven = (
        tuple(recording for recording in recordings.recordings if (recording.digest in held_out) is side)
        for side in (False, True)
    )
    return replace(recordings, recordings=kept), replace(recordings, recordings=proven)


def groups_of(recordings: RecordingSet) -> list[list[SetRecording]]:
    """Return what must stay together, of one specimen or from one file, in an order that depends on digests alone.

    Raises
    ------
    CalibrationError
        If the set is empty.
    """
    groups: list[list[SetRecording]] = []
    for recording in sorted(recordings.recordings, key=lambda recording: recording.digest):
        related = [group for group in groups if any(belong_together(recording, member) for member in group)]
        groups = [group for group in groups if group not in related]
        groups.append([recording, *(member for group in related for member in group)])
    if not groups:
        raise CalibrationError("There are no recordings", "add some, or calibrate on simulated ones")
    return groups


def belong_together(one: SetRecording, other: SetRecording) -> bool:
    """Whether two recordings are of one specimen or, as two channels are, from one file."""
    return one.digest == other.digest or (one.specimen is not None and one.specimen == other.specimen)


def quarter_of(strata: Sequence[list[list[SetRecording]]]) -> list[list[SetRecording]]:
    """Take a quarter of the groups of each stratum, and more while a quarter of all recordings is not reached.

    Smaller groups are taken first. Every stratum keeps one at least, unless there would be nothing to prove with.
    """
    left = [sorted(stratum, key=len, reverse=True) for stratum in strata]
    taken = [stratum.pop() for stratum in left for _ in range((len(stratum) + 1) // 4)]
    wanted = max(1, round(sum(len(group) for stratum in strata for group in stratum) / 4))
    while sum(map(len, taken)) < wanted:
        richest = max(filter(None, left), key=lambda stratum: (len(stratum), -len(stratum[-1])))
        if taken and len(richest) < 2:
            break
        taken.append(richest.pop())
    return taken


def require_rate(recordings: Sequence[SetRecording], card: ModelCard) -> None:
    """Raise `CalibrationError` naming the first recording that was not sampled at the card's rate."""
    for recording in recordings:
        if recording.sampling_rate_hz != card.sampling_rate_hz:
            raise CalibrationError(
                f"{recording.name} was sampled at {recording.sampling_rate_hz:g} Hz, "
                f"{card.title} listens at {card.sampling_rate_hz:g} Hz",
                "choose recordings of that rate, or accept resampled ones with --resample",
            )
