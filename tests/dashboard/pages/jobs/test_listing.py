import json
from dataclasses import replace

import pytest

from dashboard.pages.jobs import listing as page
from dashboard.pages.jobs.address import View
from engine.errors import CalibrationError, JobCrashedError, NoEffect
from engine.machine import this_machine
from optimization.verification import runtime_key

VIEW = View(recording="abc")


def text(component):
    return json.dumps(component, default=lambda value: value.to_plotly_json(), ensure_ascii=False)


def test_what_waits_is_listed_in_order_and_a_measurement_runs_alone(job):
    queued = [replace(job, id=str(number), state="queued", alone=number == 1) for number in range(2)]
    shown = text(page.waiting(queued, VIEW))

    assert shown.index('"1."') < shown.index('"job": "0"') < shown.index('"2."') < shown.index('"job": "1"')
    assert shown.index("runs alone") > shown.index('"2."')
    assert shown.count("runs alone") == 1


def test_a_failure_tells_its_sentence_its_code_and_the_attempt(ended):
    error = JobCrashedError(3, "killed by signal 9")
    shown = text(
        page.failed([ended("failed", error={"code": error.code, "message": str(error)}, attempt=3)], 1, [], VIEW)
    )

    assert str(error) in shown
    assert "job-crashed" in shown
    assert "after 3 attempts" in shown
    assert '"type": "job-retry"' in shown


@pytest.mark.parametrize("error", [CalibrationError("No window", "add a recording"), NoEffect("FP16", "it is FP16")])
def test_what_would_fail_again_is_led_to_where_it_is_changed(ended, untrained_variants, error):
    failed = ended("failed", error={"code": error.code, "message": str(error)})
    shown = text(page.failed([failed], 1, untrained_variants, VIEW))

    assert '"/models?recording=abc&model=wdcnn/onnx&job=k3v9q2&pass=quantize_static"' in shown
    assert "job-retry" not in shown


def test_a_wrong_request_for_a_variant_that_is_gone_leads_to_all_models(ended):
    shown = text(page.failed([ended("failed")], 1, [], VIEW))

    assert '"/models?recording=abc"' in shown


def test_a_wrong_benchmark_leads_to_the_page_of_benchmarks(ended):
    failed = ended("failed", kind="benchmark", error={"code": "benchmark-impossible", "message": "No."})

    assert '"/benchmark?recording=abc&job=k3v9q2"' in text(page.failed([failed], 1, [], VIEW))


def test_what_was_made_is_linked_with_its_proof_and_size(ended, untrained_variants):
    _, onnx = untrained_variants
    proven = replace(onnx, verification={"verdict": "undecided", "runtime": runtime_key(this_machine())})
    made = {"variant": onnx.full_name, "digest": onnx.digest, "size_bytes": 219_582}
    shown = text(page.done([ended("succeeded", result=made)], 1, [proven], VIEW))

    assert '"/models?recording=abc&model=wdcnn/onnx"' in shown
    assert '"undecided"' in shown
    assert '"220 kB"' in shown
    assert '"41 s"' in shown


def test_what_was_removed_since_is_not_linked(ended):
    shown = text(page.done([ended("succeeded")], 1, [], VIEW))

    assert "wdcnn/int8-static, removed since" in shown
    assert "/models" not in shown


def test_a_benchmark_leads_to_its_comparison(ended):
    shown = text(page.done([ended("succeeded", kind="benchmark", result={"rows": []})], 1, [], VIEW))

    assert '"/benchmark?recording=abc&job=k3v9q2"' in shown
    assert '"measured"' in shown


def test_a_search_leads_to_its_answer_with_proof_and_size_of_the_one_to_ship(ended):
    ship = {"variant": "wdcnn/int8-static", "size_bytes": 73_886, "verification": None}
    shown = text(page.done([ended("succeeded", kind="search", result={"ship": ship})], 1, [], VIEW))

    assert '"/optimise?recording=abc&job=k3v9q2"' in shown
    assert '"wdcnn/int8-static"' in shown
    assert '"73.9 kB"' in shown


def test_a_search_that_fails_however_often_leads_to_its_form_as_it_was_asked_for(ended):
    failed = ended("failed", kind="search", error={"code": "search-impossible", "message": "No."})

    assert '"/optimise?recording=abc&job=k3v9q2"' in text(page.failed([failed], 1, [], VIEW))


def test_what_made_nothing_to_keep_is_done_without_a_result(ended):
    shown = text(page.done([ended("succeeded", kind="kernels", result={"kernels": 30})], 1, [], VIEW))

    assert "/models" not in shown


def test_what_was_cancelled_can_be_started_again(ended):
    shown = text(page.cancelled([ended("cancelled")], 1, VIEW))

    assert "Start again" in shown
    assert '"type": "job-retry"' in shown


def test_many_jobs_are_the_newest_with_a_way_to_all_and_back(ended):
    jobs = [ended("succeeded", id=str(number)) for number in range(70)]
    newest, everything = page.done(jobs[:50], 70, [], VIEW), page.done(jobs, 70, [], replace(VIEW, all="succeeded"))

    assert '"All 70"' in text(newest)
    assert '"the newest 50"' in text(newest)
    assert '"/jobs?all=succeeded&recording=abc"' in text(newest)
    assert '"The newest 50"' in text(everything)
    assert '"All' not in text(page.done(jobs[:3], 3, [], VIEW))


def test_nothing_is_shown_of_a_state_that_no_job_is_in():
    assert [page.waiting([], VIEW), page.failed([], 0, [], VIEW), page.done([], 0, [], VIEW)] == [None] * 3
    assert page.cancelled([], 0, VIEW) is None


def test_a_row_names_its_job_for_those_who_do_not_see_it(ended):
    assert '"aria-label": "Start again: Static INT8 of wdcnn/onnx"' in text(
        page.cancelled([ended("cancelled")], 1, VIEW)
    )
