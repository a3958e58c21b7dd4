"""Recordings: what was measured is brought here, completed and kept. Every id of the page is in `ids`."""

from dash import html
from dash.development.base_component import Component

from dashboard.components import card, empty_state, error_state, inline_select, search_field, skeleton, uploader
from dashboard.pages.recordings import ids
from dashboard.pages.recordings.address import View
from dashboard.pages.recordings.detail import detail
from dashboard.pages.recordings.listing import label_options, listing
from engine.errors import RecordingNotFoundError
from engine.readers import READERS
from workspace.workspace import Workspace

WAITING = "Computing the spectra"
PURPOSE = "Bring vibration recordings, say what their files leave open, and have them diagnosed."


def layout(workspace: Workspace, **query: str) -> Component:
    """Build the page that an address such as ``/recordings?recording=ID`` shows."""
    view = View.of(query)
    news = html.Div(id=ids.NEWS, className="recordings-news")
    if count_of(workspace) == 0:
        return html.Div([card(empty_state("inbox", PURPOSE, title="No recordings yet", action=files(workspace))), news])
    return html.Div(
        [
            html.Div([card(files(workspace)), news], className="recordings-upload"),
            card(narrowing(view), html.Div(listing(workspace, view), id=ids.LISTING), class_name="recordings-list"),
            html.Div(choice(workspace, view), id=ids.DETAIL, className="recordings-detail"),
            html.Div(
                skeleton(height=300, sentence=WAITING) if view.recording else None,
                id=ids.SPECTRA,
                className="recordings-spectra",
            ),
        ],
        className=f"recordings {'with-choice' if view.recording else ''}".strip(),
    )


def files(workspace: Workspace) -> html.Div:
    """Make the place where files are brought in."""
    suffixes = tuple(suffix for reader in READERS.values() for suffix in reader.SUFFIXES)
    formats = ", ".join(suffix.removeprefix(".").upper() for suffix in suffixes)
    limit_bytes = workspace.settings.upload_limit_bytes
    return uploader(ids.UPLOADER, formats=formats, suffixes=suffixes, limit_bytes=limit_bytes)


def narrowing(view: View) -> html.Div:
    """Build what narrows the list."""
    return html.Div(
        [
            search_field(ids.SEARCH, "Search by name", value=view.search),
            inline_select(ids.LABEL_FILTER, "Label", label_options(), value=view.label or ids.ALL),
        ],
        className="narrowing",
    )


def choice(workspace: Workspace, view: View) -> Component:
    """Build the card of the chosen recording, or say how to choose one."""
    if not view.recording:
        return card(empty_state("soundwave", "Choose one in the list to see its signal.", title="No recording chosen"))
    try:
        return detail(workspace.recordings.get(view.recording), known_rigs(workspace))
    except RecordingNotFoundError as error:
        return card(error_state(error, title="This recording is not here"))


def known_rigs(workspace: Workspace) -> list[str]:
    """Return the machines on which networks were validated."""
    return sorted({rig.name for variant in workspace.variants.list() for rig in variant.card.rigs})


def count_of(workspace: Workspace) -> int:
    """Return how many recordings there are, for the navigation too."""
    return workspace.recordings.count()
