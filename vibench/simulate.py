"""``vibench simulate``: recordings with a known answer."""

from argparse import Namespace
from pathlib import Path

from engine.errors import FileAccessError
from vibench.output import one_line
from vibench.parser import Parser

SUMMARY = "Make a recording whose condition is known."
EXAMPLE = "vibench simulate rolling --condition inner --snr 0 --out inner.npz"
CONDITIONS = ("normal", "inner", "outer", "ball")


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench simulate``; what is left out has the simulator's own default."""
    machines = parser.add_subparsers(dest="machine", metavar="MACHINE", required=True, title="machines")
    summary = "A rolling bearing, struck at its kinematic rates, with slip and noise."
    rolling = machines.add_parser("rolling", help="a rolling bearing", description=summary, example=EXAMPLE)
    rolling.add_argument("--condition", required=True, choices=CONDITIONS, help="which part is damaged")
    rolling.add_argument("--shaft-speed", type=float, metavar="RPM", help="(default: 1797)")
    rolling.add_argument("--bearing", metavar="TYPE", help="(default: 6205-2RS)")
    rolling.add_argument("--snr", type=float, metavar="DB", help="power of the fault over the noise (default: 10)")
    rolling.add_argument("--seconds", type=float, metavar="S", help="length (default: 10)")
    rolling.add_argument("--sampling-rate", type=float, metavar="HZ", help="(default: 12000)")
    rolling.add_argument("--seed", type=int, metavar="N", help="equal seeds give equal recordings (default: 0)")
    rolling.add_argument("--out", required=True, type=Path, metavar="FILE", help=".npz, .csv or .wav; is replaced")


def run(arguments: Namespace) -> int:
    """Simulate and write, whole or not at all."""
    from engine.simulation.rolling import RollingBearing, save, simulate

    chosen = {
        "condition": arguments.condition,
        "shaft_rpm": arguments.shaft_speed,
        "bearing": arguments.bearing,
        "snr_db": arguments.snr,
        "duration_s": arguments.seconds,
        "sampling_rate_hz": arguments.sampling_rate,
        "seed": arguments.seed,
    }
    parameters = RollingBearing(**{name: value for name, value in chosen.items() if value is not None})
    try:
        save(simulate(parameters), parameters, arguments.out)
    except OSError as error:
        raise FileAccessError(str(arguments.out), error.strerror or str(error)) from error
    machine = f"{parameters.shaft_rpm:g} rpm, bearing {parameters.bearing}, seed {parameters.seed}"
    record = f"{parameters.duration_s:g} s at {parameters.sampling_rate_hz:g} Hz"
    print(one_line(f"{arguments.out}: {parameters.condition}, {record}, {machine}"))
    return 0
