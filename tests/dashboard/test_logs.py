import json
import logging
import sys

import pytest

from dashboard.logs import configure_logs, report


@pytest.fixture
def root():
    """The root logger, as it was before afterwards."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_a_json_line_holds_the_sentence_and_its_values(root, capsys):
    configure_logs("json")
    logging.getLogger("dashboard.uploads").info("kept %s", "106.mat", extra={"bytes": 3})
    line = json.loads(capsys.readouterr().err)

    assert (line["event"], line["bytes"], line["level"]) == ("kept 106.mat", 3, "info")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_an_unexpected_error_is_logged_with_its_trace_under_a_number(root, capsys, log_format):
    configure_logs(log_format)
    try:
        raise RuntimeError("inner detail")
    except RuntimeError as error:
        number = report(error, "a test")
    logged = capsys.readouterr().err

    assert number in logged
    assert "inner detail" in logged
    assert "Traceback" in logged


def test_a_request_is_logged_without_its_query_and_without_the_token(make_client, caplog):
    caplog.set_level(logging.DEBUG)
    client = make_client(token="geheim123")
    client.post("/login", data={"token": "geheim123"})
    client.get("/_dash-layout?recording=private", headers={"Authorization": "Bearer geheim123"})
    requests = [record for record in caplog.records if record.message == "request"]

    assert [(record.method, record.path, record.status) for record in requests] == [
        ("POST", "/login", 303),
        ("GET", "/_dash-layout", 200),
    ]
    assert all(record.ms >= 0 for record in requests)
    everything = repr([vars(record) for record in caplog.records])
    assert "geheim123" not in everything
    assert "private" not in everything


def test_colours_are_for_terminals_only(root, capsys):
    configure_logs("console")
    logging.getLogger("test").warning("plain")

    assert sys.stderr.isatty() or "\x1b" not in capsys.readouterr().err
