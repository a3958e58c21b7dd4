"""From a recording's file to the verdict: what each step takes, and which share of it is the network's."""

from pathlib import Path
from statistics import median
from time import perf_counter

from engine.card import ModelCard
from engine.description import Description, make_signal
from engine.diagnosis import diagnose
from engine.proposals import propose
from engine.readers.sandbox import read_contents
from engine.runtimes import Session
from engine.sidecar import describe_file
from engine.simulation.rolling import RollingBearing, save, simulate
from engine.variant import sha256_of
from optimization.measuring.measurement import FileToVerdict

#: Seconds of signal, or three windows where that is longer.
LEAST_S, LEAST_WINDOWS = 4.0, 3
REPEATS = 5
STEPS = ("read", "prepare", "predict", "judge")


def write_recording(card: ModelCard, folder: Path) -> Path:
    """Write a simulated recording that says all about itself, and return its file."""
    duration_s = max(LEAST_S, LEAST_WINDOWS * card.window_s)
    parameters = RollingBearing("inner", sampling_rate_hz=card.sampling_rate_hz, duration_s=duration_s)
    path = folder / "inner.npz"
    save(simulate(parameters), parameters, path)
    return path


def file_to_verdict(session: Session, file: Path) -> FileToVerdict:
    """Diagnose a recording several times as ``vibench diagnose`` does, and time each step.

    Parameters
    ----------
    session : Session
        A loaded variant that takes one channel.
    file : Path
        With one vibration channel, and nothing left to be asked.

    Raises
    ------
    SignalError
        If it can't be read, or is shorter than a window.
    """
    once(session, file)  # the first reading starts the process from which each gets its child
    every = [once(session, file) for _ in range(REPEATS)]
    took = {f"{step}_ms": median(each[step] for each in every) for step in STEPS}
    return FileToVerdict(every[0]["duration"], int(every[0]["windows"]), **took)


def once(session: Session, file: Path) -> dict[str, float]:
    """Diagnose a recording; return the ms of each step, its duration in seconds, and its windows."""
    begun = perf_counter()
    contents = read_contents(file)
    description = describe_file(file, Description(), None, [channel.name for channel in contents.channels])
    signal, description = make_signal(file.name, contents, description, propose(contents, file.name))
    digest = sha256_of(file)
    read_ms = (perf_counter() - begun) * 1e3
    made = diagnose(signal, description, session, name=file.name, sha256=digest, read_ms=read_ms)
    total_ms = (perf_counter() - begun) * 1e3
    took = {step: made.timing_ms[step] for step in ("read", "prepare", "predict")}
    judge_ms = total_ms - sum(took.values())
    return {**took, "judge": judge_ms, "duration": signal.duration_s, "windows": len(made.start_s)}
