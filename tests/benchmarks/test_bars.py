import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bars import Bar, print_bars, ratio_bar

SCRIPTS = sorted(path for path in (Path(__file__).parents[2] / "benchmarks").glob("*.py") if path.stem != "bars")


def test_twice_the_work_is_found_to_take_twice_as_long():
    bar = ratio_bar("twice", lambda: time.sleep(0.004), lambda: time.sleep(0.002), bar=3.0)

    assert bar.low <= bar.value <= bar.high
    assert bar.value == pytest.approx(2, rel=0.3)
    assert bar.holds


def test_a_missed_bar_is_a_row_like_any_other(capsys):
    print_bars([Bar("slow", 1.2, 1.1, 1.3, 1.0), Bar("right", 0.9, 0.8, 1.0, 0.5, "higher")], as_json=False)
    rows = capsys.readouterr().out.splitlines()[-2:]

    assert rows == [
        "| slow | 1.200 | 1.100 to 1.300 | at most 1 | no |",
        "| right | 0.900 | 0.800 to 1.000 | at least 0.5 | yes |",
    ]


def test_the_json_has_the_fields_that_others_rely_on(capsys):
    print_bars([Bar("fast", 0.24, 0.23, 0.25, 0.30)], as_json=True)
    printed = json.loads(capsys.readouterr().out)

    assert list(printed) == ["schema", "machine", "bars"]
    assert printed["schema"] == "vibench.bars/1"
    assert printed["bars"] == [
        {
            "name": "fast",
            "value": 0.24,
            "low": 0.23,
            "high": 0.25,
            "bar": 0.3,
            "better": "lower",
            "obstacle": "",
            "holds": True,
        }
    ]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_starts_as_the_readme_calls_it(script):
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert f"python benchmarks/{script.name}" in done.stdout
