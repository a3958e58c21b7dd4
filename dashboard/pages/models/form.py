"""The form that asks for a variant: a pass, its parameters, and what to calibrate on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.components.words import plain_number
from dashboard.pages.models import ids
from dashboard.pages.models.calibration import Candidates, recordings_choice
from engine.errors import PassNotApplicableError
from engine.variant import Variant
from optimization.calibration import WINDOWS
from optimization.command import typed
from optimization.passes import PASSES, Pass
from optimization.passes.parameters import Parameter, parameters_of
from optimization.recipe import MOST_WINDOWS
from workspace.jobs.job import Job

#: More choices than these, or longer words, are a menu.
SEGMENTS, SEGMENTS_LETTERS = 4, 20
FLAG = (("true", "On"), ("false", "Off"))
#: What the form begins with, where one of them fits: what most variants are made by.
FIRST = ("export_onnx", "quantize_static")


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form holds before anybody touches it.

    Attributes
    ----------
    pass_name : str
        Which pass is chosen.
    parameters : mapping of str to object
        Those of its parameters that are not at their default, as plain JSON.
    recordings : tuple of str
        Ids of the recordings to calibrate on; empty for simulated ones.
    windows : int
        How many to calibrate on.
    resample : bool
        Whether recordings of other rates may be taken.
    name : str
        For the result; empty for the pass's own.
    """

    pass_name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    recordings: tuple[str, ...] = ()
    windows: int = WINDOWS
    resample: bool = False
    name: str = ""


def fitting(variant: Variant) -> tuple[list[type[Pass]], list[str]]:
    """Return the passes that can be run on a variant, and of the others why they can't."""
    fit, reasons = [], []
    for kind in PASSES.values():
        try:
            kind().requires(variant)
        except PassNotApplicableError as error:
            reasons.append(str(error))
        else:
            fit.append(kind)
    return fit, reasons


def filled(fit: Sequence[type[Pass]], asked: str, job: Job | None) -> Filled:
    """Say how to fill the form: as a job was asked for, or else with the defaults of a pass.

    Parameters
    ----------
    fit : sequence of Pass classes
        Those to choose from, at least one.
    asked : str
        Name of the one to begin with; if it is not among them, one of `FIRST`, or else the first.
    job : Job or None
        Which made, or was to make, a variant of the same one.
    """
    names = [kind.name for kind in fit]
    if job is None or len(job.parameters["recipe"]) != 1 or job.parameters["recipe"][0]["pass"] not in names:
        usual = next((name for name in FIRST if name in names), names[0])
        return Filled(asked if asked in names else usual)
    (step,) = job.parameters["recipe"]
    said = job.parameters
    return Filled(
        step["pass"],
        step["parameters"],
        tuple(said["calibration"]),
        said["windows"],
        said["resample"],
        said["name"] or "",
    )


def form(fit: Sequence[type[Pass]], state: Filled, found: Candidates, variant: Variant) -> html.Div:
    """Build the form.

    Parameters
    ----------
    fit : sequence of Pass classes
        Those to choose from.
    state : Filled
        How it is filled.
    found : Candidates
        Recordings to calibrate on or to learn from.
    variant : Variant
        That it starts from.
    """
    kind = PASSES[state.pass_name]
    own = bool(state.recordings)
    recordings = recordings_choice(found, variant.card, state.recordings, resample=state.resample) if own else None
    return html.Div(
        [
            html.Div([pass_field(fit, kind), name_field(kind().name_after(variant), state.name)], className="fields"),
            html.Div(parameter_fields(kind, state.parameters), id=ids.PARAMETERS, className="fields"),
            html.Div(
                [
                    html.Div(
                        [source_field(own=own), windows_field(state.windows, needed=kind.calibrates)],
                        className="fields",
                    ),
                    html.Div(recordings, id=ids.RECORDINGS, className="calibration-choice", hidden=not own),
                    html.Div(
                        resample_field(on=state.resample),
                        id=ids.RESAMPLE_PLACE,
                        hidden=not own or not found.others,
                    ),
                ],
                id=ids.CALIBRATION,
                className="calibration",
                hidden=not takes_recordings(kind),
            ),
        ],
        id=ids.FORM,
        className="making-form",
    )


def pass_field(fit: Sequence[type[Pass]], chosen: type[Pass]) -> html.Div:
    """Ask for the pass."""
    asked = ui.select_field(ids.PASS, "Pass", [(kind.name, kind.title) for kind in fit], value=chosen.name)
    return html.Div([asked, html.Div(chosen.summary, id=ids.PASS_HELP, className="help")], className="field")


