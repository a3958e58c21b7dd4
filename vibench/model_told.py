"""Variants as ``vibench models`` tells them."""

from typing import TYPE_CHECKING, Any

from vibench.output import indented, one_line, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.card import ModelCard
    from engine.variant import Variant
    from optimization.statistics import Statistics


def print_variants(variants: "Sequence[Variant]", *, as_json: bool) -> None:
    """Print a line for each variant."""
    if as_json:
        print_json([facts(variant) for variant in variants])
        return
    rows = [
        (
            variant.full_name,
            variant.backend,
            f"{variant.size_bytes / 1000:.0f}",
            proof_word(variant),
            parent_name(variant, variants),
            variant.digest[:12],
        )
        for variant in variants
    ]
    print_table(("variant", "backend", "kB", "proof", "made from", "digest"), rows)


def facts(variant: "Variant") -> dict[str, Any]:
    """Return what a list says of a variant, under the names that diagnoses use."""
    return {
        "name": variant.card.name,
        "variant": variant.name,
        "digest": variant.digest,
        "backend": variant.backend,
        "format": variant.format,
        "size_bytes": variant.size_bytes,
        "parent": variant.parent,
        "verdict": variant.verification.get("verdict"),
        "calibrated_on": variant.calibration.get("source"),
    }


def proof_word(variant: "Variant") -> str:
    """Return the verdict of a variant's proof, and whether it was made on another kind of machine."""
    from engine.machine import this_machine
    from optimization.verification import is_stale

    if not variant.verification:
        return "none" if variant.parent else "original"
    word = str(variant.verification["verdict"])
    return f"{word}, elsewhere" if is_stale(variant.verification, this_machine()) else word


def parent_name(variant: "Variant", variants: "Sequence[Variant]") -> str:
    """Return what a variant was made from: its name, the digest of one that is not kept, or nothing."""
    if variant.parent is None:
        return ""
    kept = parent_of(variant, variants)
    return variant.parent[:12] if kept is None else kept.name


def parent_of(variant: "Variant", variants: "Sequence[Variant]") -> "Variant | None":
    """Return what a variant was made from; ``None`` if it was trained, or its parent is not kept."""
    kept = (other for other in variants if (other.digest, other.card.name) == (variant.parent, variant.card.name))
    return next(kept, None)


def print_variant(
    variant: "Variant",
    variants: "Sequence[Variant]",
    targets: "Sequence[Mapping[str, Any]]",
    *,
    as_json: bool,
    with_layers: bool = False,
) -> None:
    """Print all that is known of a variant.

    Parameters
    ----------
    variant : Variant
        Which one.
    variants : sequence of Variant
        Those that it may have been made from.
    targets : sequence of mapping
        What was found of it on targets (`workspace.targets.kept_of`).
    as_json : bool
        One JSON document instead of sentences.
    with_layers : bool
        A line for each layer too.
    """
    from optimization.statistics import statistics_of

    counted = statistics_of(variant)
    if as_json:
        known = {
            "steps": list(variant.steps),
            "calibration": dict(variant.calibration),
            "verification": dict(variant.verification),
            "producer": dict(variant.producer),
            "card": variant.card.to_json(),
            "statistics": counted.to_json(),
            "targets": [target_facts(document, variant) for document in targets],
        }
        print_json(facts(variant) | known)
        return
    size = f"{variant.size_bytes / 1000:.0f} kB"
    print(one_line(f"{variant.full_name}: backend {variant.backend}, {size}, {variant.digest}"))
    measured = [("on a target", target_told(target_facts(document, variant))) for document in targets]
    for label, text in [
        *statistics_told(counted),
        *origin_told(variant, variants),
        *measured,
        *card_told(variant.card),
    ]:
        for line in indented(f"{label}: {text}"):
            print(line)
    if with_layers:
        print_layers(counted)


def target_facts(document: "Mapping[str, Any]", variant: "Variant") -> dict[str, Any]:
    """Return what a target found of a variant: the machine, when, and the variant's own entry of the document."""
    found = next(one for one in document["candidates"] if one["digest"] == variant.digest)
    return {"machine": document["machine"], "measured_at": document["measured_at"], **found}


def target_told(found: "Mapping[str, Any]") -> str:
    """Return what a target found in one sentence: ``passed on Cortex-A72, 1 thread: 3.1 ms a window ...``."""
    machine, parity, latency = found["machine"], found["parity"], found["latency"]
    threads = f"{machine['used_threads']} thread{'' if machine['used_threads'] == 1 else 's'}"
    taken = "no latency measured"
    if latency is not None:
        network = latency["network"]
        taken = f"{network['p50_ms']:.3g} ms a window, 90 % within {network['p90_ms']:.3g} ms"
    changed = f"{parity['verdicts_changed']} of {parity['recordings']} verdicts changed"
    return f"{found['outcome']} on {machine['cpu']}, {threads}: {taken}, {changed}"


