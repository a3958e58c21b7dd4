"""What every entry of the table of runtimes promises."""

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import DamagedModelError, ModelRefusedError
from engine.runtimes import RUNTIMES, load, runtime_for, runtimes_for
from engine.variant import sha256_of


@pytest.fixture(params=sorted(RUNTIMES))
def runtime(request):
    found = RUNTIMES[request.param]
    if not found.available():
        pytest.skip(f"{found.title} is optional and not installed here")
    return found


@pytest.fixture
def own(runtime, exported, tmp_path):
    """The runtime's own form of the network, in a folder that a test may spoil."""
    original = exported[runtime.name]
    folder = shutil.copytree(original.weights.parent, tmp_path / "own")
    return replace(original, weights=folder / original.weights.name)


def windows(count):
    return np.random.default_rng(count).standard_normal((count, 1, 2048), dtype=np.float32)


@pytest.mark.parametrize("count", [1, 2, 7, 300])
def test_it_answers_any_number_of_windows_as_pytorch_does(runtime, exported, count):
    expected = load(exported["pytorch"]).predict(windows(count))
    logits = runtime.load(exported[runtime.name]).predict(windows(count))

    assert logits.shape == (count, 4)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-5 * max(1, np.abs(expected).max()))


def test_it_accepts_its_own_format_and_no_other(runtime, exported):
    own = exported[runtime.name]

    assert {each.format for each in exported.values() if runtime.accepts(each)} == {own.format}
    assert runtime in runtimes_for(own)
    assert runtime_for(own, runtime.name) is runtime


def test_only_an_optional_runtime_may_be_missing(runtime, monkeypatch):
    for library in runtime.imports:
        monkeypatch.setitem(sys.modules, library, None)  # as if it were not there

    assert not runtime.available()
    assert (runtime.extra is not None) == (runtime.name == "openvino")


def test_it_imports_what_a_load_needs(runtime):
    runtime.import_libraries()

    assert set(runtime.imports) <= set(sys.modules)


def test_it_tells_its_version(runtime):
    assert runtime.version().count(".") >= 1


def test_a_session_knows_what_it_runs(runtime, own):
    with runtime.load(own) as session:
        assert session.variant == own
        assert session.runtime == runtime.name


def test_windows_may_lie_anywhere_in_memory_and_be_read_only(runtime, own):
    session = runtime.load(own)
    expected = session.predict(windows(6)[::2].copy())
    scattered = windows(6)[::2]
    scattered.flags.writeable = False

    np.testing.assert_array_equal(session.predict(scattered), expected)


def test_what_it_answered_stays_when_it_is_asked_again(runtime, own):
    session = runtime.load(own)
    first = session.predict(windows(2))
    kept = first.copy()
    for _ in range(5):
        session.predict(windows(2) + 1)

    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(session.predict(windows(2)), kept)


def test_several_threads_may_use_one_session(runtime, own):
    session = runtime.load(own)
    expected = session.predict(windows(3))
    with ThreadPoolExecutor(4) as threads:
        for logits in threads.map(lambda _: session.predict(windows(3)), range(20)):
            np.testing.assert_array_equal(logits, expected)


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.9])
def test_a_cut_weight_file_is_damaged(runtime, own, kept):
    whole = own.weights.read_bytes()
    own.weights.write_bytes(whole[: int(len(whole) * kept)])

    with pytest.raises(DamagedModelError):
        runtime.load(own)
    with pytest.raises(DamagedModelError):  # nor does it help to make the digest fit
        runtime.load(replace(own, digest=sha256_of(own.weights)))


def test_weights_that_do_not_fit_the_card_are_damaged(runtime, own):
    five = replace(own.card, classes=(*own.card.classes, "cage"))

    with pytest.raises(DamagedModelError):
        runtime.load(replace(own, card=five))


def test_the_usual_runtime_comes_first(exported):
    assert runtime_for(exported["openvino"]).name == "onnxruntime"
    assert runtime_for(exported["pytorch"]).name == "pytorch"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tensorrt", "there is no runtime tensorrt; known are onnxruntime, openvino, pytorch"),
        ("pytorch", "PyTorch executes no onnx files"),
        ("openvino", "OpenVINO is not installed"),
    ],
)
def test_a_runtime_that_can_not_be_had_is_refused_in_a_sentence(exported, monkeypatch, name, said):
    monkeypatch.setitem(sys.modules, "openvino", None)

    with pytest.raises(ModelRefusedError, match=said):
        runtime_for(exported["onnxruntime"], name)


def test_no_runtime_takes_an_unknown_format(own):
    with pytest.raises(ModelRefusedError, match="no runtime here executes pickle files"):
        load(replace(own, format="pickle"))