def takes_recordings(kind: type[Pass]) -> bool:
    """Whether a pass reads ranges from recordings or learns from them."""
    return kind.calibrates or kind.learns


def name_field(usual: str, name: str) -> html.Div:
    """Ask for the result's name; ``usual`` is what it gets otherwise."""
    return ui.text_field(
        ids.NAME,
        "Name of the result",
        value=name,
        placeholder=usual,
        help_text="Left empty, it gets the next free name of its kind.",
        debounce=False,
        maxLength=64,
    )


def parameter_fields(kind: type[Pass], values: Mapping[str, Any]) -> list[html.Div]:
    """Build a control for each parameter of a pass, with the sentence that explains it."""
    return [
        parameter_field(kind.name, known, typed(values.get(known.name, known.default))) for known in parameters_of(kind)
    ]


def parameter_field(pass_name: str, known: Parameter, value: str) -> html.Div:
    """Build the control of one parameter, filled with a value as text."""
    control_id: Any = ids.parameter(pass_name, known.name)
    if known.kind == "flag":
        return asked_by_segments(known, ui.segmented(control_id, known.title, FLAG, value=value))
    if known.kind == "choice":
        options = [(one, one) for one in known.choices]
        if len(options) <= SEGMENTS and sum(map(len, known.choices)) <= SEGMENTS_LETTERS:
            return asked_by_segments(known, ui.segmented(control_id, known.title, options, value=value))
        shown = [{"value": one, "label": one} for one in known.choices]
        return labelled(known, dbc.Select(id=control_id, options=shown, value=value))
    mode = {"whole": "numeric", "number": "decimal"}.get(known.kind, "text")
    control = dbc.Input(
        id=control_id,
        value=value,
        type="text",
        inputmode=mode,
        autocomplete="off",
        debounce=False,
        placeholder="none" if known.kind == "names" else typed(known.default),
    )
    return labelled(known, control, bounds(known))


def asked_by_segments(known: Parameter, control: html.Div) -> html.Div:
    """Put a title above a group of segments, which says its name itself, and a note below."""
    title = html.Div(known.title, className="field-label", **aria(hidden="true"))
    return html.Div([title, control, html.Div(known.help, className="help")], className="field")


def labelled(known: Parameter, control: Component, unit: str = "") -> html.Div:
    """Put a title above a control, which belongs to it because it holds it, and a note below."""
    inner = html.Div([control, html.Span(unit, className="unit") if unit else None], className="control")
    label = html.Label([html.Span(known.title), inner], className="field")
    return html.Div([label, html.Div(known.help, className="help")], className="field")


def bounds(known: Parameter) -> str:
    """Say between which numbers a parameter must lie."""
    if known.low is not None and known.high is not None:
        return f"{plain_number(known.low)} to {plain_number(known.high)}"
    if known.low is not None:
        return f"at least {plain_number(known.low)}"
    return "" if known.high is None else f"at most {plain_number(known.high)}"


def source_field(*, own: bool) -> html.Div:
    """Ask what to calibrate on or to learn from."""
    options = [(ids.SIMULATED, "Simulated"), (ids.OWN, "Recordings")]
    title = html.Div("Use", className="field-label", **aria(hidden="true"))
    control = ui.segmented(ids.SOURCE, "Use", options, value=ids.OWN if own else ids.SIMULATED)
    sentence = "To read ranges from or to learn from. A quarter of your recordings is left to prove with."
    return html.Div([title, control, html.Div(sentence, className="help")], className="field")


def windows_field(windows: int, *, needed: bool) -> html.Div:
    """Ask for the number of windows, where ranges are read from them."""
    field = ui.text_field(
        ids.WINDOWS,
        "Windows",
        value=str(windows),
        unit=f"1 to {MOST_WINDOWS}",
        help_text="More takes longer and rarely changes a verdict.",
        inputmode="numeric",
        debounce=False,
    )
    return html.Div(field, id=ids.WINDOWS_PLACE, hidden=not needed)


def resample_field(*, on: bool) -> dbc.Checklist:
    """Ask whether recordings of other rates may be taken."""
    option = {"value": "yes", "label": "Resample recordings of other rates"}
    return dbc.Checklist(id=ids.RESAMPLE, options=[option], value=["yes"] if on else [], className="checks")
