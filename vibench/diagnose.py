"""``vibench diagnose``: the verdict of a network on each recording."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from engine.errors import DescriptionError, SignalError, UsageError
from engine.variant import BACKENDS, Backend
from vibench.output import indented, one_line, print_json, print_known_error
from vibench.parser import Parser
from vibench.progress import Progress

if TYPE_CHECKING:
    from engine.description import Description
    from engine.diagnosis import Diagnosis
    from engine.readers.contents import ReadOptions
    from engine.readers.limits import Limits
    from engine.runtimes import Session
    from engine.signal import Signal

SUMMARY = "Say what is wrong with the machine in each recording."
EXAMPLE = "vibench diagnose 105.mat --sampling-rate 12000 --channel DE_time --json"
QUIET_S = 2.0
#: The keys of `engine.readers.contents.SEPARATORS`, said again because ``--help`` must not wait for NumPy.
SEPARATED_BY = ("comma", "semicolon", "tab", "whitespace", "bar")


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench diagnose``."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="recording, or folder with a recordings.csv"
    )
    parser.add_argument("--model", metavar="NAME", help="network, NETWORK/VARIANT, folder or digest (default: wdcnn)")
    parser.add_argument("--backend", choices=BACKENDS, metavar="B", help=f"{', '.join(BACKENDS)} (default: onnx)")
    parser.add_argument("--sampling-rate", type=float, metavar="HZ", help="where the file does not say")
    parser.add_argument("--channel", metavar="C", help="name of the channel, or its number from 1")
    parser.add_argument("--shaft-speed", type=float, metavar="RPM", help="speed of the shaft")
    parser.add_argument("--bearing", metavar="TYPE", help="such as 6205-2RS")
    parser.add_argument("--unit", choices=("g", "m/s2", "V"), help="unit of the channel")
    parser.add_argument("--recordings-csv", type=Path, metavar="FILE", help="describes the recordings")
    text = parser.add_argument_group("text files whose layout is not found by itself")
    text.add_argument(
        "--separator", choices=SEPARATED_BY, metavar="S", help=f"between columns: {', '.join(SEPARATED_BY)}"
    )
    text.add_argument("--decimal", choices=(".", ","), help="decimal sign")
    text.add_argument("--header-lines", type=int, metavar="N", help="lines before the numbers")
    text.add_argument("--time-column", choices=("yes", "no"), help="whether the first column is time in seconds")
    parser.add_argument("--json", action="store_true", help="one JSON document a recording")
    parser.add_argument("--summary", action="store_true", help="leave the windows out of the JSON")


def run(arguments: Namespace) -> int:
    """Diagnose every recording; 2 if one of them could not be."""
    from engine.diagnosis import diagnose
    from workspace.settings import load_settings

    # This process listens nowhere, so an address that would need a token is no reason to refuse.
    settings = load_settings(host="127.0.0.1")
    files = [file for given in arguments.files for file in recordings_in(given)]
    if arguments.summary and not arguments.json:
        raise UsageError("--summary leaves the windows out of the JSON: give --json too", "vibench diagnose --help")
    option, layout = said_on_command_line(arguments), layout_on_command_line(arguments)
    session = cache(
        lambda: load_session(arguments.model, arguments.backend, settings.threads)
    )  # once, when a recording needs it
    progress = Progress(len(files), quiet_s=QUIET_S)
    status = 0
    for file in files:
        progress.step(file.name)
        try:
            read = read_recording(file, option, arguments.recordings_csv, layout, settings.reader_limits)
            diagnosis = diagnose(
                read.signal, read.description, session(), name=file.name, sha256=read.sha256, read_ms=read.took_ms
            )
        except SignalError as error:
            progress.clear()
            print_known_error(error, as_json=arguments.json, recording=file.name)
            status = 2
            continue
        progress.clear()
        if arguments.json:
            print_json(diagnosis.to_json(summary=arguments.summary))
        else:
            print("\n".join(told(diagnosis, read.signal)), flush=True)
    return status


def recordings_in(given: Path) -> list[Path]:
    """Return the recordings in a folder that a ``recordings.csv`` lists, there or two folders above; else ``given``.

    Raises
    ------
    DescriptionError
        If the table can't be understood, or lists a file outside of its folder.
    """
    from optimization.folder import absolute, listed_files

    path = absolute(given)  # because "." has no name of its own
    return (listed_files(path, None) if path.is_dir() else None) or [path]


def said_on_command_line(arguments: Namespace) -> "Description":
    """Return what the options say of the recordings."""
    from engine.description import Description

    said = {
        "sampling_rate_hz": arguments.sampling_rate,
        "shaft_rpm": arguments.shaft_speed,
        "channel": arguments.channel,
        "bearing": arguments.bearing,
        "unit": arguments.unit,
    }
    return Description(**said, origin={name: "option" for name, value in said.items() if value is not None})


def layout_on_command_line(arguments: Namespace) -> "ReadOptions":
    """Return what the options say of the layout of text files."""
    from engine.readers.contents import SEPARATORS, ReadOptions

    return ReadOptions(
        separator=SEPARATORS[arguments.separator] if arguments.separator else None,
        decimal=arguments.decimal,
        header_lines=arguments.header_lines,
        time_column=None if arguments.time_column is None else arguments.time_column == "yes",
    )


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that was read.

    Attributes
    ----------
    signal : Signal
        Its one vibration channel.
    description : Description
        What is known of it, and from whom.
    sha256 : str
        Of the file.
    took_ms : float
        What reading took.
    """

    signal: "Signal"
    description: "Description"
    sha256: str
    took_ms: float


