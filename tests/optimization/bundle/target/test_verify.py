import json
from argparse import Namespace

import numpy as np
import onnxruntime
import pytest

from engine import machine as engine_machine
from optimization.bundle.target import checksums, latency, machine
from optimization.bundle.target.latency import Times, quantiles, ratio, sustained
from optimization.bundle.target.parity import upper_bound
from optimization.bundle.target.proof import held_here
from optimization.bundle.target.verify import best, main, verify
from optimization.bundle.target_result import checked
from optimization.measuring import turns
from optimization.proving.comparison import upper_bound as exact_upper_bound

PARITY = {"recordings": 21, "verdicts_changed": 0, "verdicts_changed_at_most": 0.133}


def verified(folder, tmp_path, capsys, *words, **options):
    """Run verify.py without measuring unless asked; returns status, what it wrote, and what it said."""
    out = tmp_path / "target.json"
    status = main(["--out", str(out), *(words or ["--seconds", "0"])], folder, **options)
    return status, json.loads(out.read_text()), capsys.readouterr().err


def test_a_python_with_numpy_and_onnxruntime_alone_measures_parity_and_latency(on_target, bundle, tmp_path, int8):
    told = on_target("verify.py", "--seconds", "0.5", "--out", tmp_path / "target.json", text=True)

    document = json.loads((tmp_path / "target.json").read_text())
    assert checked(document)["take"] in {"int8-static", "onnx"}
    assert [candidate["parity"]["holds"] for candidate in document["candidates"]] == [True, True]
    for candidate in document["candidates"]:
        assert candidate["parity"]["recordings"] == 21
        assert candidate["parity"]["verdicts_changed"] == candidate["parity"]["verdicts_not_of_parent"] == 0
        assert candidate["latency"]["hop_length_ms"] == pytest.approx(1024 / 12, abs=1e-3)
        assert 0 < candidate["latency"]["network"]["p50_ms"] < candidate["latency"]["hop"]["p50_ms"]
        assert candidate["sustained"]["rounds"] >= 1
    assert document["candidates"][0]["digest"] == int8.digest
    assert document["measuring"]["seconds"] >= 0.5
    assert told.stdout == ""
    assert "golden verdicts changed" in told.stderr


def test_the_document_goes_to_standard_output_where_no_file_is_named(bundle, capsys):
    main(["--seconds", "0"], bundle)

    assert checked(json.loads(capsys.readouterr().out))["measuring"] is None


def test_an_altered_file_fails_before_anything_is_asked(altered, tmp_path, capsys):
    folder, _ = altered
    with (folder / "golden" / "inner-12000hz.f32").open("r+b") as file:
        file.write(b"\x01")
    (folder / "card.json").unlink()

    status, document, said = verified(folder, tmp_path, capsys)

    assert status == 1
    assert document["checksums"]["wrong"] == ["card.json is missing", "golden/inner-12000hz.f32 is altered"]
    assert document["candidates"] == []
    assert "card.json is missing; of " in said
    assert checked(document)["outcome"] == "failed"


