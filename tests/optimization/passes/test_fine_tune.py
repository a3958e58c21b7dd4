import numpy as np

from engine.networks import load
from engine.networks.training import predict
from optimization.learning.lessons import lessons_for
from optimization.passes import PASSES, PassContext
from optimization.recording_set import simulated_set


def cross_entropy(network, windows, labels):
    logits = predict(network, windows).astype(np.float64)
    return float(np.mean(np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(labels)), labels]))


def test_an_untrained_network_learns_the_labels_of_recordings_that_are_held_out(untrained_variants, tmp_path, card):
    start = untrained_variants[0]
    held_out = lessons_for(card, None, windows=64, seed=9)

    made = PASSES["fine_tune"](steps=80, label_weight=10.0, learning_rate=4e-3).run(
        start, PassContext(tmp_path / "made")
    )

    before, after = (
        cross_entropy(load(variant), held_out.held_out, held_out.held_out_labels) for variant in (start, made)
    )
    assert after < 0.9 * before
    assert made.name == "pytorch-tuned"
    assert [tuple(array.shape) for array in load(made).parameters()] == [
        tuple(array.shape) for array in load(start).parameters()
    ]


def test_it_learns_from_the_recordings_that_it_is_given_and_tells_how_far_it_is(untrained_variants, tmp_path):
    own, said = simulated_set(8, seed=77, duration_s=1.0), []
    context = PassContext(tmp_path / "made", learn_from=own, progress=lambda *told: said.append(told))

    made = PASSES["fine_tune"](steps=50).run(untrained_variants[0], context)

    step = made.steps[-1]
    assert {one.digest for one in own.recordings} <= {one["digest"] for one in step["learned_from"]["recordings"]}
    assert step["notes"][0].startswith("It learned from 50 batches in ")
    assert [told[1:] for told in said if told[0] == "Training"] == [
        (done, 50) for done in (0, 7, 14, 21, 28, 35, 42, 49, 50)
    ]