def read_recording(
    file: Path, option: "Description", recordings_csv: Path | None, layout: "ReadOptions", limits: "Limits"
) -> Recording:
    """Read one file in a child with limits.

    Raises
    ------
    SignalError
        If it can't be read, or something must still be said of it.
    """
    from engine.description import make_signal
    from engine.proposals import propose
    from engine.readers.sandbox import read_contents
    from engine.sidecar import describe_file
    from engine.variant import sha256_of

    begun = perf_counter()
    if file.is_dir():
        raise DescriptionError(file.name, "it is a folder that no recordings.csv describes; name its files")
    contents = read_contents(file, layout, limits)
    description = describe_file(file, option, recordings_csv, [channel.name for channel in contents.channels])
    signal, description = make_signal(file.name, contents, description, propose(contents, file.name))
    return Recording(signal, description, sha256_of(file), (perf_counter() - begun) * 1e3)


def load_session(model: str | None, backend: Backend | None, threads: int) -> "Session":
    """Load the variant that the options name."""
    from engine.runtimes import load
    from vibench.models import find_variant

    return load(find_variant(model, backend), threads=threads)


def told(diagnosis: "Diagnosis", signal: "Signal") -> list[str]:
    """Return a diagnosis as lines for people, with what the envelope shows beside it."""
    sentences = [
        verdict_told(diagnosis),
        *(f"caution: {caution.message}" for caution in diagnosis.cautions),
        evidence_told(signal),
        timing_told(diagnosis),
    ]
    title = one_line(f"{diagnosis.recording['name']}: {facts_told(diagnosis.recording)}")
    return [title, *(line for sentence in sentences for line in indented(sentence))]


def facts_told(recording: Mapping[str, Any]) -> str:
    """Return what was read, and who said so."""
    speed, bearing = recording["shaft_speed_rpm"], recording["bearing"]
    facts = [
        f"channel {recording['channel']}" + (f" in {recording['unit']}" if recording["unit"] else ""),
        f"{recording['duration_s']:.3g} s at {recording['sampling_rate_hz']:g} Hz ({recording['sampling_rate_from']})",
        "speed unknown" if speed is None else f"{speed:g} rpm",
        "bearing unknown" if bearing is None else f"bearing {bearing}",
    ]
    return ", ".join(facts)


def verdict_told(diagnosis: "Diagnosis") -> str:
    """Return the verdict in words."""
    from engine.diagnosis import CLASS_TITLES, INCONCLUSIVE

    verdict = diagnosis.verdict
    if verdict is None:
        return "no verdict"
    nearest = diagnosis.classes[int(diagnosis.probabilities.mean(axis=0).argmax())]
    windows = f"{verdict.share:.0%} of {verdict.windows} windows"
    if verdict.label == INCONCLUSIVE:
        return f"inconclusive: {CLASS_TITLES[nearest]} comes nearest, confidence {verdict.confidence:.0%}, {windows}"
    return f"{CLASS_TITLES[nearest]}: confidence {verdict.confidence:.1%}, {windows}"


def evidence_told(signal: "Signal") -> str:
    """Return how far the bearing's fault lines stand above the floor of the envelope spectrum."""
    from engine.analysis import envelope_of, lines_of
    from engine.dsp.evidence import summarise

    lines, missing = lines_of(signal, envelope_of(signal))
    if missing is not None:
        return f"envelope: {missing}"
    found = [f"{line.name} {line.first_db:+.0f} dB at order {line.found_order:.2f}" for line in summarise(lines)]
    chance = max(line.chance_db for line in lines)
    return f"envelope: {', '.join(found)} over the floor; up to {chance:.0f} dB is chance"


def timing_told(diagnosis: "Diagnosis") -> str:
    """Return which variant answered, and how long each step took."""
    model, took = diagnosis.model, diagnosis.timing_ms
    steps = f"read {took['read']:.0f} ms, prepared {took['prepare']:.1f} ms, predicted {took['predict']:.1f} ms"
    return f"{model['name']}/{model['variant']} on {model['runtime']}: {steps}"
