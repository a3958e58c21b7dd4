"""What the page says, as sentences: pure functions from what was found to text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.components.spectra import is_found, line_title
from dashboard.components.words import listed
from engine.analysis import Analysis
from engine.card import ModelCard
from engine.diagnosis import CLASS_TITLES, INCONCLUSIVE, Diagnosis
from engine.dsp.evidence import FaultLine

CAUTION_TITLES: Mapping[str, str] = {
    "rig-not-validated": "Machine not validated.",
    "standstill": "Standing still?",
    "under-one-revolution": "Less than one revolution.",
    "upsampled": "Part of the band is missing.",
    "silent-windows": "Silence.",
}
#: What the recordings of a card's protocols tested, as `ModelCard.evaluation` names these.
KEPT_APART: Mapping[str, str] = {"A": "at other loads", "B": "on bearings it had not seen"}
ORDINALS = {2: "2nd", 3: "3rd"}


def headline(diagnosis: Diagnosis) -> str:
    """Return the verdict as the one answer of the page."""
    if diagnosis.verdict is None:
        return "No verdict"
    title = CLASS_TITLES[diagnosis.verdict.label]
    named = title[0].upper() + title[1:]
    return named if diagnosis.verdict.label in ("normal", INCONCLUSIVE) else f"{named} fault"


def likeliest(diagnosis: Diagnosis) -> str:
    """Return the class with the highest mean probability: the verdict, or what comes nearest to one."""
    return diagnosis.classes[int(diagnosis.probabilities.mean(axis=0).argmax())]


def confidence_sentence(diagnosis: Diagnosis, card: ModelCard) -> str:
    """Say how sure the network is."""
    verdict = diagnosis.verdict
    if verdict is None:
        return "No window could be judged."
    if verdict.label == INCONCLUSIVE:
        nearest = CLASS_TITLES[likeliest(diagnosis)]
        return f"Nearest: {nearest}, confidence {verdict.confidence:.2f}; a verdict needs {card.threshold:.2f}"
    return f"Confidence {verdict.confidence:.2f}, calibrated"


def track_record(card: ModelCard) -> str:
    """Say how many recordings of the validated machines the network got right, at other loads and of new bearings."""
    protocols = card.evaluation.get("protocols", {})
    said: list[str] = []
    for name, words in KEPT_APART.items():
        counts = protocols.get(name, {})
        right, count = counts.get("recordings_right"), counts.get("recordings")
        if count and right is not None:
            said.append(f"{right} of {count} {'' if said else 'right '}{words}")
    return ", ".join(said)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the envelope shows, in words: the strongest line, more of it, then what else is there and what is not."""

    headline: str
    line: str | None
    details: Sequence[str]


def evidence_in_words(lines: Sequence[FaultLine]) -> Evidence:
    """Say which fault lines stand above the floor, the strongest first; evidence, so no word of a fault."""
    firsts = sorted((line for line in lines if line.harmonic == 1), key=lambda line: -line.level_db)
    found = [line for line in firsts if is_found(line)]
    absent = [line for line in firsts if not is_found(line)]
    details = [f"{line.level_db:.0f} dB above the floor{harmonics(lines, line)}." for line in found[:1]]
    details += [f"{sentence(line)}{harmonics(lines, line)}." for line in found[1:]]
    if absent:
        chance = max(line.chance_db for line in absent)
        names = listed([line_title(line.name) for line in absent])
        details.append(f"{names}: nothing above {chance:.0f} dB, which noise alone reaches.")
    if not found:
        return Evidence("No fault line found", None, details)
    return Evidence(f"{line_title(found[0].name)} at {found[0].found_order:.2f} orders", found[0].name, details)


def sentence(line: FaultLine) -> str:
    """Return where a line stands and how high."""
    return f"{line_title(line.name)} at {line.found_order:.2f} orders, {line.level_db:.0f} dB"


def harmonics(lines: Sequence[FaultLine], first: FaultLine) -> str:
    """Return which harmonics of a line were found with it, as the end of its sentence."""
    found = [line.harmonic for line in lines if line.name == first.name and line.harmonic > 1 and is_found(line)]
    if not found:
        return ""
    words = listed([ORDINALS.get(harmonic, f"{harmonic}th") for harmonic in found])
    return f", with its {words} harmonic{'s' if len(found) > 1 else ''}"


def envelope_label(analysis: Analysis) -> str:
    """Describe the envelope's figure for those who can't see it."""
    if not analysis.lines:
        return "Envelope spectrum in dB above its floor, without fault lines"
    words = evidence_in_words(analysis.lines)
    return f"Envelope spectrum in dB above its floor. {words.headline}. {' '.join(words.details)}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two variants answer the same recording: whether with one verdict, that in words, and how near their windows.

    ``windows`` begins in lower case, for it goes on where the verdict's sentence left off.
    """

    same: bool
    verdict: str
    windows: str


def compare(diagnosis: Diagnosis, other: Diagnosis) -> Agreement:
    """Say whether two variants of one network give the same verdict, and how far their windows agree."""
    labels = [each.verdict.label if each.verdict else None for each in (diagnosis, other)]
    same = labels[0] == labels[1]
    flip = " to ".join(headline(each)[0].lower() + headline(each)[1:] for each in (diagnosis, other))
    verdict = "Same verdict" if same else f"The verdict flips, from {flip}"
    if diagnosis.probabilities.shape != other.probabilities.shape:
        return Agreement(same, verdict, "the two judged different windows.")
    count = len(diagnosis.probabilities)
    if not count:
        return Agreement(same, verdict, "no window was judged.")
    agreeing = int(np.sum(diagnosis.probabilities.argmax(axis=1) == other.probabilities.argmax(axis=1)))
    largest = float(np.abs(diagnosis.probabilities - other.probabilities).max())
    far = "no probability differs by more than 0.0001"
    if largest >= 1e-4:
        far = f"probabilities differ by at most {largest:.2g}"
    return Agreement(same, verdict, f"the same class in {agreeing} of {count} windows; {far}.")
