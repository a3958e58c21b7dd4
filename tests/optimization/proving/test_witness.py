"""A witness is asked once."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from engine.errors import DamagedModelError
from optimization.proving.witness import Witness
from optimization.recording_set import simulated_set


@pytest.fixture
def recording():
    return simulated_set(1, seed=77).recordings[0]


def test_what_was_answered_once_is_not_asked_again(untrained_variants, recording):
    _, onnx = untrained_variants
    asked = []

    def windows():
        asked.append(1)
        return recording.windows(onnx.card)

    with Witness(onnx) as first, Witness(onnx) as second:
        answers = [first.answer(recording, windows), second.answer(recording, windows)]

    assert len(asked) == 1
    np.testing.assert_array_equal(*answers)


def test_two_channels_of_one_file_are_two_questions(untrained_variants, recording):
    _, onnx = untrained_variants
    other = simulated_set(2, seed=78).recordings[1]
    same_file = replace(other, digest=recording.digest)

    with Witness(onnx) as witness:
        answers = [witness.answer(one, partial(one.windows, onnx.card)) for one in (recording, same_file)]

    assert not np.array_equal(*answers)


def test_a_damaged_variant_answers_nothing(untrained_variants, recording, tmp_path):
    _, onnx = untrained_variants
    weights = tmp_path / "model.onnx"
    weights.write_bytes(onnx.weights.read_bytes()[:-100])
    damaged = replace(onnx, weights=weights, digest="0" * 64)

    with Witness(damaged) as witness, pytest.raises(DamagedModelError):
        witness.answer(recording, partial(recording.windows, onnx.card))
