"""The frame around every page: navigation, top bar, and what an address leads to."""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, set_props
from dash.development.base_component import Component

from dashboard.components import (
    UPLOADS_DONE,
    empty_state,
    error_state,
    icon,
    inline_select,
    link_button,
    notice,
    skeleton,
    uploads_store,
)
from dashboard.components.address import ADDRESS
from dashboard.components.aria import aria
from dashboard.components.controls import Option
from dashboard.components.theme import colour_pairs
from dashboard.logs import report
from dashboard.pages import Page
from dashboard.work import WORK, WORKER, jobs_now, register_work, work_watch, worker_state
from engine.errors import VibenchError
from workspace.workspace import Workspace

NAVIGATION = "navigation"
TOP_BAR = "top-bar"
TITLE = "page-title"
PROBLEM = "problem"
PAGE = "page"
COLOURS = "colours"
THEME_SWITCH = "theme-switch"
#: Type of the ids of the numbers beside the pages' names.
COUNT = "count"
RECORDING = "selected-recording"
NETWORK = "selected-network"

#: The selection that an address holds, carried from page to page.
SELECTION = ("recording", "model")
#: Value of a menu that selects nothing; ``assets/frame.js`` knows it too.
NONE = "none"
#: Names in the top bar's menus; the recordings page finds the older ones.
OFFERED = 200


def frame_layout(workspace: Workspace) -> Component:
    """Build the frame, before the browser has said which page it wants."""
    return html.Div(
        [
            dcc.Location(id=ADDRESS, refresh="callback-nav"),
            dcc.Store(id=TITLE),
            dcc.Store(id=COLOURS, data=colour_pairs()),
            uploads_store(),
            *work_watch(workspace),
            html.A("Skip to content", href=f"#{PAGE}", className="skip-link"),
            html.Nav(id=NAVIGATION, **aria(label="Pages")),
            html.Header(
                [html.Div(id=TOP_BAR, className="top-bar-content"), html.Button(id=THEME_SWITCH, type="button")],
                className="top-bar",
            ),
            html.Main([html.Div(id=PROBLEM), html.Div(skeleton(height=320), id=PAGE)], tabIndex=-1),
        ],
        className="frame",
    )


def register_frame(app: Dash, workspace: Workspace, pages: Sequence[Page]) -> None:
    """Lead each address to its page, and rebuild what the frame says of it."""
    register_work(app, workspace)

    @app.callback(
        Output(PAGE, "children"),
        Output(NAVIGATION, "children"),
        Output(TOP_BAR, "children"),
        Output(TITLE, "data"),
        Output(PROBLEM, "children"),
        Input(ADDRESS, "pathname"),
        Input(ADDRESS, "search"),
    )
    def follow_address(path: str | None, search: str | None) -> tuple[object, ...]:
        query = read_query(search or "")
        page = find_page(pages, path or "/")
        title = page.title if page else "Not found"
        content = not_found(pages) if page is None else page_content(page, workspace, query)
        # The frame is built after the page, which may have loaded what the navigation's foot tells.
        return content, navigation(pages, page, workspace, query), top_bar(title, workspace, query), title, None

    @app.callback(
        Output(NAVIGATION, "children", allow_duplicate=True),
        Output(TOP_BAR, "children", allow_duplicate=True),
        Input(UPLOADS_DONE, "data"),
        State(ADDRESS, "pathname"),
        State(ADDRESS, "search"),
        prevent_initial_call=True,
    )
    def count_again(uploaded: object, path: str | None, search: str | None) -> tuple[object, ...]:  # noqa: ARG001
        query, page = read_query(search or ""), find_page(pages, path or "/")
        title = page.title if page else "Not found"
        return navigation(pages, page, workspace, query), top_bar(title, workspace, query)

    @app.callback(
        Output(WORKER, "children"),
        Output({"type": COUNT, "page": ALL}, "children"),
        Output(NETWORK, "options"),
        Input(WORK, "data"),
        State(NETWORK, "value"),
        prevent_initial_call=True,
    )
    def follow_work(work: Mapping[str, Any], chosen: str | None) -> tuple[object, ...]:
        shown = [output["id"]["page"] for output in ctx.outputs_list[1]]
        counts = {page.name: page.count for page in pages if page.count}
        offered = [{"value": key, "label": text} for key, text in networks_offered(workspace, chosen)]
        return worker_state(work), [f"{counts[name](workspace)}" for name in shown], offered

    app.clientside_callback(
        ClientsideFunction("frame", "showTitle"), Output(TITLE, "modified_timestamp"), Input(TITLE, "data")
    )


def read_query(search: str) -> dict[str, str]:
    """Return the selection that an address holds; of a name that stands there twice, the last."""
    query = dict(parse_qsl(search.removeprefix("?"), keep_blank_values=True))
    query.pop("workspace", None)  # a layout's own argument, which no address may give
    return query