def test_another_network_under_the_same_name_fails_parity(altered, tmp_path, capsys):
    folder, sum_again = altered
    model = (folder / "models" / "onnx.onnx").read_bytes()
    weights = np.frombuffer(model, np.uint8).copy()
    middle = slice(len(weights) // 2 // 4 * 4, len(weights) // 2 // 4 * 4 + 4_000)
    weights[middle] = 0
    (folder / "models" / "onnx.onnx").write_bytes(weights.tobytes())
    keep_candidates(folder, "onnx")
    sum_again()

    status, document, said = verified(folder, tmp_path, capsys)

    (candidate,) = document["candidates"]
    assert status == 1
    assert not candidate["parity"]["holds"]
    assert candidate["parity"]["largest_logit_difference"] > 10 * candidate["parity"]["logit_tolerance"]
    assert document["take"] is None
    assert "a logit differs by" in said


def test_a_network_that_answers_otherwise_is_not_taken_where_another_does_not(altered, tmp_path, capsys):
    folder, sum_again = altered
    (folder / "models" / "int8-static.onnx").write_bytes((folder / "models" / "onnx.onnx").read_bytes())
    sum_again()

    status, document, said = verified(folder, tmp_path, capsys)

    assert status in {0, 4}  # as the proof of the other one holds here
    assert document["take"] == "onnx"
    assert document["candidates"][0]["outcome"] == "failed"
    assert "Take onnx." in said


def test_a_filter_that_resamples_otherwise_is_found_in_the_windows(bundle, tmp_path, capsys, monkeypatch):
    from optimization.bundle.target import resampling, stream

    monkeypatch.setattr(
        stream, "resample", lambda samples, *rates: resampling.resample(samples, *rates) + np.float32(1e-3 * samples[0])
    )
    monkeypatch.setattr(stream, "cut", lambda row, length, hop: resampling.sliding_window_view(row[1:], length)[::hop])

    status, document, _ = verified(bundle, tmp_path, capsys)

    assert status == 1
    assert any("window" in said for said in document["candidates"][0]["parity"]["differing"])


def test_the_proof_is_refused_on_another_instruction_set(bundle, tmp_path, capsys):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("model name\t: Old one\nflags\t\t: fpu avx2 f16c\n")

    status, document, said = verified(bundle, tmp_path, capsys, cpuinfo=cpuinfo)

    assert status == 4
    assert document["outcome"] == "undecided"
    assert document["machine"]["instruction_sets"] == ["avx2", "f16c"]
    proof = document["candidates"][0]["proof"]
    assert not proof["holds_here"]
    assert "here there is avx2 f16c" in proof["sentence"]
    assert "It does not hold here." in proof["sentence"]
    assert "21 golden recordings only, and 0 changed: in truth up to 13% of recordings like these may." in said


def test_a_variant_that_is_known_to_be_degraded_does_not_pass(altered, tmp_path, capsys):
    folder, sum_again = altered
    keep_candidates(folder, "int8-static")
    index = json.loads((folder / "bundle.json").read_text())
    index["candidates"][0]["proof"]["verdict"] = "degraded"
    (folder / "bundle.json").write_text(json.dumps(index))
    sum_again()

    status, document, said = verified(folder, tmp_path, capsys)

    assert status == 1
    assert document["candidates"][0]["parity"]["holds"]
    assert "int8-static does not pass." in said


def test_hidden_instruction_sets_hold_no_proof(bundle, tmp_path, capsys):
    status, document, _ = verified(bundle, tmp_path, capsys, cpuinfo=tmp_path / "missing")

    assert status == 4
    assert document["machine"]["instruction_sets"] is None
    assert "instruction sets that the system does not tell" in document["candidates"][0]["proof"]["sentence"]


@pytest.mark.parametrize(
    ("proof", "holds", "said"),
    [
        ({}, True, "0 of 58 verdicts flipped, at most 5.0% do"),
        ({"version": "1.0"}, False, "was made on onnxruntime 1.0; here runs onnxruntime 2.0. It does not hold here."),
        ({"runtime": "openvino"}, False, "was made on openvino 2.0"),
        ({"instruction_sets": "avx2 avx512_vnni"}, False, "here there is avx2, without avx512_vnni."),
        ({"verdict": "undecided"}, False, "says undecided"),
    ],
)
def test_a_proof_holds_where_it_was_made_and_nowhere_else(proof, holds, said):
    made = {"verdict": "equivalent", "instruction_sets": "avx2", "runtime": "onnxruntime", "version": "2.0"}
    counted = {"flips": 0, "recordings": 58, "flips_upper_bound": 0.0503}
    here = {"instruction_sets": ["avx2"], "versions": {"onnxruntime": "2.0"}}

    found = held_here({"name": "int8", "proof": made | counted | proof}, here, PARITY)

    assert found["holds_here"] is holds
    assert said in found["sentence"]


def test_without_a_proof_no_more_is_claimed_than_was_measured():
    found = held_here({"name": "int8", "proof": None}, {}, PARITY)

    assert found["verdict"] is None
    assert not found["holds_here"]
    assert "21 golden recordings only" in found["sentence"]


def test_a_hop_that_takes_longer_than_it_lasts_fails(bundle, monkeypatch, tmp_path, capsys):
    slow = Times(network_ms=[100.0] * 20, hop_ms=[100.0] * 20, rounds_ms=[100.0] * 20)
    monkeypatch.setattr(latency, "measure", lambda models, *_, **__: (None, [slow for _ in models]))

    status, document, said = verified(bundle, tmp_path, capsys, "--seconds", "1")

    assert status == 1
    assert document["candidates"][0]["latency"]["realtime_factor"] == pytest.approx(1024 / 12 / 100, abs=1e-3)
    assert document["candidates"][0]["latency"]["hop_share"] == pytest.approx(100 / (1024 / 12), abs=1e-3)
    assert "does not fit into its 85.3 ms" in said


def test_the_smallest_of_those_that_tie_with_the_fastest_is_taken():
    times = [Times(rounds_ms=[milliseconds] * 50) for milliseconds in (2.0, 1.0, 1.01, 1.01)]
    found = [
        {"outcome": outcome, "ratio": {"median": median}, "size_bytes": size}
        for outcome, median, size in [
            ("passed", 1.0, 1), ("passed", 0.5, 9), ("passed", 0.505, 5), ("undecided", 0.505, 2),
        ]
    ]  # fmt: skip

    assert best(found, times) == 2
    assert best([{**each, "outcome": "undecided"} for each in found], times) == 3
    assert best([{**each, "outcome": "failed"} for each in found], times) == 0
    assert best(found[3:], []) == 0


def test_a_99_percent_quantile_takes_662_calls():
    assert latency.CALLS_FOR_P99 == turns.CALLS_FOR_P99
    assert quantiles([1.0] * 661)["p99_ms"] is None
    assert quantiles([*[1.0] * 654, *[9.0] * 8])["p99_ms"] == 9.0


def test_a_last_tenth_that_is_slower_is_called_throttled():
    assert sustained(Times(rounds_ms=[1.0] * 90 + [1.2] * 10)) == {
        "rounds": 100,
        "first_tenth_ms": 1.0,
        "last_tenth_ms": 1.2,
        "ratio": 1.2,
        "throttled": True,
    }
    assert not sustained(Times(rounds_ms=[1.0] * 90 + [1.05] * 10))["throttled"]


def test_the_interval_of_a_ratio_covers_its_median_as_often_as_it_says():
    random, covered = np.random.default_rng(0), 0
    for _ in range(300):
        found = ratio(Times(rounds_ms=list(random.lognormal(size=101))), Times(rounds_ms=[1.0] * 101))
        covered += found["low"] <= 1.0 <= found["high"]

    assert covered > 0.93 * 300


@pytest.mark.parametrize(("changed", "count"), [(0, 21), (1, 21), (5, 40), (21, 21)])
def test_the_bound_of_changes_is_the_workbenchs(changed, count):
    assert upper_bound(changed, count) == pytest.approx(exact_upper_bound(changed, count), abs=1e-9)


def test_instruction_sets_are_those_that_the_workbench_looks_for():
    assert machine.INSTRUCTION_SETS == engine_machine.INSTRUCTION_SETS
    assert tuple(machine.this_machine()["instruction_sets"]) == engine_machine.this_machine().flags


def test_clock_and_heat_are_read_where_the_system_tells_them(tmp_path):
    for core, hertz in enumerate(("1000000", "3000000")):
        place = tmp_path / "devices/system/cpu" / f"cpu{core}"
        (place / "cpufreq").mkdir(parents=True)
        (place / "thermal_throttle").mkdir()
        (place / "cpufreq" / "scaling_cur_freq").write_text(hertz + "\n")
        (place / "thermal_throttle" / "core_throttle_count").write_text("2\n")
    zone = tmp_path / "class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text("61500\n")

    assert machine.clock(tmp_path) == {"mhz": 2000.0, "celsius": 61.5, "slowed_by_heat": 4.0}
    assert machine.clock(tmp_path / "nothing") == {"mhz": None, "celsius": None, "slowed_by_heat": None}


@pytest.mark.parametrize("line", ["0" * 64 + "  ../outside", "0" * 64 + "  /etc/passwd", "nothing"])
def test_a_list_of_sums_never_leaves_the_bundle(line, tmp_path):
    (tmp_path / "SHA256SUMS").write_text(line + "\n")

    with pytest.raises(checksums.InputError, match="SHA256SUMS is damaged"):
        checksums.check(tmp_path)


@pytest.mark.parametrize("words", [["--rate", "0"], ["--out", "/missing/target.json"], ["--out", "/"]])
def test_bad_input_is_one_sentence_and_status_2_before_anything_is_asked(words, bundle, capsys, monkeypatch):
    monkeypatch.setattr("optimization.bundle.target.verify.Model", None)

    assert main(["--seconds", "0", *words], bundle) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("words", [["--seconds", "nan"], ["--threads", "0"], ["--threads", "100000"]])
def test_impossible_options_end_with_status_2(words, bundle, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words, bundle)

    assert f"verify.py: error: {words[0]} goes from" in capsys.readouterr().err


def test_an_interruption_leaves_no_file_and_no_trace(bundle, tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("optimization.bundle.target.verify.answers_of", interrupted)

    assert main(["--out", str(tmp_path / "target.json")], bundle) == 130
    assert capsys.readouterr().err == ""
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_cannot_be_loaded_names_the_runtime(altered, tmp_path, capsys):
    folder, sum_again = altered
    (folder / "models" / "onnx.onnx").write_bytes(b"none")
    sum_again()

    assert main(["--seconds", "0"], folder) == 2
    said = capsys.readouterr().err
    assert f"models/onnx.onnx can't be loaded by ONNX Runtime {onnxruntime.__version__} (" in said
    assert "install the version that bundle.json names" in said


def test_threads_are_told(bundle):
    told = verify(bundle, Namespace(seconds=0, rate=12_000.0, threads=2), machine.this_machine())

    assert told["machine"]["used_threads"] == 2


def keep_candidates(folder, *names):
    """Leave only some candidates in a bundle's index."""
    index = json.loads((folder / "bundle.json").read_text())
    index["candidates"] = [entry for entry in index["candidates"] if entry["name"] in names]
    (folder / "bundle.json").write_text(json.dumps(index))
