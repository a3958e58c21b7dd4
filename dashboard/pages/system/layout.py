"""System: machine, runtimes, worker, storage, versions and settings. Every id of the page stands here."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.times import duration_text
from dashboard.components.words import counted, size_text
from dashboard.work import jobs_now, worker_words
from engine.runtimes import RUNTIMES
from workspace.facts import Finding, SettingFact, StorageUse, machine, settings_told, storage_use, versions
from workspace.workspace import Workspace

WORKER = "system-worker"
#: Where the report is downloaded.
REPORT = "/system.json"

SETTINGS = (
    ui.Column("Name", class_name="setting"),
    ui.Column("Value", class_name="value"),
    ui.Column("What it does", class_name="help"),
)
COLUMNS = (ui.Column("Runtime"), ui.Column("Version"), ui.Column("In this process"))
#: Share of the storage limit from which the bar warns.
NEARLY_FULL = 0.9


def layout(workspace: Workspace, **_: str) -> Component:
    """Build the page."""
    told = list(versions(load=False))
    worker = html.Div(worker_facts(workspace, jobs_now(workspace)[1]), id=WORKER)
    left = [machine_card(), ui.card(worker, title="Worker"), log_card(workspace)]
    right = [runtimes_card(workspace, told), storage_card(storage_use(workspace), workspace), versions_card(told)]
    return html.Div(
        [
            html.Div([html.Div(cards, className="stack") for cards in (left, right)], className="system-cards"),
            settings_card(settings_told(workspace.settings)),
        ],
        className="stack system",
    )


def machine_card() -> Component:
    """Tell what decides how fast a network runs here."""
    facts = [ui.Fact(finding.name.capitalize(), finding.value) for finding in machine()]
    report = ui.download_link("This page as JSON", REPORT)
    return ui.card(ui.fact_list(facts), title="Machine", note="every measurement names it", action=report)


def worker_facts(workspace: Workspace, work: Mapping[str, Any]) -> Component:
    """Tell what the worker does at the moment, and within which limits."""
    settings = workspace.settings
    tone, words = worker_words(work)
    waiting, running = int(work.get("queued", 0)), int(work.get("running", 0))
    return ui.fact_list(
        [
            ui.Fact("State", dotted(tone, words)),
            ui.Fact("Jobs", dcc.Link(f"{running} running, {waiting} waiting", href="/jobs")),
            ui.Fact("At once", counted(settings.jobs_at_once, "job"), note="one that measures runs alone"),
            ui.Fact("Time limit", duration_text(settings.job_time_limit_s), note="of a job"),
            ui.Fact("May wait", counted(settings.queued_jobs_limit, "job")),
        ]
    )


def runtimes_card(workspace: Workspace, told: Iterable[Finding]) -> Component:
    """Tell what executes networks here, and whether this process has loaded it."""
    rows = [
        ui.Row([RUNTIMES[finding.name].title, finding.value, loaded(finding)])
        for finding in told
        if finding.name in RUNTIMES
    ]
    held = f"{len(workspace.sessions)} of at most {counted(workspace.settings.sessions, 'variant')} loaded"
    return ui.card(ui.table(COLUMNS, rows, caption="Runtimes"), title="Runtimes", note=held)


def loaded(runtime: Finding) -> Component:
    """Say whether the process that serves this page holds a runtime in its memory."""
    if runtime.missing:
        return ui.state("bad", "missing", hint=runtime.missing)
    if sys.modules.get(RUNTIMES[runtime.name].imports[0]) is not None:
        return dotted("good", "loaded")
    if not RUNTIMES[runtime.name].available():
        return dotted("muted", "not installed", hint="It is optional.")
    return dotted("muted", "not loaded", hint="The first diagnosis that needs it loads it.")


def dotted(tone: str, words: str, *, hint: str | None = None) -> Component:
    """Tell a state by a dot and words."""
    return html.Span([html.Span(className=f"dot dot-{tone}"), html.Span(words)], className="state", title=hint)


def storage_card(use: StorageUse, workspace: Workspace) -> Component:
    """Tell what the workspace takes, and what is left."""
    share = use.blobs_bytes / use.limit_bytes
    told = f"{size_text(use.blobs_bytes)} of {size_text(use.limit_bytes)}"
    full = ui.badge("nearly full", tone="warn", icon_name="exclamation-triangle") if share >= NEARLY_FULL else None
    recordings, variants = workspace.recordings.count(), len(workspace.variants.list())
    facts = [
        ui.Fact("Holds", f"{counted(recordings, 'recording')}, {counted(variants, 'variant')}"),
        ui.Fact("Cache", size_text(use.cache_bytes), note="may be deleted at any time"),
        ui.Fact("Uploads", size_text(use.uploads_bytes), note="not finished yet"),
        ui.Fact("Database", size_text(use.database_bytes) if use.database_bytes else "not in the workspace"),
        ui.Fact("Free on disk", size_text(use.free_bytes)),
        ui.Fact("Folder", html.Code(str(workspace.folder))),
    ]
    return ui.card(
        html.Div([html.Span("Recordings and variants"), html.Span([full, told], className="number")], className="used"),
        ui.progress_bar(use.blobs_bytes, use.limit_bytes, f"Storage used: {told}"),
        ui.fact_list(facts),
        title="Storage",
        class_name="storage",
    )


def versions_card(told: Iterable[Finding]) -> Component:
    """Tell the versions of what Vibench is made of."""
    facts = [ui.Fact(finding.name, finding.value) for finding in told if finding.name not in RUNTIMES]
    return ui.card(ui.fact_list(facts), title="Versions", class_name="versions")


def log_card(workspace: Workspace) -> Component:
    """Tell where to read what happened, and where a supervisor may ask."""
    form = {"console": "as text", "json": "as JSON"}[workspace.settings.log_format]
    command = html.Code("vibench jobs show ID")
    each: list[str | Component] = ["each has its own: ", dcc.Link("Jobs", href="/jobs"), ", or ", command]
    facts = [
        ui.Fact("Server", ["standard error of ", html.Code("vibench serve"), f", {form}"]),
        ui.Fact("Jobs", each),
        ui.Fact("Alive", html.A(html.Code("/health"), href="/health", target="_blank")),
        ui.Fact("Ready", html.A(html.Code("/ready"), href="/ready", target="_blank")),
    ]
    return ui.card(ui.fact_list(facts), title="Logs and health")


def settings_card(told: Iterable[SettingFact]) -> Component:
    """List every setting, its value, and what it does."""
    rows = [ui.Row([html.Code(fact.name), value_cell(fact), fact.help]) for fact in told]
    note: list[str | Component] = ["set in the environment or in ", html.Code(".env"), ", read when Vibench starts"]
    return ui.card(
        ui.table(SETTINGS, rows, caption="Settings"), title="Settings and limits", note=note, class_name="settings"
    )


def value_cell(fact: SettingFact) -> Component:
    """Write a setting's value, with what it means in larger units, and whether it is the default."""
    meant = in_larger_units(fact)
    marks = [meant, None if fact.is_default else "set"]
    return html.Span(
        [
            html.Span(fact.value, className="muted" if fact.value == "none" else "number"),
            *(html.Span(mark, className="note") for mark in marks if mark),
        ],
        className="setting-value",
    )


def in_larger_units(fact: SettingFact) -> str | None:
    """Write bytes as gigabytes and seconds as hours; ``None`` where there is nothing to be said."""
    if not fact.value.isdecimal():
        return None
    amount = int(fact.value)
    if fact.name.endswith("_BYTES"):
        return size_text(amount)
    return duration_text(amount) if fact.name.endswith("_S") and amount >= 60 else None
