"""What a recording shows without any network: spectra, levels, and where a bearing's fault lines stand."""

from dataclasses import dataclass

from engine.bearings import bearing
from engine.dsp.envelope import EnvelopeSpectrum, choose_band, envelope_spectrum
from engine.dsp.evidence import FaultLine, fault_lines
from engine.dsp.kinematics import fault_orders
from engine.dsp.spectrum import Spectrum, welch
from engine.dsp.statistics import crest_factor, kurtosis, rms
from engine.errors import BandOutsideSpectrumError, BearingUnknownError
from engine.signal import Signal


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What one vibration channel shows.

    Attributes
    ----------
    rms : float
        In the channel's unit, without the mean.
    crest_factor, kurtosis : float
        See `engine.dsp.statistics`.
    spectrum : Spectrum
        Power spectral density.
    envelope : EnvelopeSpectrum or None
        Prewhitened, in the band that `choose_band` found; ``None`` if the recording is too short for one.
    shaft_speed_hz : float or None
        Speed that orders refer to, ``None`` where it is unknown or the shaft stands.
    lines : tuple of FaultLine
        Of the bearing, as they were found in the envelope spectrum; evidence, no verdict.
    missing : str or None
        Why there are no lines, as a sentence.
    """

    rms: float
    crest_factor: float
    kurtosis: float
    spectrum: Spectrum
    envelope: EnvelopeSpectrum | None
    shaft_speed_hz: float | None
    lines: tuple[FaultLine, ...]
    missing: str | None


def analyse(signal: Signal) -> Analysis:
    """Look at a signal with everything that needs no network; ``samples`` of shape (1, N)."""
    row = signal.samples[0]
    envelope = envelope_of(signal)
    speed_hz = signal.shaft_speed_hz or None
    lines, missing = lines_of(signal, envelope)
    return Analysis(
        rms=rms(row),
        crest_factor=crest_factor(row),
        kurtosis=kurtosis(row),
        spectrum=welch(signal),
        envelope=envelope,
        shaft_speed_hz=speed_hz,
        lines=lines,
        missing=missing,
    )


def envelope_of(signal: Signal) -> EnvelopeSpectrum | None:
    """Return the prewhitened envelope spectrum in the band that speaks most clearly, ``None`` if there is no band."""
    try:
        return envelope_spectrum(signal, band=choose_band(signal), prewhiten=True)
    except BandOutsideSpectrumError:
        return None


def lines_of(signal: Signal, envelope: EnvelopeSpectrum | None) -> tuple[tuple[FaultLine, ...], str | None]:
    """Return the fault lines of the signal's bearing, or why there are none."""
    name, speed_hz = signal.channels[0].bearing, signal.shaft_speed_hz
    if envelope is None:
        return (), "The recording is too short for an envelope spectrum."
    if speed_hz == 0:
        return (), "The shaft stands still, so nothing passes a damaged place."
    unknown = [word for word, value in (("the shaft speed", speed_hz), ("the bearing", name)) if value is None]
    if speed_hz is None or name is None:
        verb = "is" if len(unknown) == 1 else "are"
        return (), f"Fault lines can be placed once {' and '.join(unknown)} {verb} known."
    try:
        return fault_lines(envelope, fault_orders(bearing(name)), speed_hz), None
    except BearingUnknownError as error:
        return (), str(error)
