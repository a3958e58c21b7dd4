"""What pages are made of, so that all of them look and behave alike.

Example
-------
>>> from dashboard import components as ui
>>> page = ui.card(
...     ui.graph(None, "spectrum", "Amplitude spectrum of the drive end"),
...     title="Spectrum",
...     note="Welch, 5.9 Hz bins",
...     action=ui.button("Save", icon_name="download", small=True, id="save"),
... )
"""

from dashboard.components.cards import (
    Fact,
    answer,
    badge,
    card,
    class_badge,
    columns,
    fact_list,
    fact_strip,
    notice,
    state,
)
from dashboard.components.commands import command_box, command_words
from dashboard.components.controls import (
    button,
    download_link,
    field,
    inline_select,
    link_button,
    search_field,
    segmented,
    select_field,
    text_field,
)
from dashboard.components.graphs import empty_figure, graph
from dashboard.components.icons import icon
from dashboard.components.jobs import (
    JOBS_REVISION,
    job_panel,
    job_state,
    live_jobs,
    lost_job,
    no_worker,
    progress_bar,
    proof_badge,
)
from dashboard.components.states import empty_state, error_state, skeleton
from dashboard.components.tables import Column, Row, table
from dashboard.components.theme import DARK, LIGHT, Theme, current_theme, template_of
from dashboard.components.uploader import UPLOADS_DONE, uploader, uploads_store

__all__ = [
    "DARK",
    "JOBS_REVISION",
    "LIGHT",
    "UPLOADS_DONE",
    "Column",
    "Fact",
    "Row",
    "Theme",
    "answer",
    "badge",
    "button",
    "card",
    "class_badge",
    "columns",
    "command_box",
    "command_words",
    "current_theme",
    "download_link",
    "empty_figure",
    "empty_state",
    "error_state",
    "fact_list",
    "fact_strip",
    "field",
    "graph",
    "icon",
    "inline_select",
    "job_panel",
    "job_state",
    "link_button",
    "live_jobs",
    "lost_job",
    "no_worker",
    "notice",
    "progress_bar",
    "proof_badge",
    "search_field",
    "segmented",
    "select_field",
    "skeleton",
    "state",
    "table",
    "template_of",
    "text_field",
    "uploader",
    "uploads_store",
]
