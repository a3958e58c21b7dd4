"""What the page does: each callback reads its inputs, calls one function below, and returns components."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import ALL, MATCH, Dash, Input, Output, State, ctx, no_update

from dashboard.components import JOBS_REVISION, command_words, notice
from dashboard.components.address import ADDRESS
from dashboard.pages.models import ids
from dashboard.pages.models.address import View
from dashboard.pages.models.calibration import chosen_ids, count_text, offered, recordings_choice
from dashboard.pages.models.following import being_made, jobs_of, kernels_state
from dashboard.pages.models.form import parameter_fields, takes_recordings
from dashboard.pages.models.layout import sizes_card, tree_signature
from dashboard.pages.models.lineage import families, parent_of
from dashboard.pages.models.making import already, jobs_shown
from dashboard.pages.models.reckoned import register_reckoned
from dashboard.pages.models.removal import confirmation
from dashboard.pages.models.request import Request
from dashboard.pages.models.tree import tree
from dashboard.work import WORK, tell_jobs
from engine.errors import RecipeError, VibenchError
from optimization.passes import PASSES
from workspace.seeding import comes_back
from workspace.workspace import Workspace

#: Everything that the form holds, in the order in which `request_of` takes it.
CONTROLS = (
    (ids.PASS, "value"),
    ({"type": ids.PARAMETER, "pass": ALL, "name": ALL}, "value"),
    (ids.SOURCE, "value"),
    ({"type": ids.RECORDINGS_OF, "label": ALL}, "value"),
    (ids.RESAMPLE, "value"),
    (ids.WINDOWS, "value"),
    (ids.NAME, "value"),
)
PARAMETER_IDS = State({"type": ids.PARAMETER, "pass": ALL, "name": ALL}, "id")


def register(app: Dash, workspace: Workspace) -> None:
    """Connect the page to the workspace; ``create_app`` calls this once."""
    register_form(app, workspace)
    register_recordings(app, workspace)
    register_request(app, workspace)
    register_jobs(app, workspace)
    register_removal(app, workspace)
    register_reckoned(app, workspace)


def register_form(app: Dash, workspace: Workspace) -> None:
    """Show the parameters of the pass that is chosen."""

    @app.callback(
        Output(ids.PARAMETERS, "children"),
        Output(ids.PASS_HELP, "children"),
        Output(ids.CALIBRATION, "hidden"),
        Output(ids.WINDOWS_PLACE, "hidden"),
        Output(ids.NAME, "placeholder"),
        Input(ids.PASS, "value"),
        State(ids.SHOWN, "data"),
        prevent_initial_call=True,
    )
    def choose_pass(name: str, shown: str) -> tuple[object, ...]:
        kind = PASSES[name]
        usual = kind().name_after(workspace.variants.find(shown))
        return parameter_fields(kind, {}), kind.summary, not takes_recordings(kind), not kind.calibrates, usual


def register_recordings(app: Dash, workspace: Workspace) -> None:
    """Offer the workspace's recordings, label by label."""
    lists = {"type": ids.RECORDINGS_OF, "label": ALL}

    @app.callback(
        Output(ids.RECORDINGS, "children"),
        Output(ids.RECORDINGS, "hidden"),
        Output(ids.RESAMPLE_PLACE, "hidden"),
        Input(ids.SOURCE, "value"),
        Input(ids.RESAMPLE, "value"),
        State(lists, "value"),
        State(ids.SHOWN, "data"),
        prevent_initial_call=True,
    )
    def offer(source: str, resample: Sequence[str] | None, values: list[list[str] | None], name: str) -> object:
        if source != ids.OWN:
            return no_update, True, True
        found, card, chosen = offered(workspace, name, values)
        return recordings_choice(found, card, chosen, resample=bool(resample)), False, not found.others

    @app.callback(
        Output({"type": ids.RECORDINGS_OF, "label": MATCH}, "value"),
        Output({"type": ids.ALL_OF, "label": MATCH}, "value"),
        Output({"type": ids.COUNT_OF, "label": MATCH}, "children"),
        Input({"type": ids.RECORDINGS_OF, "label": MATCH}, "value"),
        Input({"type": ids.ALL_OF, "label": MATCH}, "value"),
        State({"type": ids.RECORDINGS_OF, "label": MATCH}, "options"),
        State({"type": ids.ALL_OF, "label": MATCH}, "id"),
        prevent_initial_call=True,
    )
    def keep_together(
        chosen: list[str] | None, every: list[str] | None, options: list[dict[str, Any]], of: Mapping[str, str]
    ) -> tuple[object, ...]:
        allowed = [option["value"] for option in options if not option["disabled"]]
        if isinstance(ctx.triggered_id, Mapping) and ctx.triggered_id["type"] == ids.ALL_OF:
            chosen = allowed if every else []
        chosen = chosen or []
        whole = [of["label"]] if allowed and len(chosen) == len(allowed) else []
        return chosen, whole, count_text(len(chosen), len(options))


