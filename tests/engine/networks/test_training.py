import numpy as np
import pytest
import torch

from engine.networks import build
from engine.networks.examples import WindowSource, make_example
from engine.networks.training import fit, fit_temperature, predict
from engine.simulation.rolling import RollingBearing, simulate


@pytest.fixture
def examples(card):
    return [
        make_example(simulate(RollingBearing(condition=condition, duration_s=1.0, seed=3)), label, card, scales=(1.0,))
        for label, condition in enumerate(card.classes)
    ]


def test_a_network_learns_to_tell_simulated_faults_apart(card, examples):
    source = WindowSource([examples], card, seed=0)
    torch.manual_seed(0)
    losses = []
    network = fit(
        build("wdcnn", 4), source, steps=60, batch=32, learning_rate=4e-3, progress=lambda _, loss: losses.append(loss)
    )
    windows, labels = source.draw(200)

    assert len(losses) == 60
    assert np.mean(predict(network, windows).argmax(axis=1) == labels) > 0.8
    assert not network.training


def test_equal_seeds_learn_the_same(card, examples):
    def learned():
        torch.manual_seed(0)
        again = WindowSource([examples], card, seed=5)
        return fit(build("wdcnn", 4), again, steps=3, batch=8, learning_rate=1e-3).state_dict()

    first, second = learned(), learned()

    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found(true_temperature):
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (20_000, 4)).astype(np.float32)
    shares = np.exp(logits / true_temperature)
    shares /= shares.sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) > random.random((20_000, 1))).argmax(axis=1)

    assert fit_temperature(logits, labels) == pytest.approx(true_temperature, rel=0.05)
