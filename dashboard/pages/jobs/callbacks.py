"""What the page does: it follows the jobs, and starts one again."""

from collections.abc import Mapping

from dash import MATCH, Dash, Input, Output, State, ctx, no_update

from dashboard.components import JOBS_REVISION
from dashboard.components.address import ADDRESS
from dashboard.pages.jobs import layout as page
from dashboard.pages.jobs.address import View
from dashboard.pages.jobs.listing import RETRY
from dashboard.work import WORK, tell_jobs
from workspace.workspace import Workspace


def register(app: Dash, workspace: Workspace) -> None:
    """Connect the page to the workspace; ``create_app`` calls this once."""

    @app.callback(
        Output(page.RUNNING, "children"),
        Output(page.OTHERS, "children"),
        Output(page.SHOWN, "data"),
        Input(JOBS_REVISION, "data"),
        State(page.SHOWN, "data"),
        State(ADDRESS, "search"),
        prevent_initial_call=True,
    )
    def follow_jobs(_revision: int, shown: str | None, search: str | None) -> tuple[object, ...]:
        view = View.of_address(search)
        jobs = page.jobs_of(workspace, view)
        running = page.running(workspace, jobs, view)
        stamp = jobs.stamp()
        if stamp == shown:  # only progress was made: the lists, and whatever somebody does in them, stay as they are
            return running, no_update, no_update
        return running, page.others(workspace, jobs, view), stamp

    @app.callback(Output(page.NEWS, "children"), Input(WORK, "data"), prevent_initial_call=True)
    def follow_worker(work: Mapping[str, bool]) -> object:
        return page.news(worker=work["worker"])

    @app.callback(
        Output({"type": RETRY, "job": MATCH}, "disabled"),
        Input({"type": RETRY, "job": MATCH}, "n_clicks"),
        prevent_initial_call=True,
    )
    def retry(clicks: int | None) -> object:
        if not clicks or not isinstance(ctx.triggered_id, Mapping):
            return no_update
        workspace.jobs.retry(str(ctx.triggered_id["job"]))
        tell_jobs(workspace)
        return True
