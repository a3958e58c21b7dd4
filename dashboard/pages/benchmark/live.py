"""What is told of measurements that wait, run or failed, and of the earlier ones."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.times import clock_text
from dashboard.components.words import listed
from dashboard.pages.benchmark.found import Found, Selection
from dashboard.pages.benchmark.result import machine_told, windows_told
from optimization.measuring.measurement import Benchmark
from optimization.measuring.recommendation import sentence
from workspace.jobs.job import Job


def live(found: Found) -> list[Component]:
    """Build panels of what waits and runs, and say why the newest measurement has no result."""
    told = None if found.lost is None else lost(found.lost)
    return ui.live_jobs(found.live, worker=found.worker, lost=told)


def lost(job: Job) -> Component:
    """Say why a measurement ended without a result."""
    when = clock_text(job.ended_at) if job.ended_at else ""
    words = f"The measurement {job.subject} was cancelled, {when}."
    return ui.lost_job(job, cancelled=words, failed=f"Not measured, {when}.")


def earlier(found: Found) -> list[Component]:
    """List the network's measurements; nothing while there is but one to look at."""
    if len(found.past) < 2 or found.shown is None:
        return []
    heads = [ui.Column("Measured"), ui.Column("Answer"), ui.Column("What"), ui.Column("Machine")]
    rows = [row(job, measured, found) for job, measured in found.past]
    table = ui.table(heads, rows, caption="Measurements of this network, the newest first")
    return [ui.card(table, title="Earlier measurements", note=f"of {found.selection.network}", class_name="earlier")]


def row(job: Job, measured: Benchmark, found: Found) -> ui.Row:
    """Build the line of one measurement, its first cell a link to it."""
    selection = found.selection
    address = Selection(selection.model, job.id, selection.recording).address
    first = measured.controls[0]
    when = clock_text(job.ended_at or job.queued_at)
    return ui.Row(
        [
            dcc.Link(when, href=address),
            html.Span(sentence(measured, first.batch, first.threads), className="answer-told"),
            html.Span(what(measured), className="note"),
            html.Span(machine_told(measured.machine)[0], className="note"),
        ],
        chosen=found.shown is not None and job.id == found.shown[0].id,
    )


def what(measured: Benchmark) -> str:
    """Say what was measured: ``onnx and int8-static; batch 1 and 32; 1 thread; 64 simulated windows``."""
    names = list(dict.fromkeys(one.variant for one in measured.rows))
    settings = measured.settings
    batches, threads = (counts(values) for values in (settings.batches, settings.threads))
    return f"{listed(names)}; batch {batches}, threads {threads}; {windows_told(measured)}"


def counts(values: Sequence[int]) -> str:
    """List numbers."""
    return listed([str(value) for value in values])