def find_page(pages: Sequence[Page], path: str) -> Page | None:
    """Return the page at ``path``; ``/`` is the first one."""
    if path == "/":
        return pages[0] if pages else None
    return next((page for page in pages if page.path == path.rstrip("/")), None)


def page_content(page: Page, workspace: Workspace, query: Mapping[str, str]) -> Component:
    """Build a page, or say why it can't be shown."""
    try:
        return page.layout(workspace, **query)
    except VibenchError as error:
        again = link_button("Start afresh", page.path, icon_name="arrow-clockwise")
        return error_state(error, title=f"{page.title} can't be shown", action=again)
    except Exception as error:  # noqa: BLE001 - whatever a page does, the frame stays and names the failure
        number = report(error, f"page {page.name}")
        return error_state(unexpected(number), title=f"{page.title} can't be shown")


def show_problem(error: Exception) -> None:
    """Show above the page what a callback raised; what the callback would have changed stays as it is."""
    if isinstance(error, VibenchError):
        set_props(PROBLEM, {"children": notice(str(error), tone="bad")})
    else:
        set_props(PROBLEM, {"children": notice(unexpected(report(error, "a callback")), tone="bad")})


def unexpected(number: str) -> str:
    """Return the sentence for a failure that nobody foresaw."""
    return f"Vibench made a mistake here. Its log tells more under the number {number}; please report both."


def not_found(pages: Sequence[Page]) -> Component:
    """Build the page for an address that leads nowhere."""
    action = link_button(f"Go to {pages[0].title}", pages[0].path, icon_name=pages[0].icon) if pages else None
    return empty_state("search", "No page of Vibench has this address.", title="Nothing here", action=action)


def navigation(
    pages: Sequence[Page], current: Page | None, workspace: Workspace, query: Mapping[str, str]
) -> list[Component]:
    """Build the list of pages, each link carrying the selection along, and the facts at its foot."""
    kept = {name: query[name] for name in SELECTION if query.get(name)}
    suffix = f"?{urlencode(kept, safe='/')}" if kept else ""
    brand = html.Div([icon("soundwave", tone="accent"), html.Span("Vibench", className="word")], className="brand")
    items = [html.Li(_navigation_link(page, page is current, workspace, suffix)) for page in pages]
    return [html.Div([brand, html.Ul(items), navigation_foot(workspace)], className="nav-content")]


def _navigation_link(page: Page, is_current: bool, workspace: Workspace, suffix: str) -> dcc.Link:
    count = page.count(workspace) if page.count else None
    parts = [icon(page.icon), html.Span(page.title, className="word")]
    if count is not None:
        parts.append(html.Span(f"{count}", id={"type": COUNT, "page": page.name}, className="count word"))
    names = "nav-link current" if is_current else "nav-link"
    return dcc.Link(parts, href=page.path + suffix, className=names, title=page.title)


def navigation_foot(workspace: Workspace) -> html.Div:
    """Say what works and computes here, as it is now."""
    threads = workspace.settings.threads
    facts = [
        f"ONNX Runtime {version('onnxruntime')}",
        f"{threads} thread{'' if threads == 1 else 's'} a network",
        "PyTorch loaded" if "torch" in sys.modules else "PyTorch not loaded",
    ]
    lines = html.Div([html.Div(fact) for fact in facts], className="word")
    worker = html.Div(worker_state(jobs_now(workspace)[1]), id=WORKER)
    return html.Div([worker, lines], className="nav-foot", title=", ".join(facts))


def top_bar(title: str, workspace: Workspace, query: Mapping[str, str]) -> list[Component]:
    """Build the page's title and the two menus that choose what the address selects."""
    recordings = [(row.id, row.name) for row in workspace.recordings.list()]
    chosen, network = query.get("recording"), query.get("model")
    return [
        html.H1(title),
        _menu(RECORDING, "Recording", offered(recordings, chosen, without="none chosen"), chosen),
        _menu(NETWORK, "Network", networks_offered(workspace, network), network),
    ]


def networks_offered(workspace: Workspace, chosen: str | None) -> list[Option]:
    """Return what the menu of the networks offers."""
    names = [variant.full_name for variant in workspace.variants.list()]
    return offered([(name, name.replace("/", " / ")) for name in names], chosen, without="default")


def offered(options: Sequence[Option], chosen: str | None, *, without: str) -> list[Option]:
    """Return what a menu offers: nothing, which is called ``without``, the first `OFFERED`, and what is chosen."""
    shown = [option for number, option in enumerate(options) if number < OFFERED or option[0] == chosen]
    return [(NONE, without), *shown]


def _menu(component_id: str, label: str, options: Sequence[Option], chosen: str | None) -> Component:
    known = chosen if any(value == chosen for value, _ in options) else NONE
    return inline_select(component_id, label, options, value=known, class_name="menu", size="sm")
