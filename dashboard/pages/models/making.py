"""The card in which a variant is asked for: the form, the command that does the same, and the jobs that do it."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.cards import Tone
from dashboard.components.times import duration_text
from dashboard.components.words import size_text
from dashboard.pages.jobs.results import made_by
from dashboard.pages.models import ids
from dashboard.pages.models.address import View
from dashboard.pages.models.calibration import Candidates
from dashboard.pages.models.following import source_of
from dashboard.pages.models.form import Filled, form
from dashboard.pages.models.lineage import parent_of
from dashboard.pages.models.preflight import place
from dashboard.pages.models.wording import proof_sentence
from engine.variant import Variant
from optimization.passes import Pass
from optimization.verification import Verification
from workspace.jobs.job import ENDED, Job

WHAT_FOLLOWS = "The result is proven beside what it was made from and kept as a new variant; nothing is replaced."


def making_card(variant: Variant, asked: Sequence[Component], told: Sequence[Component]) -> html.Section:
    """Build the card: what asks for a variant, and below it what is told of jobs."""
    return ui.card(
        *asked,
        html.Div(list(told), id=ids.JOBS, className="stack", role="status"),
        title="Make a variant",
        note=f"from {variant.full_name}",
        class_name="making-card",
    )


def request_form(fit: Sequence[type[Pass]], state: Filled, found: Candidates, variant: Variant) -> list[Component]:
    """Build the form, the command that does the same, and what starts the job."""
    return [form(fit, state, found, variant), place(), ui.command_box(ids.COMMAND), start_row()]


def nothing_fits(variant: Variant, reasons: Sequence[str], variants: Sequence[Variant], view: View) -> html.Div:
    """Say that no pass can be run on a variant, why, and where to start instead."""
    parent = parent_of(variant, variants)
    action = None
    if parent is not None:
        href = view.showing(parent.full_name).address()
        action = ui.link_button(f"Start from {parent.name}", href, icon_name="diagram-3", small=True)
    sentence = f"No pass can be run on {variant.full_name}: what was reduced once is not reduced again."
    why = html.Details([html.Summary("Why"), html.Ul([html.Li(reason) for reason in reasons])], className="note")
    return html.Div([ui.notice(sentence, tone="muted", action=action), why], className="stack")


def start_row() -> html.Div:
    """Build what starts the job, and the place for what is wrong with the form."""
    return html.Div(
        [
            html.Div(id=ids.MESSAGE, role="status"),
            html.Div(
                [
                    ui.button("Start", icon_name="play-fill", kind="primary", id=ids.START),
                    html.Span(WHAT_FOLLOWS, className="note"),
                ],
                className="button-row start-row",
            ),
        ],
        className="starting",
    )


def jobs_shown(jobs: Sequence[Job], variants: Sequence[Variant], view: View, *, worker: bool) -> list[Component]:
    """Build what is told of jobs: panels of those that wait or run, sentences of those that have ended.

    Parameters
    ----------
    jobs : sequence of Job
        In the order in which they are told.
    variants : sequence of Variant
        All that are kept.
    view : View
        What links carry along.
    worker : bool
        Whether there is one to run what waits.
    """
    told: list[Component] = []
    if not worker:
        told.append(ui.no_worker())
    return told + [ended(job, variants, view) if job.state in ENDED else ui.job_panel(job) for job in jobs]


def ended(job: Job, variants: Sequence[Variant], view: View) -> Component:
    """Say what came of a job."""
    if job.state == "succeeded":
        return ready(job, variants, view)
    again = again_link(job, variants, view)
    if job.state == "cancelled":
        return ui.notice(
            "It was cancelled; nothing was kept.", title=f"{job.title} {job.subject}.", tone="muted", action=again
        )
    reason = (job.error or {}).get("message", "")
    return ui.notice(reason, title=f"{job.title} {job.subject} failed.", tone="bad", action=again)


def again_link(job: Job, variants: Sequence[Variant], view: View) -> Component | None:
    """Lead to the form, filled as the job was asked for; nothing where its variant is kept no longer."""
    source = source_of(job, variants)
    if source is None:
        return None
    href = view.showing(source.full_name, job=job.id).address()
    link = ui.link_button("Change and start again", href, icon_name="pencil", small=True)
    into_the_form: dict[str, Any] = {"data-next": ids.PASS}
    return html.Span(link, **into_the_form)


def ready(job: Job, variants: Sequence[Variant], view: View) -> Component:
    """Say which variant a job made, and what can be done with it."""
    made = made_by(job, variants)
    title = f"{job.title} {job.subject}"
    if made is None:
        return ui.notice("What it made was removed since.", title=f"{title}.", tone="muted")
    there = view.showing(made.full_name)
    links = html.Div(
        [
            ui.link_button("Show", there.address(), icon_name="eye", small=True),
            ui.link_button("Diagnose", there.diagnose_address(), icon_name="activity", small=True),
            ui.link_button("Benchmark", there.benchmark_address(), icon_name="speedometer2", small=True),
        ],
        className="button-row",
    )
    tone: Tone = "good" if not made.verification or made.verification["verdict"] == "equivalent" else "warn"
    return ui.notice(made_of(job, made, variants), title=f"{made.name} is ready.", tone=tone, action=links)


def made_of(job: Job, made: Variant, variants: Sequence[Variant]) -> str:
    """Tell size, proof and time of what a job made, and why it is not equivalent if so."""
    parent = parent_of(made, variants)
    parts, doubt = [size_text(made.size_bytes)], ""
    if made.verification:
        name, proof = "its parent" if parent is None else parent.name, Verification.from_json(made.verification)
        parts.append(proof_sentence(proof, name))
        doubt = "" if proof.verdict == "equivalent" else f" {proof.reasons[0]}"
    took = (
        ""
        if job.started_at is None or job.ended_at is None
        else duration_text((job.ended_at - job.started_at).total_seconds())
    )
    return ", ".join(parts) + (f", made in {took}." if took else ".") + doubt


def already(job: Job, variants: Sequence[Variant], view: View) -> Component:
    """Say that what is asked for is there, or being made, so that nothing was started."""
    if job.state == "succeeded":
        made = made_by(job, variants)
        name = "It" if made is None else made.full_name
        href = f"/jobs?job={job.id}" if made is None else view.showing(made.full_name).address()
        return ui.notice(
            f"{name} is the same, so nothing was started.",
            title="Made already.",
            tone="accent",
            action=ui.link_button("Show", href, icon_name="eye", small=True),
        )
    action = ui.link_button("Log", f"/jobs?job={job.id}", small=True)
    return ui.notice(
        "The same is waiting or running, so nothing was started.",
        title="Asked for already.",
        tone="accent",
        action=action,
    )
