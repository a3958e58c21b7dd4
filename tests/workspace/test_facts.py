import sys
from importlib import import_module
from importlib.metadata import version

from workspace import facts
from workspace.settings import Settings
from workspace.workspace import Workspace


def test_a_package_that_is_not_installed_is_missing():
    assert facts.checked("numpy", lambda: version("no-such-package")).missing


def test_a_module_that_does_not_load_is_missing():
    found = facts.checked("numpy", lambda: "1.0", lambda: import_module("no_such_module"))

    assert (found.value, bool(found.missing)) == ("does not load", True)


def test_an_optional_runtime_that_is_not_installed_is_told_but_not_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)  # as if it were not there
    (found,) = [finding for finding in facts.versions(load=True) if finding.name == "openvino"]

    assert found.value == "not installed; optional: pip install .[openvino]"
    assert found.missing is None


def test_every_setting_is_told_with_what_it_does(tmp_path):
    settings = Settings(workspace=tmp_path, token="correct-horse", _env_file=None)
    told = {fact.name: fact for fact in facts.settings_told(settings)}

    assert len(told) == len(Settings.model_fields)
    assert all(fact.help.endswith(".") for fact in told.values())
    assert (told["VIBENCH_TOKEN"].value, told["VIBENCH_TOKEN"].is_default) == ("set, not shown", False)
    assert (told["VIBENCH_PORT"].value, told["VIBENCH_PORT"].is_default) == ("8050", True)
    assert told["VIBENCH_DATABASE_URL"].value == "none"


def test_storage_is_measured_part_by_part(tmp_path):
    with Workspace.open(Settings(workspace=tmp_path / "workspace", _env_file=None)) as workspace:
        before = facts.storage_use(workspace)
        (workspace.folder / "cache" / "signals" / "a.npy").write_bytes(b"x" * 1000)
        (tmp_path / "file").write_bytes(b"y" * 300)
        with workspace.blobs.changing():
            workspace.blobs.add(tmp_path / "file")
        after = facts.storage_use(workspace)

    assert after.cache_bytes - before.cache_bytes == 1000
    assert after.blobs_bytes - before.blobs_bytes == 300
    assert after.database_bytes > 0
    assert after.free_bytes > 0
