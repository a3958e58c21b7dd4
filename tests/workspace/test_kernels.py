import logging

from engine.variant import Variant
from workspace.kernels import forecaster_for, keep, kept_kernels, kernels_here, place_of


def test_a_table_is_kept_and_found_again(tmp_path, kernel_table):
    assert kept_kernels(tmp_path) is None

    keep(kernel_table, place_of(tmp_path))

    assert kept_kernels(tmp_path) == kernel_table
    assert kernels_here(tmp_path, progress=lambda *_: 1 / 0) == kernel_table  # nothing is measured
    assert [path.name for path in place_of(tmp_path).parent.iterdir()] == [place_of(tmp_path).name]


def test_another_machine_has_another_table(tmp_path, kernel_table, monkeypatch):
    keep(kernel_table, place_of(tmp_path))
    monkeypatch.setattr("workspace.kernels.fingerprint", lambda: {"cpu": "another"})

    assert kept_kernels(tmp_path) is None


def test_a_file_that_makes_no_sense_is_no_table(tmp_path, caplog):
    place_of(tmp_path).parent.mkdir(parents=True)
    place_of(tmp_path).write_text('{"schema": "other"}')

    with caplog.at_level(logging.WARNING):
        assert kept_kernels(tmp_path) is None

    assert "measured again" in caplog.text


def test_a_disk_that_keeps_nothing_is_only_logged(tmp_path, kernel_table, caplog):
    (tmp_path / "cache").write_text("a file where a folder should be")

    with caplog.at_level(logging.WARNING):
        keep(kernel_table, place_of(tmp_path))

    assert "can't be kept" in caplog.text


def test_a_short_benchmark_has_forecasts_only_where_a_table_is_kept(tmp_path, card, kernel_table):
    baseline = Variant("onnx", "onnx", "onnx", tmp_path / "model.onnx", "0" * 64, card)

    assert forecaster_for(tmp_path, baseline, 20, progress=lambda *_: 1 / 0) is None

    keep(kernel_table, place_of(tmp_path))
    assert forecaster_for(tmp_path, baseline, 20) is not None
