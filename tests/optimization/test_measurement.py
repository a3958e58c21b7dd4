import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BenchmarkError
from optimization.measurement import Benchmark, BenchmarkSettings, Row


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
    ],
)
def test_impossible_settings_are_refused(wrong, said):
    with pytest.raises(BenchmarkError, match=said):
        BenchmarkSettings(**wrong)
