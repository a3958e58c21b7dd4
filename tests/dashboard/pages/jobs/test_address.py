import pytest

from dashboard.pages.jobs.address import View


def test_an_address_is_read_and_written():
    view = View.of_address("?job=k3v9q2&model=wdcnn/onnx&zoom=3")

    assert view == View(job="k3v9q2", model="wdcnn/onnx")
    assert view.address(job="") == "/jobs?model=wdcnn/onnx"
    assert view.carried("/benchmark", job="x") == "/benchmark?model=wdcnn/onnx&job=x"


@pytest.mark.parametrize("search", [None, "", "?", "?job", "?job=%00&all=%ff"])
def test_no_address_breaks_the_page(search):
    assert View.of_address(search).address().startswith("/jobs")
