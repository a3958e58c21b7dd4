"""What every entry of the table of networks promises."""

from dataclasses import replace

import pytest
import torch

from engine.errors import DamagedModelError, ModelNotFoundError
from engine.networks import NETWORKS, build, load

PARAMETERS = {"wdcnn": 53_904, "resnet18-1d": 3_845_956, "cnn-bilstm": 174_788, "patch-transformer": 414_724}


@pytest.fixture(params=sorted(NETWORKS))
def name(request):
    return request.param


def test_it_answers_one_logit_a_class(name):
    network = build(name, classes=5).eval()

    assert network(torch.zeros(3, 1, 2048)).shape == (3, 5)


def test_it_has_the_published_size(name):
    assert sum(weights.numel() for weights in build(name, classes=4).parameters()) == PARAMETERS[name]


def test_it_learns(name):
    torch.manual_seed(0)
    network = build(name, classes=2)
    time_s = torch.arange(2048) / 12_000
    windows = torch.stack([torch.sin(2 * torch.pi * hz * time_s) for hz in (50.0, 3000.0)])[:, None].repeat(4, 1, 1)
    labels = torch.tensor([0, 1] * 4)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(12):
        loss = torch.nn.functional.cross_entropy(network(windows), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    assert loss < 0.2


def test_an_unknown_network_is_told_with_those_there_are():
    with pytest.raises(ModelNotFoundError, match=r"no network or variant lenet; there are wdcnn, resnet18-1d"):
        build("lenet", classes=4)


def test_weights_come_back_as_they_were_saved(variant):
    torch.manual_seed(0)
    original = build("wdcnn", classes=4).eval()
    windows = torch.randn(2, 1, 2048)

    torch.testing.assert_close(load(variant)(windows), original(windows))


def test_weights_of_another_network_are_damaged(variant, card):
    with pytest.raises(DamagedModelError, match="resnet18-1d/pytorch cannot be loaded"):
        load(replace(variant, card=replace(card, name="resnet18-1d")))
