"""What a card becomes on the target: ``preprocessing.json`` and ``labels.json``."""

from collections.abc import Iterable
from typing import Any

from engine.card import ModelCard
from engine.diagnosis import CLASS_TITLES, INCONCLUSIVE
from engine.preparation import SILENCE
from optimization.bundle.raw import RawFiles
from optimization.bundle.target.resampling import (
    ATTENUATION_DB,
    FLAT_SHARE,
    LARGEST_TERMS,
    Filter,
    design,
)
from optimization.bundle.target.terms import Terms


def preprocessing_of(card: ModelCard, rates_hz: Iterable[float], raw: RawFiles) -> dict[str, Any]:
    """Return everything that turns a recording into windows; the filters of the rates become raw files."""
    return {
        "schema": "vibench.preprocessing/1",
        "sampling_rate_hz": card.sampling_rate_hz,
        "window": card.window,
        "hop": card.hop,
        "band_hz": list(card.band_hz),
        "channels": card.channels,
        "normalisation": card.normalisation,
        "normalisation_told": "each window has its mean taken off and is divided by its standard deviation (over N)",
        "silence": SILENCE,
        "silence_told": "a window is not judged unless its standard deviation is above this share of the recording's",
        "resampling": {
            "method": "FIR, polyphase, linear phase, no delay; target/resampling.py says how the table is used",
            "design": "windowed sinc (Kaiser), evaluated at the input samples around each output",
            "attenuation_db": ATTENUATION_DB,
            "flat_share_of_band": FLAT_SHARE,
            "ratio_largest_terms": list(LARGEST_TERMS),
            "beyond_the_ends": "the recording's mirror image; its first and last sample are not repeated",
            "filters": [described(rate_hz, design_for(card, rate_hz), raw) for rate_hz in rates_hz],
        },
    }


def design_for(card: ModelCard, rate_hz: float) -> Filter:
    """Return the filter from a sensor's rate to the card's."""
    return design(float(rate_hz), card.sampling_rate_hz, card.band_hz[1])


def described(rate_hz: float, used: Filter, raw: RawFiles) -> dict[str, Any]:
    """Return a filter's numbers, its table being a raw file."""
    what = f"weights of the input samples for {rate_hz:g} Hz, a row a phase; no unit"
    table = raw.add(f"filters/{rate_hz:g}hz.f32", used.table, what)
    numbers = {"step": used.step, "phases": used.phases, "half": used.half, "taps": used.taps}
    return {"from_hz": rate_hz, **numbers, "table": table}


def labels_of(card: ModelCard) -> dict[str, Any]:
    """Return what the logits mean, and how they become a verdict."""
    return {
        "schema": "vibench.labels/1",
        "classes": list(card.classes),
        "titles": {key: CLASS_TITLES.get(key, key) for key in (*card.classes, INCONCLUSIVE)},
        "temperature": card.temperature,
        "threshold": card.threshold,
        "verdict": "the class with the highest mean of softmax(logits / temperature) over the judged windows, or "
        f"{INCONCLUSIVE} if that mean is below the threshold",
        "validated": validated_told(card),
    }


def validated_told(card: ModelCard) -> str:
    """Say where the network was validated and how it does elsewhere, as a diagnosis's caution does."""
    rigs = ", ".join(rig.name for rig in card.rigs) or "none"
    return f"{card.title} was validated on {rigs} only. {card.elsewhere}".strip()


def terms_of(card: ModelCard) -> Terms:
    """Return the card as the target reads it."""
    return Terms(
        sampling_rate_hz=card.sampling_rate_hz,
        window=card.window,
        hop=card.hop,
        band_upper_hz=card.band_hz[1],
        silence=SILENCE,
        classes=card.classes,
        temperature=card.temperature,
        threshold=card.threshold,
        validated=validated_told(card),
    )
