"""The pages, in the order of the navigation.

A new page is a folder and one row in `PAGES`::

    pages/spectrum/layout.py      every id of the page, and ``layout(workspace, *, recording="", **_)``
    pages/spectrum/figures.py     pure functions from data to ``go.Figure``
    pages/spectrum/callbacks.py   ``register(app, workspace)``

    from dashboard.pages.spectrum import callbacks as spectrum_callbacks, layout as spectrum_layout

    Page("spectrum", "Spectrum", "/spectrum", "activity", spectrum_layout.layout, spectrum_callbacks.register)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dash import Dash
from dash.development.base_component import Component

from dashboard.pages.benchmark import callbacks as benchmark_callbacks
from dashboard.pages.benchmark import layout as benchmark_layout
from dashboard.pages.diagnose import callbacks as diagnose_callbacks
from dashboard.pages.diagnose import layout as diagnose_layout
from dashboard.pages.jobs import callbacks as jobs_callbacks
from dashboard.pages.jobs import layout as jobs_layout
from dashboard.pages.models import callbacks as models_callbacks
from dashboard.pages.models import layout as models_layout
from dashboard.pages.optimise import callbacks as optimise_callbacks
from dashboard.pages.optimise import layout as optimise_layout
from dashboard.pages.recordings import callbacks as recordings_callbacks
from dashboard.pages.recordings import layout as recordings_layout
from dashboard.pages.system import callbacks as system_callbacks
from dashboard.pages.system import layout as system_layout
from workspace.workspace import Workspace


class Layout(Protocol):
    """Builds a page's content; called at every visit with the query of its address, each value a text."""

    def __call__(self, workspace: Workspace, **query: str) -> Component:
        """Return the content, from an address such as ``/diagnose?recording=ID``."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the dashboard.

    Attributes
    ----------
    name : str
        Its folder.
    title : str
        In the navigation, the top bar and the browser's tab.
    path : str
        Its address, which holds the selection as a query.
    icon : str
        One of `dashboard.components.icons.NAMES`.
    layout : callable
        Takes the workspace and the query, and builds the content; a `VibenchError` that it raises becomes the page.
    register : callable
        Connects the callbacks; called once, by `create_app`.
    count : callable, optional
        How many things the page holds, shown beside its title in the navigation.
    """

    name: str
    title: str
    path: str
    icon: str
    layout: Layout
    register: Callable[[Dash, Workspace], None]
    count: Callable[[Workspace], int] | None = None


PAGES: tuple[Page, ...] = (
    Page(
        "recordings",
        "Recordings",
        "/recordings",
        "hdd-stack",
        recordings_layout.layout,
        recordings_callbacks.register,
        count=recordings_layout.count_of,
    ),
    Page("diagnose", "Diagnose", "/diagnose", "activity", diagnose_layout.layout, diagnose_callbacks.register),
    Page(
        "models",
        "Models",
        "/models",
        "diagram-3",
        models_layout.layout,
        models_callbacks.register,
        count=models_layout.count_of,
    ),
    Page("optimise", "Optimise", "/optimise", "sliders", optimise_layout.layout, optimise_callbacks.register),
    Page("benchmark", "Benchmark", "/benchmark", "speedometer2", benchmark_layout.layout, benchmark_callbacks.register),
    Page("jobs", "Jobs", "/jobs", "list-ol", jobs_layout.layout, jobs_callbacks.register, count=jobs_layout.count_of),
    Page("system", "System", "/system", "cpu", system_layout.layout, system_callbacks.register),
)