def register_request(app: Dash, workspace: Workspace) -> None:
    """Say the form as a command while it is filled in, and start the job."""

    @app.callback(
        Output(ids.COMMAND, "children"),
        Output(ids.MESSAGE, "children"),
        Output(ids.ASKED, "data"),
        *(Input(*control) for control in CONTROLS),
        PARAMETER_IDS,
        State(ids.SHOWN, "data"),
        State(ids.ASKED, "data"),
    )
    def say_command(*answers: Any) -> tuple[object, ...]:
        *form, before = answers
        try:
            request = request_of(workspace, form)
        except RecipeError as error:
            return "", notice(str(error), tone="bad"), None
        asked = {"variant": request.variant, "recipe": request.parameters()["recipe"]}
        return command_words(request.command()), None, no_update if asked == before else asked

    @app.callback(
        Output(ids.MESSAGE, "children", allow_duplicate=True),
        Output(ADDRESS, "search", allow_duplicate=True),
        Input(ids.START, "n_clicks"),
        State(ADDRESS, "search"),
        *(State(*control) for control in CONTROLS),
        PARAMETER_IDS,
        State(ids.SHOWN, "data"),
        running=[(Output(ids.START, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def start(clicks: int | None, address: str | None, *answers: Any) -> tuple[object, object]:
        if not clicks:
            return no_update, no_update
        view = View.of_address(address)
        try:
            request = request_of(workspace, answers)
            submitted = workspace.jobs.submit("optimize", request.parameters())
        except VibenchError as error:
            return notice(str(error), tone="bad"), no_update
        if submitted.found:
            return already(submitted.job, workspace.variants.list(), view), no_update
        tell_jobs(workspace)
        return no_update, view.showing(request.variant, job=submitted.job.id).query()


def request_of(workspace: Workspace, answers: Sequence[Any]) -> Request:
    """Read the controls, in the order of `CONTROLS`, then the ids of the parameters and the variant's full name.

    Raises
    ------
    RecipeError
        If a value can't be.
    ModelNotFoundError
        If the variant was removed meanwhile.
    """
    name, values, source, recordings, resample, windows, called, parameter_ids, variant = answers
    typed = {
        one["name"]: str(value or "")
        for one, value in zip(parameter_ids, values, strict=True)
        if one["pass"] == name  # the controls of the pass chosen before may still be there
    }
    return Request.of_form(
        workspace.variants.find(str(variant)),
        str(name),
        typed,
        recordings=chosen_ids(recordings) if source == ids.OWN else None,
        windows=str(windows or ""),
        resample=bool(resample),
        name=str(called or ""),
    )


def register_jobs(app: Dash, workspace: Workspace) -> None:
    """Follow the jobs that make variants, and show what they have made."""

    @app.callback(
        Output(ids.JOBS, "children"),
        Output(ids.TREE, "children"),
        Output(ids.SIZES_CARD, "children"),
        Output(ids.FOLLOWED, "data"),
        Output(ids.KERNELS, "data"),
        Input(JOBS_REVISION, "data"),
        Input(WORK, "data"),
        State(ids.FOLLOWED, "data"),
        State(ids.SHOWN, "data"),
        State(ids.KERNELS, "data"),
        State(ADDRESS, "search"),
        prevent_initial_call=True,
    )
    def follow(
        _revision: int, _work: object, followed: Mapping[str, Any], name: str, kernels: str, address: str | None
    ) -> object:
        view, variants = View.of_address(address), workspace.variants.list()
        variant = next((one for one in variants if one.full_name == name), None)
        if variant is None:  # removed in another window
            return (no_update,) * 5
        jobs = jobs_of(workspace, variant, followed["jobs"], variants)
        making = being_made(workspace, variants)
        signature, seen = tree_signature(variants, making), followed["tree"]
        shown = jobs_shown(jobs, variants, view, worker=workspace.jobs.worker_alive())
        kept = {"jobs": [job.id for job in jobs], "tree": signature}
        return (
            shown,
            tree(families(variants), name, view, making) if signature != seen else no_update,
            sizes_card(variants, variant) if signature[0] != seen[0] else no_update,
            kept if kept != followed else no_update,
            no_update if (by_now := kernels_state(workspace)) == kernels else by_now,
        )


def register_removal(app: Dash, workspace: Workspace) -> None:
    """Remove a variant, after asking once more."""

    @app.callback(
        Output(ids.CONFIRMATION, "children"),
        Input(ids.REMOVE, "n_clicks"),
        State(ids.SHOWN, "data"),
        prevent_initial_call=True,
    )
    def ask(clicks: int | None, name: str) -> object:
        if not clicks:
            return no_update
        variants = workspace.variants.list()
        variant = next((one for one in variants if one.full_name == name), None)
        if variant is None:  # removed in another window
            return no_update
        return confirmation(variant, variants, comes_back=comes_back(variant))

    @app.callback(
        Output(ids.CONFIRMATION, "children", allow_duplicate=True),
        Input(ids.KEEP, "n_clicks"),
        prevent_initial_call=True,
    )
    def keep(clicks: int | None) -> object:
        return None if clicks else no_update

    @app.callback(
        Output(ADDRESS, "search", allow_duplicate=True),
        Input(ids.REMOVE_FOR_GOOD, "n_clicks"),
        State(ids.SHOWN, "data"),
        State(ADDRESS, "search"),
        prevent_initial_call=True,
    )
    def remove(clicks: int | None, name: str, address: str | None) -> object:
        if not clicks:
            return no_update
        parent = parent_of(workspace.variants.find(name), workspace.variants.list())
        workspace.variants.remove(name)
        return View.of_address(address).showing("" if parent is None else parent.full_name).query()
