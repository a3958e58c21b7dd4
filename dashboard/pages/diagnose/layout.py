"""What the page is built of: from a selection to skeletons, from an examination to panels."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.components.spectra import envelope_figure, envelope_note, spectrum_figure, spectrum_note
from dashboard.components.waveform import Row, waveform_source
from dashboard.components.words import ORIGINS, counted, missing_text, rate_text, seconds_text, unit_text
from dashboard.pages.diagnose import figures, verdict
from dashboard.pages.diagnose.examination import Examination, Selection, variant_named
from dashboard.pages.diagnose.figures import Strip
from dashboard.pages.diagnose.runs import Difference, differences, runs_of, spans_around
from dashboard.pages.diagnose.wording import CAUTION_TITLES, envelope_label
from engine.errors import ModelError, VibenchError
from engine.runtimes import RUNTIMES
from workspace.recording import RecordingRow
from workspace.workspace import Workspace

SELECTION = "diagnose-selection"
RESULT = "diagnose-result"
WAVEFORM = "diagnose-waveform"
PLACES = "diagnose-places"
ZOOM = "diagnose-zoom"
ENVELOPE = "diagnose-envelope"
SPECTRUM = "diagnose-spectrum"

PATH = "/diagnose"
#: Recordings offered where none is chosen; the menu in the top bar has the others.
OFFERED = 8
#: A recording whose signal is all but Gaussian has this kurtosis.
GAUSS = 3


def layout(workspace: Workspace, *, recording: str = "", model: str = "", against: str = "", **_: str) -> Component:
    """Build the page: at once what is known without computing, the rest when `callbacks` has it."""
    if not recording:
        return choose_recording(workspace.recordings.list(), model)
    row = workspace.recordings.get(recording)
    if not is_ready(row):
        return unready(row)
    if not workspace.variants.list():
        sentence = "The networks that come with Vibench are added when it starts: stop it and start it again."
        return ui.empty_state("diagram-3", sentence, title="No network yet")
    variant = variant_named(workspace, model)
    selection = Selection(row.id, variant.full_name, against)
    asked = [other for other in workspace.variants.list() if other.full_name in (variant.full_name, against)]
    sentence = f"{variant.card.title} listens to {row.name}"
    if "torch" not in sys.modules and any(one.format == "safetensors" for one in asked):
        sentence = "PyTorch is being loaded, which takes some seconds the first time"
    return html.Div(
        [
            dcc.Store(id=SELECTION, data=asdict(selection)),
            html.Div(
                [ui.skeleton(height=56), ui.skeleton(height=168, sentence=sentence), ui.skeleton(height=352)],
                id=RESULT,
                className="stack",
            ),
        ]
    )


def choose_recording(rows: Sequence[RecordingRow], model: str) -> Component:
    """Ask for a recording, offering the newest that can be diagnosed, each by the network that the address names."""
    ready = [row for row in rows if is_ready(row)][:OFFERED]
    if not rows:
        add = ui.link_button("Add a recording", "/recordings", icon_name="upload", kind="primary")
        return ui.empty_state(
            "soundwave",
            "A diagnosis says what a network hears in a recording, and what the envelope shows beside it.",
            title="No recording yet",
            action=add,
        )
    if not ready:
        describe = ui.link_button("Go to Recordings", "/recordings", icon_name="pencil", kind="primary")
        sentence = f"{counted(len(rows), 'recording')} waiting to be described, the sampling rate for instance."
        return ui.empty_state("soundwave", sentence, title="None is ready", action=describe)
    cells = [
        ui.Row(
            [
                dcc.Link(row.name, href=PATH + Selection(row.id, model).query),
                row.description.bearing or "",
                "" if row.duration_s is None else seconds_text(row.duration_s),
            ]
        )
        for row in ready
    ]
    heads = [ui.Column("Recording"), ui.Column("Bearing"), ui.Column("Length", numeric=True)]
    return ui.card(
        ui.table(heads, cells, caption="Recordings that can be diagnosed"),
        title="Choose a recording",
        note="the newest ones; the menu above has all",
    )


def is_ready(row: RecordingRow) -> bool:
    """Whether all was said of a recording that a diagnosis needs."""
    return row.problem is None and not row.missing


def unready(row: RecordingRow) -> Component:
    """Say what keeps a recording from being diagnosed, and lead to where it can be told."""
    sentence = row.problem or f"Still missing: its {missing_text(row.missing)}."
    action = ui.link_button("Complete it", edit_address(row.id), icon_name="pencil", kind="primary")
    return ui.empty_state("soundwave", sentence, title=f"{row.name} is not ready", action=action)


def failure(error: VibenchError, selection: Selection) -> Component:
    """Say why there is no diagnosis, with what to do next."""
    action = ui.link_button("Look at the recording", edit_address(selection.recording), icon_name="pencil")
    if isinstance(error, ModelError):
        default = PATH + Selection(selection.recording, "").query
        action = ui.link_button("Use the default network", default, icon_name="arrow-clockwise")
    return ui.error_state(error, title="No diagnosis", action=action)


def edit_address(recording_id: str) -> str:
    """Return where a recording's description is edited."""
    return f"/recordings?{urlencode({'recording': recording_id})}"


