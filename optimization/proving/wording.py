"""What a proof rests on and what it counted, in sentences and rows for people."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from engine.runtimes import RUNTIMES
from optimization.proving.budget import limit, percent
from optimization.proving.specimens import FEWEST_SPECIMENS, Specimens
from optimization.verification import Verification

#: What intervals are of.
MEASURES: Mapping[str, str] = {
    "flips_share": "flips",
    "top1_agreement": "windows that agree",
    "sqnr_db": "SQNR",
    "accuracy_parent": "right before",
    "accuracy_variant": "right after",
}
Rows = list[list[str]]


def flip_rows(proof: Verification) -> Rows:
    """Return the flip matrix as rows: what the verdict was, what it became, of how many recordings."""
    matrix = proof.recordings.flip_matrix
    return [[was, became, str(count)] for was, row in matrix.items() for became, count in row.items()]


def label_rows(proof: Verification) -> Rows:
    """Return, for each class and for all, how many recordings there are and how many each of the two had right."""
    if proof.labels is None:
        return []
    counted = {**proof.labels.recall, "all": proof.labels.accuracy}
    return [
        [
            label,
            str(one.recordings),
            share_told(one.parent_right, one.parent),
            share_told(one.variant_right, one.variant),
        ]
        for label, one in counted.items()
    ]


def share_told(right: int, share: float) -> str:
    """Write a count with its share: ``39 (97.5 %)``."""
    return f"{right} ({percent(share)})"


def labels_told(proof: Verification) -> list[str]:
    """Say of which recordings an accuracy is, whether both are equally often right, and what the numbers hide."""
    labels = proof.labels
    if labels is None:
        return ["No recording says its condition, so nothing is known of how right the two are."]
    kind = "simulated" if labels.of == "simulated" else "measured"
    compared = (
        f"Of {labels.accuracy.recordings} {kind} recordings of known condition, the parent alone has "
        f"{labels.only_parent_right} right, the variant alone {labels.only_variant_right} "
        f"(McNemar's p = {labels.mcnemar_p:.2g})."
    )
    if not labels.unknown_labels:
        return [compared]
    return [
        compared,
        f"Conditions that the network has no class for are left out: {', '.join(labels.unknown_labels)}.",
    ]


def compared_told(proof: Verification) -> list[str]:
    """Say what was compared on, and what keeps that apart from what was calibrated on or learned from."""
    said = proof.recording_set
    members = said.get("recordings", ())
    kinds = Counter(str(one.get("label") or "unlabelled") for one in members)
    source = {"simulated": " simulated", "both": " own and simulated"}.get(str(said.get("source")), "")
    seed = f", seed {said['seed']}" if "seed" in said else ""
    listed = ", ".join(f"{count} {label}" for label, count in kinds.items())
    count = proof.recordings.count
    recordings = f"{count}{source} recording{'' if count == 1 else 's'}{seed}{f' ({listed})' if listed else ''}"
    told = [f"Compared on {recordings}, {proof.windows.count} windows."]
    apart = said.get("apart")
    if isinstance(apart, Mapping):
        told.append(str(apart.get("told", "")))
        told += trained_told(apart)
    return told


def trained_told(apart: Mapping[str, Any]) -> list[str]:
    """Say which recordings the network itself was trained on, as far as their names tell."""
    names = [str(name) for name in apart.get("trained_on", ())]
    if not names:
        return []
    are = "is called as one" if len(names) == 1 else "are called as ones"
    told = f"{len(names)} of them {are} that the network was trained on ({names[0]} first)"
    return [f"{told}: how right it is of these says little."]


def margins_told(proof: Verification) -> list[str]:
    """Say how far verdicts are from flipping, and which way the variant moved them."""
    margins = proof.recordings.margins
    if margins is None:
        return []
    before = f"Margin between the first and the second class: {margins.smallest_parent:.2g} at least before"
    after = f"the variant's is {margins.mean_shift:+.2g} on average, {margins.worst_shift:+.2g} at worst"
    change = f"Largest logit change {margins.largest_logit_change:.2g}"
    return [f"{before}, {after}. {change}, smallest cosine {proof.windows.cosine:.4f}."]


def specimens_told(specimens: Specimens | None) -> list[str]:
    """Say of how many bearings a proof is, with intervals, or why there are none."""
    if specimens is None:
        return []
    if specimens.intervals:
        ranges = [f"{MEASURES[name]} {range_told(name, *ends)}" for name, ends in specimens.intervals.items()]
        return [f"{specimens.count} specimens, {specimens.flipped} with a flip; 95 % by specimen: {', '.join(ranges)}."]
    if specimens.unknown:
        many = "1 recording does" if specimens.unknown == 1 else f"{specimens.unknown} recordings do"
        return [f"{many} not say of which specimen, so there are no intervals by specimen: plain counts."]
    are = "1 specimen is" if specimens.count == 1 else f"{specimens.count} specimens are"
    counts = f"plain counts, {specimens.flipped} with a flip"
    return [f"{are} too few for intervals by specimen, which take {FEWEST_SPECIMENS}: {counts}."]


def range_told(name: str, low: float, high: float) -> str:
    """Write an interval in the unit of what it is of."""
    return f"{low:.1f} to {high:.1f} dB" if name == "sqnr_db" else f"{100 * low:.1f} to {percent(high)}"


def limits_told(proof: Verification) -> str:
    """Say what the verdict was held against."""
    limits = proof.limits
    return (
        f"Budget: {limit(limits['flips_share'])} of the verdicts may flip, {limit(limits['top1_agreement'])} of the "
        f"windows must agree, {limits['sqnr_db']:g} dB SQNR."
    )


def runtime_told(proof: Verification) -> str:
    """Say where the variant answered; elsewhere a proof is stale."""
    name = proof.runtime["name"]
    title = RUNTIMES[name].title if name in RUNTIMES else name
    sets = proof.runtime["instruction_sets"] or "no known instruction set"
    return f"Holds for {title} {proof.runtime['version']} on a processor with {sets}."
