import pytest

from dashboard.pages.models.address import View
from dashboard.pages.models.following import Making, name_of, source_of
from dashboard.pages.models.making import already, jobs_shown, nothing_fits
from workspace.jobs.job import JobProgress

VIEW = View(model="wdcnn/onnx", recording="r1")


def hrefs(all_of, shown):
    return [one.href for one in all_of(shown) if getattr(one, "href", None)]


def test_a_job_that_waits_without_a_worker_says_how_to_start_one(line, make_job, text_of):
    words = text_of(jobs_shown([make_job("queued")], line, VIEW, worker=False))

    assert "No worker is running." in words
    assert "vibench worker" in words
    assert "No worker" not in text_of(jobs_shown([make_job("queued")], line, VIEW, worker=True))


def test_a_job_that_has_made_a_variant_leads_to_it(line, make_job, text_of, all_of):
    job = make_job("succeeded", result={"digest": line[2].digest})

    (told,) = jobs_shown([job], line, VIEW, worker=True)

    assert "int8-static is ready." in text_of(told)
    assert "1.00 MB, equivalent to onnx: 0 of 40 verdicts flipped, made in 5.0 s." in text_of(told)
    assert hrefs(all_of, told) == [
        "/models?model=wdcnn/int8-static&recording=r1",
        "/diagnose?recording=r1&model=wdcnn/int8-static",
        "/benchmark?recording=r1&model=wdcnn/int8-static",
    ]


def test_a_variant_that_is_not_equivalent_says_why_and_is_no_success(line, make_variant, make_job, proven, text_of):
    proof = proven("a", "b", verdict="degraded", reasons=("Only 380 of 400 windows keep their class; 99 % must.",))
    worse = make_variant("worse", line[1], verification=proof)
    (told,) = jobs_shown([make_job("succeeded", result={"digest": worse.digest})], [*line, worse], VIEW, worker=True)

    assert text_of(told).count("Only 380 of 400 windows keep their class") == 1
    assert "notice-warn" in told.className


def test_of_two_variants_of_one_content_the_one_that_was_made_is_ready(line, make_variant, make_job, text_of):
    twin = make_variant("mine", line[1], digest=line[2].digest)
    job = make_job("succeeded", result={"digest": twin.digest, "variant": "wdcnn/mine"})
    (told,) = jobs_shown([job], [*line, twin], VIEW, worker=True)

    assert "mine is ready." in text_of(told)


def test_a_variant_that_was_removed_since_is_not_promised(line, make_job, text_of, all_of):
    (told,) = jobs_shown([make_job("succeeded", result={"digest": "0" * 64})], line, VIEW, worker=True)

    assert "removed since" in text_of(told)
    assert hrefs(all_of, told) == []


def test_a_job_that_failed_says_why_and_leads_back_into_the_form(line, make_job, text_of, all_of):
    job = make_job("failed", error={"code": "no-effect", "message": "It changes nothing. Leave it out."})

    (told,) = jobs_shown([job], line, VIEW, worker=True)

    assert "Static INT8 of wdcnn/onnx failed. It changes nothing. Leave it out." in text_of(told)
    assert hrefs(all_of, told) == ["/models?model=wdcnn/onnx&job=abc123&recording=r1"]
    (gone,) = jobs_shown([job], line[:1], VIEW, worker=True)
    assert hrefs(all_of, gone) == []


def test_work_that_was_asked_for_before_is_said_to_be_there(line, make_job, text_of, all_of):
    made = already(make_job("succeeded", result={"digest": line[2].digest}), line, VIEW)
    waiting = already(make_job("running"), line, VIEW)

    assert "Made already. wdcnn/int8-static is the same" in text_of(made)
    assert hrefs(all_of, made) == ["/models?model=wdcnn/int8-static&recording=r1"]
    assert "Asked for already." in text_of(waiting)
    assert hrefs(all_of, waiting) == ["/jobs?job=abc123"]


def test_a_variant_that_nothing_can_be_made_of_leads_to_its_parent(line, text_of, all_of):
    shown = nothing_fits(line[2], ["Static INT8 can't."], line, VIEW)

    assert "No pass can be run on wdcnn/int8-static" in text_of(shown)
    assert "Static INT8 can't." in text_of(shown)
    assert hrefs(all_of, shown) == ["/models?model=wdcnn/onnx&recording=r1"]


@pytest.mark.parametrize(
    ("state", "progress", "share"),
    [
        ("running", JobProgress("Calibrating", 16, 64), "25 %"),
        ("running", JobProgress("Exporting", 0, 0), ""),
        ("running", None, ""),
        ("queued", None, ""),
    ],
)
def test_how_much_is_done_is_said_only_where_it_is_known(make_job, state, progress, share):
    assert Making("x", "wdcnn/onnx", make_job(state, progress=progress)).share == share


def test_a_result_is_called_as_somebody_wished_or_as_its_last_pass_calls_it(line, make_job):
    job = make_job()

    assert name_of(job, line[1]) == "int8-static"
    assert name_of(make_job(parameters={**job.parameters, "name": "mine"}), line[1]) == "mine"
    assert name_of(make_job(parameters={**job.parameters, "recipe": [{"pass": "of_old"}]}), line[1]) == "of_old"


def test_a_job_belongs_to_the_variant_of_that_name_and_digest(line, make_job):
    job = make_job()

    assert source_of(job, line) is line[1]
    assert source_of(make_job(parameters={**job.parameters, "digest": "0" * 64}), line) is None
