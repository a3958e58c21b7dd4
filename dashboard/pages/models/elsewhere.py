"""Where a variant was measured: here, by the newest benchmark that has it, and on the targets of its bundles."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.cards import Tone
from dashboard.components.times import clock_text
from dashboard.components.words import counted
from dashboard.pages.benchmark.found import measured_by
from engine.variant import Variant
from optimization.charts import rounded
from optimization.measuring.measurement import Benchmark, Row
from workspace.jobs.job import Job
from workspace.targets import kept_of
from workspace.workspace import Workspace

OUTCOMES: Mapping[str, tuple[Tone, str]] = {
    "passed": ("good", "passed"),
    "failed": ("bad", "failed"),
    "undecided": ("warn", "undecided"),
}
HEADS = (
    ui.Column("Machine"),
    ui.Column("p50", "ms", numeric=True),
    ui.Column("p90", "ms", numeric=True),
    ui.Column("Real time", "×", numeric=True),
    ui.Column("Verdicts changed", numeric=True),
    ui.Column("Outcome"),
    ui.Column("Measured", numeric=True),
)


def targets_card(workspace: Workspace, variant: Variant) -> Component | None:
    """Build the table; nothing for a variant that no target has told of."""
    documents = kept_of(workspace.folder, variant.digest)
    if not documents:
        return None
    here = measured_here(workspace, variant)
    rows = [here_row(*here)] if here is not None else []
    rows += [target_row(document, candidate) for document, candidate in candidates_of(documents, variant.digest)]
    table = ui.table(HEADS, rows, caption="Where this variant was measured")
    return ui.card(table, title="On its targets", note="one window a call", class_name="targets")


def candidates_of(documents: Sequence[Mapping[str, Any]], digest: str) -> list[tuple[Mapping[str, Any], Any]]:
    """Return what targets found of a variant, each with its document."""
    return [
        (document, candidate)
        for document in documents
        for candidate in document["candidates"]
        if candidate["digest"] == digest
    ]


def measured_here(workspace: Workspace, variant: Variant) -> tuple[Job, Benchmark, Row] | None:
    """Return the newest benchmark of the workspace that measured the variant, one window a call."""
    for job in workspace.jobs.list("succeeded", kind="benchmark"):
        measured = measured_by(job)
        for row in measured.rows if measured is not None else ():
            if (row.digest, row.batch) == (variant.digest, 1):
                assert measured is not None
                return job, measured, row
    return None


def here_row(job: Job, measured: Benchmark, row: Row) -> ui.Row:
    """Build the row of the workstation."""
    return ui.Row(
        [
            machine_cell("This workstation", measured.machine.cpu, row.threads),
            rounded(row.p50_ms),
            rounded(row.p90_ms),
            "–" if row.realtime_factor is None else rounded(row.realtime_factor),
            "",
            dcc.Link("benchmark", href=f"/benchmark?job={job.id}"),
            clock_text(datetime.fromisoformat(measured.measured_at)),
        ]
    )


def target_row(document: Mapping[str, Any], candidate: Mapping[str, Any]) -> ui.Row:
    """Build the row of a target."""
    machine, latency, parity = document["machine"], candidate["latency"], candidate["parity"]
    tone, word = OUTCOMES[candidate["outcome"]]
    network = None if latency is None else latency["network"]
    return ui.Row(
        [
            machine_cell(machine["cpu"], machine["architecture"], machine["used_threads"]),
            "–" if network is None else rounded(network["p50_ms"]),
            "–" if network is None else rounded(network["p90_ms"]),
            "–" if latency is None else rounded(latency["realtime_factor"]),
            f"{parity['verdicts_changed']} of {parity['recordings']}",
            ui.state(tone, word, hint=" ".join(document["reasons"]) or None),
            clock_text(datetime.fromisoformat(document["measured_at"])),
        ]
    )


def machine_cell(name: str, more: str, threads: int) -> html.Span:
    """Name a machine, and how many of its threads were used."""
    return html.Span([name, html.Span(f"{more}, {counted(threads, 'thread')}", className="note")], className="machine")
