"""What follows from a description, told before anything is saved."""

from dataclasses import replace

from dashboard.components import Fact
from dashboard.components.words import counted, grouped, plain_number, seconds_text
from dashboard.pages.recordings.known import channel_named, known_of
from engine.bearings import bearing
from engine.description import Description
from engine.dsp.kinematics import fault_orders
from engine.errors import SignalError
from engine.signal import check_sampling_rate, check_shaft_speed
from workspace.recording import RecordingRow


def what_follows(row: RecordingRow, said: Description) -> list[Fact]:
    """Return what a description means for the recording.

    Raises
    ------
    SignalError
        If the rate or the speed can't be.
    """
    known = known_of(replace(row, description=said))
    facts = [duration_fact(row, known)]
    if known.bearing is not None:
        facts.append(fault_fact(known.bearing, known.shaft_rpm))
    return facts


def duration_fact(row: RecordingRow, known: Description) -> Fact:
    """Return how long the recording lasts, in seconds and revolutions."""
    channel = channel_named(row, known.channel)
    if known.shaft_rpm is not None:
        check_shaft_speed(known.shaft_rpm / 60)
    if known.sampling_rate_hz is None:
        return Fact("Follows", "Its duration, once its rate is known.", known=False)
    check_sampling_rate(known.sampling_rate_hz)
    samples = channel.samples if channel is not None else max(one.samples for one in row.channels)
    seconds = samples / known.sampling_rate_hz
    words = seconds_text(seconds)
    if known.shaft_rpm:
        words += f", {counted(round(seconds * known.shaft_rpm / 60), 'revolution')}"
    return Fact("Follows", words, hint=f"{grouped(samples)} samples at {plain_number(known.sampling_rate_hz)} Hz.")


def fault_fact(name: str, shaft_rpm: float | None) -> Fact:
    """Return where damage of a bearing would show: in Hz with a speed, in orders without, or why nobody knows."""
    try:
        orders = fault_orders(bearing(name))
    except SignalError as error:
        return Fact("Fault lines", str(error), known=False)
    factor, unit = (shaft_rpm / 60, "Hz") if shaft_rpm else (1.0, "orders")
    digits = 1 if shaft_rpm else 3
    shown = {"BPFI": orders.bpfi, "BPFO": orders.bpfo, "2×BSF": orders.bsf2, "FTF": orders.ftf}
    words = [f"{line} {order * factor:.{digits}f} {unit}" for line, order in shown.items()]
    return Fact("Fault lines", ", ".join(words[:2]), hint=f"{', '.join(words)}; without slip.")
