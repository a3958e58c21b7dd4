"""The recording's figures and the words beside them: pure functions from what was computed to components."""

from dash import html
from dash.development.base_component import Component

from dashboard.components import card, graph
from dashboard.components.spectra import envelope_figure, envelope_note, spectrum_figure, spectrum_note
from dashboard.components.theme import Theme
from dashboard.components.waveform import Row, waveform_figure, waveform_source
from dashboard.components.words import rate_text, unit_text
from dashboard.pages.recordings import ids
from engine.analysis import Analysis
from workspace.recording import ChannelFacts, RecordingRow


def waveform_view(
    row: RecordingRow, channel: ChannelFacts, drawn: Row, unit: str | None, theme: Theme
) -> list[Component]:
    """Build the waveform of one channel, and the store by which a zoom finds its samples again."""
    figure = waveform_figure(drawn, theme, name=channel.name, unit=unit)
    figure.update_layout(margin={"l": 36, "r": 4, "t": 22, "b": 36})
    figure.update_yaxes(title_text=unit_text(unit))
    rate = drawn.sampling_rate
    if rate:
        figure.update_xaxes(title_text=f"Time at {rate_text(rate)} (s)")
    span = f"over {drawn.end:.3g} s" if rate else "over its samples"
    return [
        graph(figure, ids.WAVEFORM, f"Waveform of {channel.name} of {row.name} {span}", height=190, zoom=True),
        waveform_source(ids.WAVEFORM, [row.id, channel.name]),
    ]


def spectra_view(analysis: Analysis, channel: str, theme: Theme) -> list[Component]:
    """Build the cards of the envelope spectrum and of the spectrum."""
    name = f"Channel {channel}" if channel.isdecimal() else channel
    envelope = analysis.envelope
    spectrum = spectrum_figure(analysis.spectrum, theme, band_hz=envelope.band_hz if envelope else None)
    cards = [
        card(
            graph(spectrum, ids.SPECTRUM, f"Power spectral density of {name}", height=240, zoom=True),
            title="Spectrum",
            note=f"{name}, {spectrum_note(analysis.spectrum)}",
        )
    ]
    if envelope is None:
        return [html.P(analysis.missing, className="note"), *cards]
    figure = envelope_figure(envelope, analysis.lines, analysis.shaft_speed_hz, theme)
    lines = ", ".join(f"{line.name} at {line.found_order:.2f} orders" for line in analysis.lines if line.harmonic == 1)
    shown = f"Envelope spectrum of {name}" + (f" with {lines}" if lines else "")
    inner: list[Component] = [graph(figure, ids.ENVELOPE, shown, height=300, zoom=True)]
    if analysis.missing:
        inner.append(html.P(analysis.missing, className="note"))
    return [card(*inner, title="Envelope spectrum", note=f"{name}, {envelope_note(envelope)}"), *cards]
