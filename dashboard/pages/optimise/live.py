"""What is told of searches that wait, run or failed, and of the earlier ones."""

from dataclasses import replace

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.times import clock_text
from dashboard.components.words import counted
from dashboard.pages.optimise.found import Answer, Found
from dashboard.pages.optimise.result import limits_told
from workspace.jobs.job import Job


def live(found: Found) -> list[Component]:
    """Build panels of what waits and runs, and say why the newest search has no answer."""
    told = None if found.lost is None else lost(found.lost)
    return ui.live_jobs(found.live, worker=found.worker, lost=told)


def lost(job: Job) -> Component:
    """Say why a search ended without an answer."""
    when = clock_text(job.ended_at) if job.ended_at else ""
    words = f"The search was cancelled, {when}; asked for again, it goes on where it was."
    return ui.lost_job(job, cancelled=words, failed=f"Nothing found, {when}.")


def earlier(found: Found) -> list[Component]:
    """List the network's searches; nothing while there is but one to look at."""
    if len(found.past) < 2:
        return []
    heads = [ui.Column("Searched"), ui.Column("Answer"), ui.Column("What")]
    rows = [row(answer, found) for answer in found.past]
    table = ui.table(heads, rows, caption="Searches of this network, the newest first")
    return [ui.card(table, title="Earlier searches", note=f"of {found.selection.network}", class_name="earlier")]


def row(answer: Answer, found: Found) -> ui.Row:
    """Build the line of one search, its first cell a link to it."""
    address = replace(found.selection, job=answer.job.id).address
    question = answer.question
    cell = f"{counted(question.batch, 'window')} a call, {counted(question.threads, 'thread')}; {limits_told(answer)}"
    return ui.Row(
        [
            dcc.Link(clock_text(answer.job.ended_at or answer.job.queued_at), href=address),
            html.Span(answer.sentence, className="answer-told"),
            html.Span(cell, className="note"),
        ],
        chosen=answer is found.shown,
    )
