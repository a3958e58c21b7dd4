"""The form that asks for what a file leaves open, and for nothing else until the user wants to edit."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components import button, segmented, select_field, text_field
from dashboard.components.words import LABEL_TITLES, counted, unit_text
from dashboard.pages.recordings import ids
from dashboard.pages.recordings.answers import text_of
from dashboard.pages.recordings.known import channels_to_choose
from engine.bearings import BEARINGS
from engine.description import LABELS, Description
from engine.signal import UNITS
from workspace.recording import RecordingRow

SEGMENTS = 4  #: more channels than this are offered in a menu
OPTIONAL = "Optional, for the fault lines"


def form(row: RecordingRow, known: Description, rigs: Sequence[str]) -> html.Div:
    """Ask for what is missing; what is known is asked for only once the user wants to edit it."""
    bearing = suggesting_field("bearing", "Bearing", known, sorted(BEARINGS), OPTIONAL)
    unit = select_field(
        ids.answer_of("unit"),
        "Unit",
        unit_options(),
        value=text_of(known, "unit") or ids.NOT_SAID,
        help_text="May stay unknown",
    )
    questions = [
        question(known, "sampling_rate_hz", rate_field(row, known)),
        question(known, "shaft_rpm", speed_field(known)),
        question(known, "bearing", bearing),
        question(known, "unit", unit),
    ]
    cancel = html.Div(
        [html.H3("Edit"), button("Cancel", small=True, id=ids.CANCEL, next_id=ids.EDIT)],
        className="known-head edit-head",
    )
    return html.Div(
        [cancel, html.Div(questions, className="fields"), more_fields(known, rigs), channel_field(row, known)],
        id=ids.FORM,
        className="recording-form",
    )


def more_fields(known: Description, rigs: Sequence[str]) -> html.Details:
    """Ask for what no diagnosis needs, folded up."""
    label = select_field(
        ids.answer_of("label"), "Label", label_options(), value=text_of(known, "label") or ids.NOT_SAID
    )
    specimen = text_field(
        ids.answer_of("specimen"),
        "Specimen",
        value=text_of(known, "specimen"),
        help_text="Which one, by any name",
        debounce=False,
    )
    questions = [
        question(known, "label", label),
        question(known, "rig", suggesting_field("rig", "Machine", known, rigs)),
        question(known, "specimen", specimen),
    ]
    return html.Details(
        [html.Summary("Label, machine, specimen"), html.Div(questions, className="fields")], id=ids.MORE
    )


def question(known: Description, name: str, control: Component) -> html.Div:
    """Mark a control whose answer is known, so that the style sheet hides it until it is to be edited."""
    return html.Div(control, className="question" if getattr(known, name) is None else "question known")


def rate_field(row: RecordingRow, known: Description) -> Component:
    """Ask for the sampling rate."""
    missing = "sampling_rate_hz" in row.missing
    return text_field(
        ids.answer_of("sampling_rate_hz"),
        "Rate",
        value=text_of(known, "sampling_rate_hz"),
        unit="Hz",
        help_text="Missing in the file" if missing else None,
        inputmode="decimal",
        debounce=False,
        required=missing,
    )


def speed_field(known: Description) -> Component:
    """Ask for the shaft speed."""
    return text_field(
        ids.answer_of("shaft_rpm"),
        "Shaft speed",
        value=text_of(known, "shaft_rpm"),
        unit="rpm",
        help_text=OPTIONAL,
        inputmode="decimal",
        debounce=False,
    )


def suggesting_field(
    name: str, label: str, known: Description, suggestions: Sequence[str], help_text: str | None = None
) -> Component:
    """Ask for a name that may be new, offering those that are known."""
    control = ids.answer_of(name)
    asked = text_field(
        control, label, value=text_of(known, name), help_text=help_text, debounce=False, list=f"{control}-known"
    )
    return html.Div([asked, html.Datalist([html.Option(value=one) for one in suggestions], id=f"{control}-known")])


def channel_field(row: RecordingRow, known: Description) -> html.Div:
    """Ask which channel to diagnose; the signal below is of the channel that is chosen here."""
    control, chosen = ids.answer_of("channel"), known.channel or ""
    channels = channels_to_choose(row)
    options = [(channel.name, channel.name) for channel in channels]
    others = len(row.channels) - len(channels)
    if len(channels) <= SEGMENTS:
        asked = html.Div(
            [
                html.Div("Channel", className="field-label"),
                segmented(control, "Channel", options, value=chosen or None),
            ],
            className="field",
        )
    else:
        asked = select_field(
            control,
            "Channel",
            options if chosen else [(ids.NOT_SAID, "Choose one"), *options],
            value=chosen or ids.NOT_SAID,
        )
    if "channel" in row.missing:
        help_text = "Choose the one to diagnose. The others stay in the file."
    else:
        samples = next((channel.samples for channel in channels if channel.name == chosen), 0)
        help_text = f"{counted(samples, 'sample')}. {'The others stay in the file.' if len(row.channels) > 1 else ''}"
    if others:
        help_text += (
            f" {counted(others, 'further channel')} hold no vibration."
            if others > 1
            else " One more holds no vibration."
        )
    names = "channel-question" if len(channels) > 1 else "channel-question single"
    return html.Div([asked, html.Div(help_text.strip(), className="help")], className=names)


def unit_options() -> list[tuple[str, str]]:
    """Return the units to choose from."""
    return [(ids.NOT_SAID, "unknown"), *((unit, unit_text(unit)) for unit in UNITS)]


def label_options() -> list[tuple[str, str]]:
    """Return the labels to choose from."""
    return [(ids.NOT_SAID, "not labelled"), *((label, LABEL_TITLES[label]) for label in LABELS)]
