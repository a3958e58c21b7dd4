import json
import sys
from dataclasses import replace

import pytest

from dashboard.pages import PAGES
from dashboard.pages.system import layout as page
from engine.machine import this_machine
from workspace.facts import Finding, SettingFact, storage_use
from workspace.settings import Settings


def text(component):
    return json.dumps(component, default=lambda value: value.to_plotly_json(), ensure_ascii=False)


@pytest.fixture
def client(make_client):
    return make_client(PAGES, token="correct-horse")


@pytest.fixture
def workspace(client):
    return client.application.extensions["workspace"]


def test_the_page_tells_machine_worker_runtimes_storage_and_settings(workspace):
    shown = text(page.layout(workspace))

    assert this_machine().cpu in shown
    for words in ("No worker", "ONNX Runtime", "Recordings and variants", "safetensors", "Free on disk"):
        assert words in shown
    for name, field in Settings.model_fields.items():
        assert f"VIBENCH_{name.upper()}" in shown
        assert field.description in shown


def test_no_secret_is_shown_or_downloaded(client, workspace):
    answer = client.get("/system.json", headers={"Authorization": "Bearer correct-horse"})

    assert "correct-horse" not in answer.text
    assert "correct-horse" not in text(page.layout(workspace))
    assert answer.json["settings"]["VIBENCH_TOKEN"] == "set, not shown"


def test_the_report_is_an_attachment_for_those_who_may_see_the_page(client):
    assert client.get("/system.json").status_code == 401
    answer = client.get("/system.json", headers={"Authorization": "Bearer correct-horse"})

    assert "vibench-system.json" in answer.headers["Content-Disposition"]
    assert answer.json["schema"] == "vibench.system/1"
    assert answer.json["versions"]["onnxruntime"]
    assert answer.json["storage"]["limit_bytes"] == 100 * 2**30
    assert answer.json["jobs"] == {
        "queued": 0, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0, "worker": False,
    }  # fmt: skip


def test_a_runtime_is_loaded_missing_or_neither(monkeypatch):
    runtime = Finding("version", "pytorch", "2.13.0")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert "not loaded" in text(page.loaded(runtime))

    monkeypatch.setitem(sys.modules, "torch", object())
    assert '"loaded"' in text(page.loaded(runtime))
    assert '"missing"' in text(page.loaded(replace(runtime, missing="run make run")))


def test_storage_that_is_nearly_full_says_so(workspace):
    use = storage_use(workspace)

    assert "nearly full" not in text(page.storage_card(use, workspace))
    assert "nearly full" in text(page.storage_card(replace(use, blobs_bytes=95, limit_bytes=100), workspace))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("VIBENCH_UPLOAD_LIMIT_BYTES", "2147483648", "2.15 GB"),
        ("VIBENCH_JOB_TIME_LIMIT_S", "14400", "4 h"),
        ("VIBENCH_READER_TIME_S", "59", None),
        ("VIBENCH_PORT", "8050", None),
        ("VIBENCH_HOST", "127.0.0.1", None),
    ],
)
def test_large_amounts_are_told_in_larger_units_too(name, value, words):
    assert page.in_larger_units(SettingFact(name, value, True, "")) == words
