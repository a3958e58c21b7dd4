import pytest

from dashboard.pages.models.elsewhere import targets_card
from workspace.targets import keep

CALLS = {"calls": 400, "p50_ms": 1.25, "p90_ms": 1.5, "p99_ms": None}
PARITY = {
    "holds": True, "recordings": 21, "verdicts_changed": 0, "verdicts_changed_at_most": 0.133, "parent": None,
    "verdicts_not_of_parent": None, "windows": 224, "classes_kept": 224, "largest_logit_difference": 0.01,
    "logit_tolerance": 0.05, "largest_window_difference": 1e-5, "window_tolerance": 1e-4, "differing": [],
}  # fmt: skip
MACHINE = {
    "cpu": "Cortex-A72", "architecture": "aarch64", "system": "Linux 6.1", "instruction_sets": [], "threads": 4,
    "used_threads": 1, "governor": None, "versions": {"python": "3.11.2", "numpy": "2.0.0", "onnxruntime": "1.20.0"},
}  # fmt: skip


@pytest.fixture
def document():
    """What a target found of a variant."""

    def make(digest, latency=None, outcome="passed"):
        candidate = {
            "name": "onnx", "digest": digest, "size_bytes": 1, "latency": latency, "sustained": None, "ratio": None,
            "parity": PARITY | {"holds": outcome != "failed"}, "outcome": outcome,
            "proof": {"verdict": "equivalent", "holds_here": outcome == "passed", "sentence": "One."},
        }  # fmt: skip
        return {
            "schema": "vibench.target/1", "bundle": {"sha256": "cd" * 32}, "measured_at": "2026-01-01T00:00:00+00:00",
            "machine": MACHINE, "checksums": {"files": 97, "wrong": []}, "candidates": [candidate],
            "sensor_rate_hz": 25_600, "measuring": None, "take": None if outcome == "failed" else "onnx",
            "outcome": outcome, "reasons": ["Holds."],
        }  # fmt: skip

    return make


def test_a_variant_of_which_no_target_told_has_no_card(workspace):
    assert targets_card(workspace, workspace.variants.find("wdcnn/onnx")) is None


def test_what_targets_found_stands_in_a_table(workspace, document, text_of):
    variant = workspace.variants.find("wdcnn/onnx")
    latency = {
        "network": CALLS, "hop": CALLS, "hop_length_ms": 85.0, "realtime_factor": 68.0, "hop_share": 0.01, "fits": True,
    }  # fmt: skip
    keep(workspace.folder, document(variant.digest, latency))
    keep(workspace.folder, document("ab" * 32, latency, outcome="failed"))

    words = text_of(targets_card(workspace, variant))

    assert "Cortex-A72 aarch64, 1 thread 1.25 1.50 68.0 0 of 21" in words
    assert "passed" in words
    assert "failed" not in words
    assert "This workstation" not in words


def test_a_target_that_measured_nothing_shows_no_numbers(workspace, document, text_of):
    variant = workspace.variants.find("wdcnn/onnx")
    keep(workspace.folder, document(variant.digest, outcome="undecided"))

    assert "1 thread – – – 0 of 21 undecided" in text_of(targets_card(workspace, variant))
