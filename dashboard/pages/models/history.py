"""How a variant was made, step by step, and what its proof rests on."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.jobs import STALE, this_machine_once
from dashboard.components.words import LABEL_TITLES, counted, grouped, listed, plain_number
from dashboard.pages.models.wording import decibels, percent, proven_on, values_text
from engine.diagnosis import CLASS_TITLES
from engine.runtimes import RUNTIMES
from engine.variant import Variant
from optimization.charts import rounded, unit_for
from optimization.passes import PASSES
from optimization.proving.labelled import Accuracy, LabelComparison
from optimization.verification import Verification, is_stale, runtime_told
from optimization.wording import notes_told

NOT_TOLD = "Whoever made this variant did not write down what the step changed."
#: Operators that a step's row names at most; the others are counted.
NAMED_OPERATORS = 3


def how_made(variant: Variant) -> Component | None:
    """Build the table of the steps; nothing for a variant that was trained or brought as it is."""
    if not variant.steps:
        return None
    told = [step["changed"]["size_bytes"][1] for step in variant.steps if "size_bytes" in step.get("changed", {})]
    unit_bytes, unit = unit_for(max(told, default=variant.size_bytes))
    heads = [
        ui.Column("Pass"),
        ui.Column("With"),
        ui.Column("Changed"),
        ui.Column("Size", unit, numeric=True),
        ui.Column("Took", "s", numeric=True),
    ]
    rows = [step_row(step, unit_bytes) for step in variant.steps]
    said = [note for step in variant.steps for note in notes_told(step)]
    producer = ", ".join(f"{name} {version}" for name, version in sorted(variant.producer.items()))
    note = f"written by {producer}" if producer else None
    steps = ui.table(heads, rows, caption="Steps, the first one on top")
    notes = (
        html.Ul([html.Li(f"{sentence.rstrip('.')}.") for sentence in said], className="step-notes") if said else None
    )
    return ui.card(steps, notes, title="How it was made", note=note, class_name="steps")


def step_row(step: Mapping[str, Any], unit_bytes: float) -> ui.Row:
    """Build the row of one step, the size in units of so many bytes."""
    name = str(step.get("pass", "?"))
    title = PASSES[name].title if name in PASSES else name
    changed = step.get("changed", {})
    return ui.Row(
        [
            html.Span(title, title=name),
            values_text(step.get("parameters", {})) or html.Span("no parameters", className="muted"),
            changes_text(changed) or html.Span("not told", className="muted", title=NOT_TOLD),
            rounded(changed["size_bytes"][1] / unit_bytes) if "size_bytes" in changed else "",
            f"{step['seconds']:.1f}" if "seconds" in step else "",
        ]
    )


def changes_text(changed: Mapping[str, Any]) -> str:
    """Write what a step changed in the graph: ``QuantizeLinear 0 to 19, 3 more operators``."""
    if not changed:
        return ""
    nodes = sorted(changed.get("nodes", {}).items(), key=lambda item: -abs(item[1][1] - item[1][0]))
    told = [f"{name} {before} to {after}" for name, (before, after) in nodes[:NAMED_OPERATORS]]
    if len(nodes) > NAMED_OPERATORS:
        told.append(f"{counted(len(nodes) - NAMED_OPERATORS, 'more operator')}")
    if not told:
        before, after = changed.get("weights", (0, 0))
        return f"{grouped(before)} weights to {grouped(after)}" if before != after else "weights only"
    return ", ".join(told)


def proof_card(proof: Verification, parent: str) -> html.Section:
    """Build the card that tells what a proof found, on what, and whether it still holds here."""
    windows, recordings = proof.windows, proof.recordings
    least = f"{proof.limits.get('sqnr_db', 0):g} dB or more are asked for"
    facts = [
        ui.Fact("Verdicts", f"{recordings.flips} of {recordings.count} flipped", at_most(proof), hint=BOUND_HINT),
        ui.Fact("Windows", f"{percent(windows.top1_agreement)} of {grouped(windows.count)} keep their class"),
        ui.Fact("SQNR of logits", decibels(windows.sqnr_db), least),
        ui.Fact("Largest error", f"{windows.max_abs_error:.2g}", "of a logit"),
        ui.Fact("Smallest cosine", f"{windows.cosine:.5f}", "between the logits of a window"),
        ui.Fact("Proven on", proven_on(proof.recording_set), "none calibrated on"),
        *limits_of(proof),
        ui.Fact("Proven with", runtime_text(proof.runtime)),
    ]
    stale = ui.notice(STALE, tone="warn") if is_stale(proof.to_json(), this_machine_once()) else None
    reasons = html.Ul([html.Li(reason) for reason in proof.reasons], className="proof-reasons")
    return ui.card(
        stale,
        reasons,
        ui.fact_list(facts),
        flips(recordings.flip_matrix),
        apart(proof.recording_set),
        labels(proof.labels, parent) if proof.labels is not None else None,
        recordings_of(proof.recording_set),
        title="Proof",
        note=f"beside {parent}",
        class_name="proof-card",
    )


BOUND_HINT = "Upper end of the 95 % interval for the share of flipped verdicts (Clopper and Pearson, 1934)."


def at_most(proof: Verification) -> str:
    """Say how many verdicts may flip in truth."""
    return f"at most {percent(proof.recordings.flips_upper_bound)} in truth"


def limits_of(proof: Verification) -> list[ui.Fact]:
    """Tell the budget of verdicts and windows that a proof was held against, where it says so."""
    limits, told = proof.limits, []
    if "flips_share" in limits:
        told.append(f"{plain_number(100 * limits['flips_share'])} % of verdicts may flip")
    if "top1_agreement" in limits:
        told.append(f"{plain_number(100 * limits['top1_agreement'])} % of windows must keep their class")
    return [ui.Fact("Limits", ", ".join(told))] if told else []


def runtime_text(runtime: Mapping[str, str]) -> str:
    """Say on what a proof was made."""
    try:
        said = runtime_told(runtime)
    except (KeyError, TypeError):
        return "nobody says"
    sets = ", ".join(said["instruction_sets"].split()) or "no known instruction set"
    title = RUNTIMES[said["name"]].title if said["name"] in RUNTIMES else said["name"]
    return f"{title} {said['version']} on a processor with {sets}"


def apart(recording_set: Mapping[str, Any]) -> Component | None:
    """Say what keeps the recordings of a proof apart from those that the variant knows, where it tells."""
    told = recording_set.get("apart")
    sentence = told.get("told") if isinstance(told, Mapping) else None
    return html.P(str(sentence), className="note") if sentence else None


def labels(compared: LabelComparison, parent: str) -> Component:
    """Tell how right both are where the truth is known: over all, by class, and whether the two differ."""
    heads = [
        ui.Column("Condition"),
        ui.Column("Recordings", numeric=True),
        ui.Column(f"{parent} right", numeric=True),
        ui.Column("This one right", numeric=True),
    ]
    rows = [
        right_row(ui.class_badge(key, LABEL_TITLES.get(key, key)) if key in CLASS_TITLES else key, one)
        for key, one in compared.recall.items()
    ]
    rows.append(right_row(html.Strong("All"), compared.accuracy))
    word = "simulated recording" if compared.of == "simulated" else "recording"
    sentence = (
        f"Of {counted(compared.accuracy.recordings, word)} of known condition, {parent} alone answers "
        f"{compared.only_parent_right} right, this one alone {compared.only_variant_right}; "
        f"p = {compared.mcnemar_p:.2g}."
    )
    left_out = f" Left out: {listed(compared.unknown_labels)}." if compared.unknown_labels else ""
    return html.Div(
        [
            ui.table(heads, rows, caption="Recordings of known condition that were answered right"),
            html.P(sentence + left_out, className="note", title=MCNEMAR_HINT),
        ],
        className="proof-labels",
    )


def right_row(label: Component | str, one: Accuracy) -> ui.Row:
    """Build the row of one condition."""
    return ui.Row(
        [
            label,
            grouped(one.recordings),
            f"{grouped(one.parent_right)} ({percent(one.parent)})",
            f"{grouped(one.variant_right)} ({percent(one.variant)})",
        ]
    )


MCNEMAR_HINT = (
    "Probability of such a difference, or a larger one, between two variants that are equally often right: exact test "
    "of McNemar (1947)."
)


def flips(matrix: Mapping[str, Mapping[str, int]]) -> Component | None:
    """Say which verdict became which; nothing where none did."""
    told = [
        f"{CLASS_TITLES.get(was, was)} became {CLASS_TITLES.get(became, became)} {counted(count, 'time')}"
        for was, row in matrix.items()
        for became, count in row.items()
    ]
    return html.P(f"{listed(told).capitalize()}.", className="note") if told else None


def recordings_of(recording_set: Mapping[str, Any]) -> html.Details:
    """List the recordings of a proof, folded away."""
    names = [str(one.get("name", "?")) for one in recording_set.get("recordings", ())]
    return html.Details(
        [
            html.Summary(f"The {counted(len(names), 'recording')}"),
            html.Ul([html.Li(name) for name in names], className="proof-recordings"),
        ]
    )
