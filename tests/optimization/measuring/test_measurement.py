import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BenchmarkError
from optimization.measuring.measurement import Benchmark, BenchmarkSettings, Row


def test_what_was_written_is_read_back(measured, row):
    made = measured(row("int8-static", p50_ms=25, verdict="faster"), batches=(1, 32))

    assert Benchmark.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False))) == made


def test_the_json_has_the_fields_that_others_rely_on(measured, row):
    written = measured(row("int8-static")).to_json()

    assert written["schema"] == "vibench.benchmark/1"
    assert set(written) >= {"machine", "settings", "rows", "control", "noisy"}
    assert set(written["machine"]) >= {"cpu", "flags", "versions", "threads", "governor"}
    assert set(written["rows"][0]) == {field.name for field in fields(Row)}
    assert set(written["rows"][0]) >= {
        *("variant", "digest", "size_bytes", "load_ms", "first_ms", "p50_ms", "p90_ms", "p99_ms"),
        *("throughput_per_s", "peak_rss_mb", "ratio", "ratio_low", "ratio_high", "verdict"),
    }


def test_one_that_was_stored_before_rows_had_more_figures_is_read(measured, row):
    data = measured(row("int8-static")).to_json()
    added = {"realtime_factor", "hop_share", "best_fp32", "verdict_to_best_fp32", "forecast"}
    added |= {f"ratio_to_best_fp32{end}" for end in ("", "_low", "_high")}
    for each in data["rows"]:
        assert added <= set(each)
        for name in added:
            del each[name]
    for part, names in (
        (data, ("file_to_verdict", "left_out", "forecast_error")),
        (data["settings"], ("processes", "runtimes")),
    ):
        for name in names:
            del part[name]

    read = Benchmark.from_json(data)

    assert (read.settings.processes, read.settings.runtimes) == (1, ())
    assert (read.file_to_verdict, read.left_out, read.forecast_error) == (None, (), None)
    assert {getattr(each, name) for each in read.rows for name in added} == {None}
    assert Benchmark.from_json(read.to_json()) == read


def test_what_a_newer_vibench_adds_is_passed_over(measured, row):
    made = measured(row("int8-static"))
    data = made.to_json()
    data["rows"][0]["colour"] = data["colour"] = "red"

    assert Benchmark.from_json(data) == made


def test_a_forecast_is_held_to_what_was_measured(measured, row):
    tenth_too_much = replace(row("a", p50_ms=50), forecast=0.55)
    fifth_too_little = replace(row("b", p50_ms=50), forecast=0.4)
    made = measured(tenth_too_much, fifth_too_little, row("c"))

    assert tenth_too_much.forecast_error == pytest.approx(0.1)
    assert fifth_too_little.forecast_error == pytest.approx(-0.2)
    assert made.forecast_error == pytest.approx(0.15)
    assert made.to_json()["forecast_error"] == made.forecast_error


def test_a_runtime_is_named_unless_it_is_the_usual_one(row):
    assert (row("onnx").label, row("onnx").title) == ("onnx", "resnet18-1d/onnx")
    elsewhere = replace(row("onnx"), runtime="openvino")
    assert (elsewhere.label, elsewhere.title) == ("onnx on OpenVINO", "resnet18-1d/onnx on OpenVINO")
    assert replace(elsewhere, runtime="unheard-of").label == "onnx on unheard-of"


def test_the_one_control_that_is_shown_is_the_worst(measured):
    written = measured(batches=(1, 32)).to_json()
    first, second = written["controls"]
    assert written["control"] == first

    noisy = Benchmark.from_json({**written, "controls": [first, {**second, "verdict": "slower"}]})
    assert noisy.to_json()["control"]["verdict"] == "slower"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["schema", "rows", "machine", "settings"]), ANYTHING))
def test_anything_else_is_no_benchmark(data):
    with pytest.raises(BenchmarkError, match="This is no benchmark"):
        Benchmark.from_json(data)


@pytest.mark.parametrize(
    "name", [field.name for field in fields(Benchmark) if field.name not in ("noisy", "measured_at")]
)
@pytest.mark.parametrize("wrong", [None, "x", [], [{}], {"a": 1}], ids=repr)
def test_a_benchmark_with_a_wrong_part_is_none(name, wrong, measured, row):
    if (name, wrong) in (("file_to_verdict", None), ("left_out", [])):
        return  # these may be
    data = measured(row("int8-static")).to_json()

    with pytest.raises(BenchmarkError, match="This is no benchmark"):
        Benchmark.from_json({**data, name: wrong})


@pytest.mark.parametrize("name", [field.name for field in fields(Row)])
def test_a_row_with_a_wrong_value_is_none(name, measured, row):
    data = measured(row("int8-static")).to_json()
    data["rows"][0][name] = [1]

    with pytest.raises(BenchmarkError, match=name):
        Benchmark.from_json(data)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"batches": ()}, "batch"),
        ({"batches": (0,)}, "0 is no number for batch: give one from 1 to 256"),
        ({"batches": (257,)}, "257"),
        ({"batches": (8, 8)}, "each once"),
        ({"threads": (0,)}, "0 is no number for threads: give one from 1 on"),
        ({"rounds": 9}, "9 rounds can't be measured: give a number from 10 to 10000"),
        ({"rounds": 10_001}, "10001"),
        ({"processes": 0}, "200 rounds can't be divided over 0 processes: give a number of processes from 1 to 20"),
        ({"processes": 21}, "from 1 to 20"),
        ({"processes": 11, "rounds": 10}, "10 rounds can't be divided over 11 processes: give .* from 1 to 10"),
        ({"runtimes": ("openvino", "openvino")}, "openvino, openvino names a runtime twice"),
    ],
)
def test_impossible_settings_are_refused(wrong, said):
    with pytest.raises(BenchmarkError, match=said):
        BenchmarkSettings(**wrong)
