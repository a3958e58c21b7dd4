"""Golden recordings: raw samples, and what Vibench's engine makes of them. The target is held against that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.diagnosis import calibrated_probabilities, judge
from engine.preparation import SILENCE, PreparedWindows, prepare
from engine.runtimes import load
from engine.signal import Channel, Signal
from engine.simulation.rolling import CONDITIONS, RollingBearing, simulate
from engine.variant import Variant
from optimization.bundle.raw import RawFiles

#: Usual rates of sensors and analysers: the networks' own, whole multiples, and ratios that are none.
RATES_HZ = (12_000.0, 25_600.0, 44_100.0, 48_000.0, 51_200.0)
#: Windows of a recording, and its length in seconds, at least.
WINDOWS, SHORTEST_S = 8, 1.0
SNR_DB = 10.0
#: No other set of simulated recordings uses seeds from here on (`recording_set.FIRST_SEED` times 2**30 at most).
FIRST_SEED = 2**62 + 2**61
STREAM_RATE_HZ = 25_600.0
#: Samples of the blocks that the golden stream comes in, again and again: single ones, and more than a window.
BLOCKS = (1, 63, 256, 1000, 4096, 7, 12_345, 512)


@dataclass(frozen=True, slots=True, eq=False)
class GoldenRecording:
    """A recording, and what the engine prepares of it.

    Attributes
    ----------
    name : str
        ``inner-25600hz``.
    samples : ndarray of float32, shape (N,)
        Raw, in m/s2.
    rate_hz : float
        Of the samples.
    prepared : PreparedWindows
        What the networks see, of shape (W, 1, L).
    stream : bool
        Whether the target takes it in blocks.
    """

    name: str
    samples: NDArray[np.float32]
    rate_hz: float
    prepared: PreparedWindows
    stream: bool = False


def golden_recordings(card: ModelCard) -> list[GoldenRecording]:
    """Simulate recordings of every condition at several rates, and one with a standstill in it for the stream."""
    duration_s = max(SHORTEST_S, (card.window + (WINDOWS - 1) * card.hop) / card.sampling_rate_hz)
    recordings = []
    for number, rate_hz in enumerate(RATES_HZ):
        for turn, condition in enumerate(CONDITIONS):
            seed = FIRST_SEED + number * len(CONDITIONS) + turn
            samples = simulated(condition, rate_hz, duration_s, seed)
            recordings.append(golden(f"{condition}-{rate_hz:g}hz", samples, rate_hz, card))
    return [*recordings, golden("stream", with_standstill(card), STREAM_RATE_HZ, card, stream=True)]


def simulated(condition: Any, rate_hz: float, duration_s: float, seed: int) -> NDArray[np.float32]:
    """Return the samples of a simulated bearing, of shape (N,)."""
    parameters = RollingBearing(
        condition=condition, sampling_rate_hz=rate_hz, duration_s=duration_s, snr_db=SNR_DB, seed=seed
    )
    samples: NDArray[np.float32] = simulate(parameters).samples[0]
    return samples


def with_standstill(card: ModelCard) -> NDArray[np.float32]:
    """Return a recording in which, for three windows, nothing moves but the sensor's own noise."""
    seconds = max(SHORTEST_S, 4 * card.window_s)
    parts = [simulated("inner", STREAM_RATE_HZ, seconds, FIRST_SEED + 1000 + number) for number in range(2)]
    noise = np.random.default_rng(FIRST_SEED).standard_normal(round(3 * card.window_s * STREAM_RATE_HZ))
    nothing = (noise * (SILENCE / 10 * parts[0].std())).astype(np.float32)
    return np.concatenate([parts[0], nothing, parts[1]])


def golden(
    name: str, samples: NDArray[np.float32], rate_hz: float, card: ModelCard, *, stream: bool = False
) -> GoldenRecording:
    """Return a recording with what the engine prepares of it."""
    signal = Signal(samples[np.newaxis], rate_hz, (Channel("simulated", "m/s2"),))
    return GoldenRecording(name, samples, rate_hz, prepare(signal, card), stream)


def logits_of(variant: Variant, recordings: Sequence[GoldenRecording]) -> list[NDArray[np.float32]]:
    """Return what the engine's session of a variant answers each recording, of shape (W, K).

    Raises
    ------
    ModelError
        If the variant can't be loaded.
    """
    with load(variant) as session:
        return [session.predict(recording.prepared.windows) for recording in recordings]


def label_of(logits: NDArray[np.float32], card: ModelCard) -> str | None:
    """Return the label of a recording's verdict."""
    verdict = judge(calibrated_probabilities(logits, card.temperature), card)
    return None if verdict is None else verdict.label


def margin_of(logits: NDArray[np.float32], card: ModelCard) -> float:
    """Return by how much the highest mean probability exceeds the second: how easily a verdict would change."""
    mean = np.sort(calibrated_probabilities(logits, card.temperature).mean(axis=0))
    return float(mean[-1] - mean[-2])


def described(
    recording: GoldenRecording,
    answers: dict[str, NDArray[np.float32]],
    of_parent: NDArray[np.float32] | None,
    card: ModelCard,
    raw: RawFiles,
) -> dict[str, Any]:
    """Return a recording's entry in ``golden.json``; its samples, windows and logits become raw files.

    Parameters
    ----------
    recording : GoldenRecording
        What is described.
    answers : dict of str to ndarray, shape (W, K)
        Logits of each candidate, by its name.
    of_parent : ndarray of shape (W, K), or None
        Logits of what the candidates are held against.
    card : ModelCard
        Of all of them.
    raw : RawFiles
        Takes the arrays.
    """
    at, windows = f"golden/{recording.name}", recording.prepared.windows
    blocks = {"blocks": list(BLOCKS)} if recording.stream else {}
    return {
        "name": recording.name,
        "sampling_rate_hz": recording.rate_hz,
        "samples": raw.add(f"{at}.f32", recording.samples, f"raw samples at {recording.rate_hz:g} Hz, in m/s2"),
        **blocks,
        "start_s": [round(float(start), 9) for start in recording.prepared.start_s],
        "silent_windows": recording.prepared.silent,
        "windows": raw.add(f"{at}-windows.f32", windows[:, 0], "judged windows as the network takes them; no unit"),
        "parent_label": None if of_parent is None else label_of(of_parent, card),
        "expected": {
            name: {
                "label": label_of(logits, card),
                "margin": round(margin_of(logits, card), 6),
                "logits": raw.add(f"{at}-{name}-logits.f32", logits, f"logits of {name}, a column a class"),
            }
            for name, logits in answers.items()
        },
    }
