"""What the page works out in other processes: what a variant costs, and what the form would give."""

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from dashboard.pages.models import ids
from dashboard.pages.models.costs import costs, not_counted
from dashboard.pages.models.following import KERNELS
from dashboard.pages.models.preflight import failed, told
from dashboard.work import tell_jobs
from engine.errors import VibenchError
from optimization.recipe import Recipe
from workspace.reckoning import OvertakenError, Reckoner, Task, forecast_task
from workspace.workspace import Workspace


def register_reckoned(app: Dash, workspace: Workspace) -> None:
    """Fill in what takes some seconds, as soon as it is there."""
    reckoner = Reckoner(workspace.folder)
    register_costs(app, workspace, reckoner)
    register_forecast(app, workspace, reckoner)


def register_costs(app: Dash, workspace: Workspace, reckoner: Reckoner) -> None:
    """Count what the shown variant costs, where that is not known yet."""

    @app.callback(Output(ids.COSTS, "children"), Input(ids.SHOWN, "data"), State(ids.TAB, "data"))
    def count(name: str, tab: str) -> object:
        task = Task(workspace.variants.find(name))
        if reckoner.kept(task) is not None:  # it is on the page
            return no_update
        try:
            return costs(reckoner.ask(task, f"{tab} costs"))
        except OvertakenError as error:
            raise PreventUpdate from error
        except VibenchError as error:
            return not_counted(error)


def register_forecast(app: Dash, workspace: Workspace, reckoner: Reckoner) -> None:
    """Foretell what the form would give while it is filled in, and measure what that rests on."""

    @app.callback(
        Output(ids.FORECAST, "children"),
        Input(ids.ASKED, "data"),
        Input(ids.FORECAST_BATCH, "value"),
        Input(ids.KERNELS, "data"),
        State(ids.TAB, "data"),
        running=[(Output(ids.PREFLIGHT, "className"), "preflight working", "preflight")],
        prevent_initial_call=True,
    )
    def foretell(asked: Mapping[str, Any] | None, batch: str, kernels: str, tab: str) -> object:
        if asked is None:  # the form says what is wrong
            return None
        try:
            variant, recipe = workspace.variants.find(asked["variant"]), Recipe.from_json(asked["recipe"])
            said = reckoner.ask(forecast_task(workspace, variant, recipe, int(batch)), f"{tab} forecast")
        except OvertakenError as error:
            raise PreventUpdate from error
        except VibenchError as error:
            return failed(error)
        return told(said, measuring=kernels == "measuring")

    @app.callback(
        Output(ids.MEASURE_KERNELS, "disabled"), Input(ids.MEASURE_KERNELS, "n_clicks"), prevent_initial_call=True
    )
    def measure(clicks: int | None) -> object:
        if not clicks:
            return no_update
        workspace.jobs.submit(KERNELS, {})
        tell_jobs(workspace)
        return True
