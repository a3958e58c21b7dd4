import json

import pytest

from engine.errors import WorkspaceError
from optimization.bundle.target_result import checked
from workspace.targets import FOLDER, keep, kept_of

PARITY = {
    "holds": True,
    "recordings": 21,
    "verdicts_changed": 0,
    "verdicts_changed_at_most": 0.133,
    "parent": None,
    "verdicts_not_of_parent": None,
    "windows": 224,
    "classes_kept": 224,
    "largest_logit_difference": 0.01,
    "logit_tolerance": 0.05,
    "largest_window_difference": 1e-5,
    "window_tolerance": 1e-4,
    "differing": [],
}


@pytest.fixture
def document():
    """Return what a target found of a variant, without latencies."""

    def make(digest="ab" * 32, measured_at="2026-01-01T00:00:00+00:00"):
        candidate = {
            "name": "int8-static",
            "digest": digest,
            "size_bytes": 74_000,
            "parity": PARITY,
            "proof": {"verdict": None, "holds_here": False, "sentence": "There is none."},
            "latency": None,
            "sustained": None,
            "ratio": None,
            "outcome": "undecided",
        }
        machine = {
            "cpu": "Cortex-A72",
            "architecture": "aarch64",
            "system": "Linux 6.1",
            "instruction_sets": [],
            "threads": 4,
            "used_threads": 1,
            "governor": "ondemand",
            "versions": {"python": "3.11.2", "numpy": "2.0.0", "onnxruntime": "1.20.0"},
        }
        return checked(
            {
                "schema": "vibench.target/1",
                "bundle": {"sha256": "cd" * 32},
                "measured_at": measured_at,
                "machine": machine,
                "checksums": {"files": 97, "wrong": []},
                "candidates": [candidate],
                "sensor_rate_hz": 25_600,
                "measuring": None,
                "take": "int8-static",
                "outcome": "undecided",
                "reasons": ["It answers as it should."],
            }
        )

    return make


def test_what_is_kept_is_found_by_the_variants_digest_the_newest_first(tmp_path, document):
    older, newer = document(), document(measured_at="2026-02-01T00:00:00+00:00")
    keep(tmp_path, newer)
    keep(tmp_path, older)
    keep(tmp_path, document(digest="ef" * 32))

    assert kept_of(tmp_path, "ab" * 32) == [newer, older]
    assert kept_of(tmp_path, "00" * 32) == []


def test_the_same_is_kept_once(tmp_path, document):
    assert keep(tmp_path, document()) == keep(tmp_path, document())
    assert len(list((tmp_path / FOLDER).iterdir())) == 1


def test_a_workspace_without_targets_has_none(tmp_path):
    assert kept_of(tmp_path, "ab" * 32) == []


def test_a_file_that_somebody_altered_is_left_out(tmp_path, document):
    keep(tmp_path, document()).write_text("{}")

    assert kept_of(tmp_path, "ab" * 32) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path, document, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(json, "dump", full)
    with pytest.raises(WorkspaceError):
        keep(tmp_path, document())

    assert list((tmp_path / FOLDER).iterdir()) == []
