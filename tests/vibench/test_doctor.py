from vibench import doctor


def test_nothing_is_missing_here(vibench, vibench_json):
    vibench("models")  # the workspace is there now
    (findings,) = vibench_json("doctor")

    assert [finding for finding in findings if finding["missing"]] == []
    found = {finding["name"]: finding["value"] for finding in findings}
    assert {"vibench", "python", "onnxruntime", "pytorch", "instruction sets", "threads", "room left"} <= set(found)
    assert "wdcnn/" in found["variants"]
    assert vibench("doctor").out.endswith("\nNothing is missing.\n")


def test_secrets_are_not_shown(vibench, monkeypatch):
    monkeypatch.setenv("VIBENCH_TOKEN", "correct-horse")

    told = vibench("doctor").out

    assert "correct-horse" not in told
    assert "set, not shown" in told


def test_a_workspace_that_cannot_be_written_is_missing(vibench, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr("os.environ", {"VIBENCH_WORKSPACE": str(tmp_path / "file" / "workspace")})
    findings = list(doctor.examine())

    (missing,) = [finding for finding in findings if finding.missing]
    assert (missing.group, missing.name) == ("workspace", "folder")


def test_an_impossible_setting_is_missing_and_ends_with_status_1(vibench, monkeypatch):
    monkeypatch.setenv("VIBENCH_PORT", "eighty")

    told = vibench("doctor", status=1)

    assert "VIBENCH_PORT" in told.out
