import csv
import io

import pytest

from dashboard.app import create_app
from dashboard.pages.benchmark.downloads import benchmark_csv


@pytest.fixture
def client(workspace):
    return create_app(workspace.settings, workspace).server.test_client()


def test_the_table_has_a_row_a_variant_and_batch_below_the_facts(measured):
    rows = list(csv.reader(io.StringIO(benchmark_csv(measured))))

    facts = {line[0].removeprefix("# "): line[1] for line in rows if line[0].startswith("#")}
    head, *table = [line for line in rows if not line[0].startswith("#")]
    assert (facts["baseline"], facts["rounds"], facts["governor"]) == ("wdcnn/onnx", "200", "")
    assert len(table) == 6
    ship = dict(zip(head, table[2], strict=True))
    assert (ship["variant"], ship["p50_ms"], ship["p99_ms"], ship["proof_flips"]) == ("int8-static", "10.0", "", "0")


@pytest.mark.parametrize(("kind", "mimetype"), [("html", "text/html"), ("csv", "text/csv")])
def test_a_measurement_is_sent_as_an_attachment(client, submit, finish, measured, kind, mimetype):
    job = finish(submit(), result=measured.to_json())

    answer = client.get(f"/benchmarks/{job.id}.{kind}")

    assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert answer.headers["Content-Disposition"] == f"attachment; filename=benchmark-wdcnn-2026-03-04T05-06.{kind}"
    assert b"int8-static" in answer.data


@pytest.mark.parametrize("kind", ["html", "csv"])
def test_a_job_that_measured_nothing_or_is_not_there_is_a_sentence(client, submit, kind):
    waiting = client.get(f"/benchmarks/{submit().id}.{kind}")
    gone = client.get(f"/benchmarks/gone.{kind}")

    assert (waiting.status_code, waiting.json["error"]["code"]) == (404, "benchmark-impossible")
    assert (gone.status_code, gone.json["error"]["code"]) == (404, "job-not-found")
