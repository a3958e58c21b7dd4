import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.runtimes.openvino import SETTLED, OpenVinoRuntime, compiled, core, reason_of

pytestmark = pytest.mark.skipif(not OpenVinoRuntime().available(), reason="OpenVINO is optional and not installed here")

#: Loads a variant and asks it, and tells what that left behind: connections tried, files opened to write, sockets.
WATCHED = """
import json, os, sys
tried, written = [], []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen", "os.fork"):
        tried.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        written.append(str(arguments[0]))
sys.dont_write_bytecode = True
sys.path[:] = json.loads(sys.argv[1])
sys.addaudithook(watch)
from pathlib import Path
import numpy as np
from engine.runtimes import load
from engine.variant import Variant
session = load(Variant.load(Path(sys.argv[2])), runtime="openvino")
for _ in range(5):
    session.predict(np.zeros((2, 1, 2048), np.float32))
links = [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]
print(json.dumps({
    "tried": tried,
    "written": written,
    "sockets": [link for link in links if "socket:" in link],
    "telemetry": [name for name in sys.modules if name.startswith("openvino_telemetry")],
    "torch": "torch" in sys.modules,
}))
"""


def windows(count):
    return np.random.default_rng(count).standard_normal((count, 1, 2048), dtype=np.float32)


@pytest.fixture
def session(exported):
    return OpenVinoRuntime().load(exported["openvino"])


def test_it_opens_no_connection_reports_nothing_and_leaves_no_file(exported, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    folders = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
    found = subprocess.run(
        [sys.executable, "-c", WATCHED, folders, exported["openvino"].weights.parent],
        cwd=home,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "TMPDIR": str(home)},
        check=True,
        capture_output=True,
        text=True,
    )

    nothing = {"tried": [], "written": [], "sockets": [], "telemetry": [], "torch": False}
    assert json.loads(found.stdout) == nothing
    assert list(home.iterdir()) == []


def test_it_computes_in_float32_with_the_threads_asked_for_and_pins_none(session):
    for threads in (1, 2):
        made = compiled(session._model, threads)._compiled
        told = {name: made.get_property(name) for name in ("INFERENCE_NUM_THREADS", "NUM_STREAMS")}
        assert told == {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
        assert made.get_property("INFERENCE_PRECISION_HINT").get_type_name() == "f32"
        assert made.get_property("ENABLE_CPU_PINNING") is False
    assert core().get_property("CPU", "CACHE_DIR") == ""
    everywhere, tasks = os.sched_getaffinity(0), [each.name for each in Path("/proc/self/task").iterdir()]
    assert all(os.sched_getaffinity(int(task)) == everywhere for task in tasks)


def test_a_number_of_windows_that_comes_again_and_again_has_a_graph_of_its_own(session):
    expected = session.predict(windows(5))
    for _ in range(SETTLED - 2):
        session.predict(windows(5))
        assert session._fixed == (0, None)
    np.testing.assert_array_equal(session.predict(windows(5)), expected)
    count, graph = session._fixed

    assert count == 5
    assert graph is not session._any
    session.predict(windows(3))
    assert session._graph(5) is graph
    assert session._graph(3) is session._any


def test_many_threads_settle_on_one_graph(session):
    expected = session.predict(windows(4))
    with ThreadPoolExecutor(8) as threads:
        for logits in threads.map(lambda _: session.predict(windows(4)), range(40)):
            np.testing.assert_array_equal(logits, expected)
    assert session._fixed[0] == 4


def test_a_report_is_told_by_the_line_that_says_what_is_wrong():
    report = (
        "Exception from src/inference/src/cpp/core.cpp:105:\nCheck 'false' failed at src/report.cpp:151:\n"
        "FrontEnd API failed with OpConversionFailure:\nModel wasn't fully converted.\nSummary:\n"
        "-- No conversion rule found for operations: Nonesuch-17\nTo facilitate, refer to documentation.\n"
    )

    assert reason_of(RuntimeError(report)) == "No conversion rule found for operations: Nonesuch-17"
    assert reason_of(RuntimeError("Exception from a.cpp:1:\nUnable to read the model.\n")) == "Unable to read the model"
    assert reason_of(RuntimeError("")) == "it does not say why"
