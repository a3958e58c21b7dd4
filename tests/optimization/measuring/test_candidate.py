import sys

import pytest

from engine.errors import BenchmarkError, ModelRefusedError
from engine.runtimes import RUNTIMES
from optimization.measuring.candidate import Candidate, candidates_of

HAS_OPENVINO = RUNTIMES["openvino"].available()


def test_a_candidate_is_a_variant_on_its_usual_runtime_unless_another_is_named(untrained_variants):
    pytorch, onnx = untrained_variants

    assert [each.runtime for each in map(Candidate.of, (pytorch, onnx))] == ["pytorch", "onnxruntime"]
    assert Candidate.of(onnx).title == "wdcnn/onnx"
    assert Candidate.of(onnx).key == (onnx.digest, "onnxruntime")
    with pytest.raises(ModelRefusedError):
        Candidate.of(onnx, "pytorch")


@pytest.mark.skipif(not HAS_OPENVINO, reason="OpenVINO is optional and not installed here")
def test_every_variant_is_measured_on_each_runtime_that_takes_it(untrained_variants):
    assert [each.title for each in candidates_of(untrained_variants, ("openvino", "onnxruntime", "pytorch"))] == [
        "wdcnn/pytorch",
        "wdcnn/onnx on OpenVINO",
        "wdcnn/onnx",
    ]
    assert [each.label for each in candidates_of(untrained_variants)] == ["pytorch", "onnx"]


@pytest.mark.parametrize(
    ("runtimes", "said"),
    [
        (("tensorrt",), "There is no runtime tensorrt: choose of onnxruntime, openvino, pytorch"),
        (("openvino",), r"OpenVINO is not installed: pip install .\[openvino\], or leave it out"),
        (("onnxruntime",), "ONNX Runtime does not execute wdcnn/pytorch: leave it out, or measure it on pytorch too"),
    ],
)
def test_what_can_not_be_had_is_a_sentence(runtimes, said, untrained_variants, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)  # as if it were not there

    with pytest.raises(BenchmarkError, match=said):
        candidates_of(untrained_variants, runtimes)