def statistics_told(counted: "Statistics") -> list[tuple[str, str]]:
    """Return what a variant costs as labelled sentences."""
    zero = f"{counted.sparsity:.1%} of them zero" if counted.non_zero < counted.parameters else "none of them zero"
    peak, stored, compressed = (
        f"{size / 1000:.0f} kB"
        for size in (counted.peak_activation_bytes, counted.size_bytes, counted.compressed_bytes)
    )
    return [
        ("parameters", f"{counted.parameters:,}, {zero}"),
        ("work", f"{counted.macs / 1e6:.3g} million multiplications with addition for a window"),
        ("memory", f"activations take up to {peak} for a window, less where a runtime fuses operations"),
        ("file", f"{stored}, {compressed} when zlib compresses it"),
    ]


def print_layers(counted: "Statistics") -> None:
    """Print a line for each layer that has weights or multiplies."""
    rows = [
        (
            layer.name,
            layer.operator,
            " x ".join(map(str, layer.output_shape)),
            f"{layer.parameters:,}",
            f"{layer.non_zero:,}",
            f"{layer.macs / 1e6:.3f}",
            f"{layer.bytes / 1000:.1f}",
        )
        for layer in counted.layers
    ]
    print_table(("layer", "operator", "output", "parameters", "non-zero", "million MACs", "kB"), rows)


def origin_told(variant: "Variant", variants: "Sequence[Variant]") -> list[tuple[str, str]]:
    """Return where a variant comes from as labelled sentences."""
    from optimization.verification import Verification
    from optimization.wording import calibration_told, proof_told

    told = []
    if variant.parent is not None:
        kept = "" if parent_of(variant, variants) else ", which is not kept here"
        told.append(("made from", parent_name(variant, variants) + kept))
    for number, step in enumerate(variant.steps, start=1):
        told += [(f"step {number}", step_again(step)), *(("note", note) for note in step.get("notes", ()))]
    if variant.calibration:
        told.append(("calibrated on", calibration_told(variant.calibration)))
    if variant.verification:
        proof = Verification.from_json(variant.verification)
        told.append(("proof", proof_told(proof)))
        if proof_word(variant) != proof.verdict:
            told.append(("its machine", "another kind of processor or runtime; here the proof says less"))
    return told


def step_again(step: "Mapping[str, Any]") -> str:
    """Return a pass with its parameters, as the options of a command."""
    from optimization.command import typed

    settings = [f"{name}={typed(value)}" for name, value in step["parameters"].items()]
    return " ".join([str(step["pass"]), *settings])


def card_told(card: "ModelCard") -> list[tuple[str, str]]:
    """Return a card as labelled sentences."""
    from engine.diagnosis import CLASS_TITLES

    lower, upper = card.band_hz
    classes = ", ".join(f"{key} ({CLASS_TITLES.get(key, key)})" for key in card.classes)
    rigs = [f"{rig.name} with {rig.bearing}" + (f" ({rig.note})" if rig.note else "") for rig in card.rigs]
    return [
        ("network", f"{card.title}, {card.reference}"),
        ("takes", f"windows of {card.window} samples at {card.sampling_rate_hz:g} Hz, {lower:g} to {upper:g} Hz"),
        ("answers", f"{classes}; inconclusive below a confidence of {card.threshold:.0%}"),
        ("validated on", "; ".join(rigs) or "no machine"),
        *tests_told(card.evaluation),
        ("elsewhere", card.elsewhere or "not measured"),
    ]


def tests_told(evaluation: "Mapping[str, Any]") -> list[tuple[str, str]]:
    """Return what a card's tests counted as labelled sentences; a test that it lacks is left out."""
    told = []
    for name, counts in evaluation.get("protocols", {}).items():
        apart = f"kept apart by {counts['kept_apart_by']}: " if "kept_apart_by" in counts else ""
        linear = counts.get("linear_model_on_trivial_statistics")
        beside = f"; a linear model on trivial statistics, {right_of(linear)}" if linear else ""
        told.append((f"protocol {name}", f"{apart}{right_of(counts)}{beside}"))
    for name, label in {"simulated": "simulated", "elsewhere": "other machines"}.items():
        if evaluation.get(name):
            told.append((label, right_of(evaluation[name])))
    return told


def right_of(counts: "Mapping[str, Any]") -> str:
    """Return how many recordings of a test were answered right."""
    return f"{counts.get('recordings_right', '?')} of {counts.get('recordings', '?')} recordings right"
