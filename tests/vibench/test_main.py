import json
import shlex
import subprocess
import sys

import pytest

from engine import __version__
from vibench import doctor
from vibench.main import build_parser, main

EVERY_HELP = [
    [],
    ["serve"],
    ["worker"],
    ["diagnose"],
    ["simulate"],
    ["simulate", "rolling"],
    ["models"],
    ["models", "list"],
    ["models", "show"],
    ["models", "add"],
    ["models", "remove"],
    ["optimize"],
    ["verify"],
    ["benchmark"],
    ["explain"],
    ["bundle"],
    ["jobs"],
    ["jobs", "list"],
    ["jobs", "show"],
    ["jobs", "cancel"],
    ["jobs", "retry"],
    ["sensitivity"],
    ["search"],
    ["doctor"],
]


@pytest.mark.parametrize("command", EVERY_HELP, ids=lambda words: " ".join(words) or "vibench")
def test_help_fits_a_screen_and_ends_with_an_example_that_works(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--help"])

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert lines[-2] == "example:"
    program, *words = shlex.split(lines[-1])
    assert program == "vibench"
    assert build_parser().parse_args(words).command in (command[:1] or ["diagnose"])


def test_help_and_version_import_nothing_slow():
    script = (
        "import sys; from vibench.main import build_parser; build_parser().format_help(); "
        "print({'numpy', 'scipy', 'torch', 'onnx', 'onnxruntime', 'dash', 'sqlalchemy', 'pydantic'} & set(sys.modules))"
    )

    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"


def test_version_is_told(process):
    told = process("--version")

    assert (told.returncode, told.stdout, told.stderr) == (0, f"vibench {__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ([], "COMMAND"),
        (["diagnoze"], "diagnoze"),
        (["diagnose"], "FILE"),
        (["diagnose", "a.mat", "--sampling-rate", "fast"], "fast"),
        (["diagnose", "a.mat", "--backend", "tensorrt"], "tensorrt"),
        (["simulate", "rolling", "--condition", "inner"], "--out"),
    ],
)
def test_wrong_usage_is_one_line_that_names_what_is_wrong_and_the_help(words, wrong, vibench):
    told = vibench(*words, status=2)

    assert told.out == ""
    (line,) = told.err.splitlines()
    assert line.startswith("vibench: ")
    assert wrong in line
    assert "--help" in line


def test_wrong_usage_in_a_process_of_its_own_ends_with_status_2(process):
    told = process("diagnose", "--sampling-rate", "fast", "a.mat", "--json")

    assert told.returncode == 2
    assert told.stderr == ""
    assert json.loads(told.stdout)["error"]["code"] == "usage"


def test_a_bug_is_a_sentence_that_says_where_the_trace_is(vibench, monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda: 1 // 0)

    told = vibench("doctor", status=3)

    (line,) = told.err.splitlines()
    assert "ZeroDivisionError" in line
    trace = line.removesuffix(".").rpartition(" ")[2]
    with open(trace) as file:  # noqa: PTH123 - the path as it is printed
        assert "examine" in file.read()


def test_an_interrupt_ends_with_status_130(vibench, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "examine", interrupt)

    assert vibench("doctor", status=130).err == "vibench: interrupted\n"


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    script = f"{shlex.quote(sys.executable)} -m vibench doctor 2>{tmp_path / 'err'} | true; echo ${{PIPESTATUS[0]}}"

    assert subprocess.check_output(["bash", "-c", script], text=True).strip() in {"0", "1"}
    assert (tmp_path / "err").read_text() == ""