def result(found: Examination) -> list[Component]:
    """Build everything that the page shows of an examined recording, from the top."""
    return [
        fact_strip(found),
        verdict.panels(found),
        *(caution_notices(found)),
        waveform_card(found),
        html.Div([envelope_card(found), spectrum_card(found)], className="side-by-side"),
        foot(found),
    ]


def fact_strip(found: Examination) -> Component:
    """Build the strip of what is known of the recording, and who said so."""
    recording, description, card = found.diagnosis.recording, found.description, found.variant.card
    origin = {name: ORIGINS.get(said, said) for name, said in description.origin.items()}
    speed_hz = found.signal.shaft_speed_hz
    speed = "unknown" if speed_hz is None else f"{speed_hz * 60:.6g} rpm"
    turns = "unknown" if speed_hz is None else f"{speed_hz * card.window_s:.1f} revolutions"
    bearing, unit = recording["bearing"], recording["unit"]
    facts = [
        ui.Fact("File", recording["name"], hint=f"SHA-256 {recording['sha256']}"),
        ui.Fact("Channel", recording["channel"]),
        ui.Fact("Unit", unit_text(unit) if unit else "unknown", known=unit is not None),
        ui.Fact("Rate", rate_text(recording["sampling_rate_hz"]), origin.get("sampling_rate_hz", "")),
        ui.Fact("Speed", speed, origin.get("shaft_rpm", ""), known=speed_hz is not None),
        ui.Fact("Bearing", bearing or "unknown", origin.get("bearing", ""), known=bearing is not None),
        ui.Fact(
            "Per window",
            turns,
            hint=f"A window of {card.title} is {card.window_s * 1e3:.0f} ms long.",
            known=speed_hz is not None,
        ),
    ]
    edit = ui.link_button("Edit", edit_address(found.row.id), icon_name="pencil", small=True)
    return ui.fact_strip(facts, action=edit, **aria(label="Recording"))


def caution_notices(found: Examination) -> list[Component]:
    """Build a notice for each reason to doubt the verdict."""
    notices: list[Component] = [
        ui.notice(caution.message, title=CAUTION_TITLES.get(caution.code)) for caution in found.diagnosis.cautions
    ]
    if found.diagnosis.recording["unit"] is None:
        sentence = "The level can't say whether the machine was running; the verdict does not depend on it."
        action = ui.link_button("Set unit", edit_address(found.row.id), small=True)
        notices.append(ui.notice(sentence, title="Unit unknown.", tone="muted", action=action))
    return notices


def waveform_card(found: Examination) -> Component:
    """Build the waveform with a strip of classes for each variant."""
    diagnosis, signal, card = found.diagnosis, found.signal, found.variant.card
    row = Row(signal.samples[0], signal.sampling_rate)
    strips = [Strip(verdict.title_of(found.variant, found), runs_of(diagnosis, card))]
    differing: list[Difference] = []
    if found.rival is not None:
        name = verdict.title_of(found.rival.variant, found)
        strips.append(Strip(name, runs_of(found.rival.diagnosis, card)))
        differing = differences(diagnosis, found.rival.diagnosis, card)
    figure = figures.waveform_figure(row, strips, diagnosis, ui.current_theme(), differing=differing)
    uncertain = [run for run in strips[0].runs if run.uncertain]
    what, spans = "uncertain", spans_around(uncertain, row.end)
    if differing:
        what, spans = "differences", spans_around(differing, row.end)
    zoom = ui.button(f"Zoom to {what}", icon_name="arrows", small=True, id=ZOOM) if spans else None
    length = f"{seconds_text(signal.duration_s)}, {counted(len(diagnosis.start_s), 'window')}"
    labels = {run.label for strip in strips for run in strip.runs}
    key = [ui.class_badge(one) for one in diagnosis.classes if one in labels] if len(labels) > 1 else []
    height = figures.HEIGHT + (figures.SECOND_STRIP if found.rival else 0)
    return ui.card(
        ui.graph(figure, WAVEFORM, waveform_label(found, strips), height=height, zoom=True),
        waveform_source(WAVEFORM, found.row.id),
        dcc.Store(id=PLACES, data=spans),
        title="Waveform and class per window",
        note=[html.Span(f"{length} of {diagnosis.window_length} samples"), *key],
        action=zoom,
    )


