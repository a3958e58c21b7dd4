import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine.errors import BenchmarkError, PassNotApplicableError, VibenchError
from optimization.passes import PASSES
from optimization.recipe import Recipe
from workspace.reckoning import FOLDER, OvertakenError, Reckoner, Task, forecast_task
from workspace.settings import Settings
from workspace.workspace import Workspace

ASKS = """
import sys
from pathlib import Path
from optimization.passes import PASSES
from optimization.recipe import Recipe
from workspace.reckoning import Reckoner, forecast_task
from workspace.settings import Settings
from workspace.workspace import Workspace

if __name__ == "__main__":
    with Workspace.open(Settings(workspace=Path(sys.argv[1]), _env_file=None)) as workspace:
        recipe = Recipe((PASSES["convert_fp16"](),))
        task = forecast_task(workspace, workspace.variants.find("wdcnn/onnx"), recipe, 1)
        said = Reckoner(workspace.folder).ask(task, "a page")
    print(said["after"], {"torch", "onnx", "onnxruntime"} & set(sys.modules))
"""


def recipe_of(*names):
    return Recipe(tuple(PASSES[name]() for name in names))


@pytest.fixture
def onnx(untrained_variants):
    return untrained_variants[1]


@pytest.fixture
def reckoner(tmp_path):
    return Reckoner(tmp_path)


@pytest.fixture
def in_threads():
    """Ask in threads of their own; returns what came of each once all have ended."""
    started, came = [], {}

    def ask(name, reckoner, task, asker):
        def run():
            try:
                came[name] = reckoner.ask(task, asker)
            except (VibenchError, OvertakenError) as error:
                came[name] = error

        thread = threading.Thread(target=run)
        thread.start()
        started.append(thread)

    def ended():
        for thread in started:
            thread.join(60)
        return came

    ask.ended = ended
    return ask


def until(holds):
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_a_recipe_would_give_is_worked_out_once_and_kept(tmp_path, untrained_variants, monkeypatch):
    with Workspace.open(Settings(workspace=tmp_path / "workspace", _env_file=None)) as workspace:
        for variant in untrained_variants:
            workspace.variants.add(variant)
        task = forecast_task(workspace, untrained_variants[1], recipe_of("quantize_static"), 1)
        reckoner = Reckoner(workspace.folder)
        assert reckoner.kept(task) is None

        said = reckoner.ask(task, "a page")

        assert (said["before"], said["after"], said["ms"]) == ("wdcnn/onnx", "wdcnn/int8-static", None)
        assert said["size_bytes"][1] < 0.5 * said["size_bytes"][0]
        assert {row["operator"]: row["count"] for row in said["operators"]}["QLinearConv"] == 5
        monkeypatch.setattr(Reckoner, "_work_out", lambda *_: 1 / 0)  # nothing is worked out
        assert Reckoner(workspace.folder).ask(task, "another") == said == reckoner.kept(task)


def test_another_recipe_batch_or_variant_is_another_task(untrained_variants, kernel_table):
    pytorch, onnx = untrained_variants
    static = recipe_of("quantize_static")
    tasks = [
        Task(onnx),
        Task(pytorch),
        Task(onnx, static),
        Task(onnx, recipe_of("convert_fp16")),
        Task(onnx, static, 32),
        Task(onnx, static, 1, kernel_table),
    ]

    assert len({task.key for task in tasks}) == len(tasks)
    assert Task(onnx, static).key == tasks[2].key


def test_why_a_recipe_can_t_be_run_is_raised_here(reckoner, untrained_variants):
    with pytest.raises(PassNotApplicableError, match="wdcnn/pytorch"):
        reckoner.ask(Task(untrained_variants[0], recipe_of("convert_fp16")), "a page")

    assert list(reckoner._folder.parent.glob("*")) == []


def test_a_page_that_asks_for_something_else_does_not_wait_for_the_first(reckoner, onnx, in_threads):
    first, second = Task(onnx, recipe_of("quantize_static")), Task(onnx)
    reckoner._keep(second, {"macs": 1})
    with reckoner._turn:  # somebody else's task goes on
        in_threads("first", reckoner, first, "a page")
        until(lambda: reckoner._newest)
        before = reckoner._newest["a page"]
        in_threads("second", reckoner, second, "a page")
        until(lambda: reckoner._newest["a page"] is not before)

    came = in_threads.ended()

    assert isinstance(came["first"], OvertakenError)
    assert came["second"] == {"macs": 1}
    assert reckoner._newest == {}


def test_what_runs_is_ended_for_what_the_same_page_asks_next_and_its_death_is_told_otherwise(
    reckoner, onnx, in_threads
):
    in_threads("ended", reckoner, Task(onnx, recipe_of("quantize_static")), "a page")
    until(lambda: reckoner._running)
    reckoner._keep(Task(onnx), {"macs": 1})
    assert reckoner.ask(Task(onnx), "a page") == {"macs": 1}
    assert isinstance(in_threads.ended()["ended"], OvertakenError)

    in_threads("died", reckoner, Task(onnx, recipe_of("convert_fp16")), "a page")
    until(lambda: reckoner._running)
    reckoner._running[1].kill()
    died = in_threads.ended()["died"]
    assert isinstance(died, BenchmarkError)
    assert "ended with status -9" in str(died)


def test_a_file_that_makes_no_sense_is_no_answer(reckoner, onnx, tmp_path, caplog):
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / f"{Task(onnx).key}.json").write_text("{")

    with caplog.at_level(logging.WARNING):
        assert reckoner.kept(Task(onnx)) is None

    assert "worked out again" in caplog.text


def test_a_disk_that_keeps_nothing_is_only_logged(reckoner, onnx, tmp_path, caplog):
    (tmp_path / "cache").write_text("a file where a folder should be")

    with caplog.at_level(logging.WARNING):
        reckoner._keep(Task(onnx), {"macs": 1})

    assert "can't be kept" in caplog.text


def test_whoever_asks_loads_neither_onnx_nor_pytorch(tmp_path, untrained_variants):
    script = tmp_path / "asks.py"
    script.write_text(ASKS)
    folder = tmp_path / "workspace"
    with Workspace.open(Settings(workspace=folder, _env_file=None)) as workspace:
        workspace.variants.add(untrained_variants[1])
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}

    done = subprocess.run(
        [sys.executable, str(script), str(folder)], env=environment, capture_output=True, text=True, check=False
    )

    assert done.stdout.strip() == "wdcnn/fp16 set()", done.stderr
