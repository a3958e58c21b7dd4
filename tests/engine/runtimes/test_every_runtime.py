"""What every entry of the table of runtimes promises."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import DamagedModelError, ModelRefusedError
from engine.runtimes import RUNTIMES, load, runtime_for
from engine.variant import sha256_of


@pytest.fixture(params=sorted(RUNTIMES))
def runtime(request):
    return RUNTIMES[request.param]


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
    assert [name for name, variant in exported.items() if runtime.accepts(variant)] == [runtime.name]
    assert runtime_for(exported[runtime.name]) is runtime


def test_it_tells_its_version(runtime):
    assert runtime.version().count(".") >= 1


def test_a_session_knows_what_it_runs(runtime, own):
    with runtime.load(own) as session:
        assert session.variant == own
        assert session.runtime == runtime.name


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


def test_no_runtime_takes_an_unknown_format(own):
    with pytest.raises(ModelRefusedError, match="no runtime here executes pickle files"):
        load(replace(own, format="pickle"))