def waveform_label(found: Examination, strips: Sequence[Strip]) -> str:
    """Describe the waveform's figure for those who can't see it."""
    told = []
    for strip in strips:
        said = [figures.hover_text(run, found.diagnosis.classes) for run in strip.runs[:OFFERED]]
        more = f"; and {len(strip.runs) - OFFERED} more" if len(strip.runs) > OFFERED else ""
        told.append(f"{f'{strip.name}: ' if len(strips) > 1 else ''}{'; '.join(said)}{more}")
    return f"Waveform of {found.row.name}, and the class of its windows: {'. '.join(told)}"


def envelope_card(found: Examination) -> Component:
    """Build the envelope spectrum with the fault lines, or say why there is none."""
    analysis = found.analysis
    if analysis.envelope is None:
        return ui.card(html.P(analysis.missing, className="muted"), title="Envelope spectrum")
    figure = envelope_figure(analysis.envelope, analysis.lines, analysis.shaft_speed_hz, ui.current_theme())
    return ui.card(
        ui.graph(figure, ENVELOPE, envelope_label(analysis), height=280, zoom=True),
        title="Envelope spectrum",
        note=envelope_note(analysis.envelope),
    )


def spectrum_card(found: Examination) -> Component:
    """Build the spectrum below the three figures that sum the signal up."""
    analysis, unit = found.analysis, found.diagnosis.recording["unit"]
    band_hz = None if analysis.envelope is None else analysis.envelope.band_hz
    note = "" if unit is None else unit_text(unit)
    levels = [
        ui.Fact("RMS", f"{analysis.rms:.3g}", note, hint="Root mean square of the recording without its mean."),
        ui.Fact("Crest factor", f"{analysis.crest_factor:.2f}", hint="Highest deviation from the mean over the RMS."),
        ui.Fact(
            "Kurtosis", f"{analysis.kurtosis:.2f}", f"Gauss {GAUSS}", hint="Fourth moment over the second, squared."
        ),
    ]
    figure = spectrum_figure(analysis.spectrum, ui.current_theme(), band_hz=band_hz)
    label = "Power spectral density, with the demodulated band shaded"
    return ui.card(
        html.Div(ui.fact_list(levels), className="levels"),
        ui.graph(figure, SPECTRUM, label, height=232, zoom=True),
        title="Spectrum",
        note=spectrum_note(analysis.spectrum),
    )


def foot(found: Examination) -> Component:
    """Build the last line: which variant, what executed it, how long it took; and the downloads."""
    diagnosis, selection = found.diagnosis, found.selection
    runtime = RUNTIMES[diagnosis.model["runtime"]]
    took = diagnosis.timing_ms
    steps = ", ".join(f"{step} {took[step]:.1f} ms" for step in ("read", "prepare", "predict", "total"))
    address = f"/diagnoses/{found.row.id}.{{}}?{urlencode({'model': selection.model}, safe='/')}"
    variant: list[str | Component] = [html.Code(selection.model), f" · {diagnosis.model['digest'][:8]}"]
    how = "Wall time of each step on this machine, once, when this diagnosis was made; no benchmark."
    return html.Div(
        [
            html.Span(variant, title=f"SHA-256 of the weight file: {diagnosis.model['digest']}"),
            html.Span(f"{runtime.title} {runtime.version()}, {counted(found.threads, 'thread')}"),
            html.Span(steps, title=how, className="number"),
            html.Div(
                [ui.download_link("JSON", address.format("json")), ui.download_link("CSV", address.format("csv"))],
                className="button-row push",
            ),
        ],
        className="page-foot note",
    )
