import ast
import hashlib
import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from optimization.bundle.contents import contents
from optimization.bundle.page import page
from optimization.bundle.zipping import write_zip
from optimization.report import DARK, LIGHT

REPOSITORY = Path(__file__).parents[3]
PACK = """
import sys
from pathlib import Path
from engine.variant import Variant
from optimization.bundle.contents import contents
from optimization.bundle.zipping import write_zip
write_zip(contents([Variant.load(Path(sys.argv[1]))]), Path(sys.argv[2]))
"""


@pytest.fixture
def benchmark_of_two(measured, row):
    """A benchmark in which one variant is faster."""
    return measured(row("int8-static", p50_ms=24.0, verdict="faster"))


def test_it_is_the_same_byte_for_byte_in_another_process_and_folder(int8, tmp_path):
    write_zip(contents([int8]), tmp_path / "here.zip")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    words = [sys.executable, "-c", PACK, str(int8.weights.parent), "there.zip"]

    subprocess.run(words, cwd=elsewhere, env=environment, check=True, timeout=120)

    assert (elsewhere / "there.zip").read_bytes() == (tmp_path / "here.zip").read_bytes()


def test_it_names_no_path_of_this_machine(files):
    for name, data in files.items():
        for path in (REPOSITORY, Path.home(), Path(sys.prefix)):
            assert str(path).encode() + b"/" not in data, name


def test_the_usual_tool_checks_the_sums(bundle):
    told = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"],
        cwd=bundle, capture_output=True, check=False, text=True,
    )  # fmt: skip

    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    assert len((bundle / "SHA256SUMS").read_text().splitlines()) == sum(
        path.is_file() and "__pycache__" not in path.parts for path in bundle.rglob("*")
    ) - 1  # fmt: skip


def test_every_raw_file_is_as_long_as_its_index_says(files):
    index = json.loads(files["raw.json"])["arrays"]

    for entry in index:
        assert len(files[entry["file"]]) == 4 * np.prod(entry["shape"]), entry["file"]
        assert (entry["dtype"], entry["byte_order"]) == ("float32", "little")
        assert entry["what"]
    assert {entry["file"] for entry in index} == {name for name in files if name.endswith(".f32")}


def test_a_port_that_reads_raw_files_alone_makes_the_golden_windows(files):
    """What an engineer would write in C, from preprocessing.json, the filters and the raw samples."""
    preprocessing = json.loads(files["preprocessing.json"])
    shapes = {entry["file"]: entry["shape"] for entry in json.loads(files["raw.json"])["arrays"]}

    def raw(name):
        return np.frombuffer(files[name], "<f4").reshape(shapes[name]).astype(np.float64)

    used = next(one for one in preprocessing["resampling"]["filters"] if one["from_hz"] == 51_200)
    table, samples = raw(used["table"]["file"]), raw("golden/inner-51200hz.f32")
    expected = raw("golden/inner-51200hz-windows.f32")
    second = range(preprocessing["hop"], preprocessing["hop"] + preprocessing["window"])  # clear of the beginning
    window = np.empty(len(second))
    for at, output in enumerate(second):
        first = output * used["step"] // used["phases"] - used["half"]
        window[at] = samples[first : first + used["taps"]] @ table[output * used["step"] % used["phases"]]
    window = (window - window.mean()) / window.std()

    assert window == pytest.approx(expected[1], abs=2e-4)


def test_it_holds_every_class_at_several_rates_and_a_stream(golden):
    names = {entry["name"] for entry in golden["recordings"]}

    assert len({entry["sampling_rate_hz"] for entry in golden["recordings"]}) == 5
    for label in ("normal", "inner", "outer", "ball"):
        of_label = [entry for entry in golden["recordings"] if entry["name"].startswith(label)]
        assert [entry["expected"]["int8-static"]["label"] for entry in of_label] == [label] * 5
        assert [entry["parent_label"] for entry in of_label] == [label] * 5
    assert len(names) == 20
    assert max(golden["streams"][0]["blocks"]) > 4096
    assert min(golden["streams"][0]["blocks"]) == 1


def test_the_tolerance_rests_on_what_was_measured(files):
    int8, float32 = (entry["tolerance"] for entry in json.loads(files["bundle.json"])["candidates"])

    for tolerance in (int8, float32):
        assert {"one window a call", "ONNX Runtime without graph optimisation"} <= set(tolerance["measured"])
        assert tolerance["logits"] >= tolerance["factor"] * max(tolerance["measured"].values())
    assert float32["logits"] < 0.01 < int8["logits"] < 0.2


def test_the_proof_says_where_it_was_made(files, int8):
    proof = json.loads(files["bundle.json"])["candidates"][0]["proof"]

    assert proof["verdict"] == "equivalent"
    assert "avx512_vnni" in proof["instruction_sets"].split()
    assert (proof["runtime"], proof["recordings"]) == ("onnxruntime", int8.verification["recordings"]["count"])
    assert json.loads(files["reports/int8-static-verification.json"]) == json.loads(json.dumps(int8.verification))


def test_what_runs_on_the_target_imports_nothing_else(files):
    known = {*sys.stdlib_module_names, "numpy", "onnxruntime", "target"}

    for name in (name for name in files if name.endswith(".py")):
        for node in ast.walk(ast.parse(files[name])):
            if isinstance(node, ast.Import):
                assert {alias.name.partition(".")[0] for alias in node.names} <= known, name
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert node.module.partition(".")[0] in known, name


def test_the_readme_says_how_it_is_run_and_what_it_is_not_for(files):
    told = files["README.txt"].decode()

    assert "python verify.py --out target.json" in told
    assert "Microcontrollers are out of scope" in told
    assert max(map(len, told.splitlines())) <= 120
    assert "verify.py says which to take" in told


class Loads(HTMLParser):
    """Collects what a page would fetch, and its text."""

    def __init__(self):
        super().__init__()
        self.loaded, self.text = [], []

    def handle_starttag(self, tag, attributes):
        self.loaded += [(tag, name) for name, _ in attributes if name in {"src", "href", "srcset", "data"}]
        self.loaded += [(tag, "script")] if tag == "script" else []

    def handle_data(self, data):
        self.text.append(data)


def test_the_report_opens_offline_in_light_and_dark(files):
    text = files["report.html"].decode()
    seen = Loads()
    seen.feed(text)

    assert seen.loaded == []
    assert "url(" not in text
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text
    assert LIGHT.ground in text
    assert DARK.ground in text
    told = " ".join(seen.text)
    for said in ("Candidate int8-static", "quantize_static", "equivalent", "Golden recordings", "SHA256SUMS"):
        assert said in told


def test_the_report_shows_a_benchmark_and_takes_names_for_text(files, golden, int8, benchmark_of_two):
    index = json.loads(files["bundle.json"]) | {"title": "<script>alert(1)</script>"}
    index["candidates"] = index["candidates"][:1]
    told = page([int8], index, golden, benchmark_of_two, [])

    assert "4.2 times faster" in told
    assert "<script" not in told


def test_a_benchmark_that_is_kept_stands_in_the_bundle(int8, benchmark_of_two):
    files = contents([int8], None, benchmark_of_two)

    assert json.loads(files["reports/benchmark.json"])["schema"] == "vibench.benchmark/1"
    assert b"Measured on the workbench" in files["report.html"]
    assert hashlib.sha256(files["reports/benchmark.json"]).hexdigest().encode() in files["SHA256SUMS"]
