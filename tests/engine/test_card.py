import json
from dataclasses import replace

import pytest

from engine.card import ModelCard
from engine.errors import DamagedModelError


def test_a_card_survives_json(card):
    assert ModelCard.from_json(json.loads(json.dumps(card.to_json()))) == card


@pytest.mark.parametrize(
    "change",
    [
        {"window": 0},
        {"hop": 4096},
        {"band_hz": [0, 7000]},
        {"classes": ["inner", "inner"]},
        {"temperature": 0},
        {"threshold": 1},
        {"normalisation": "none"},
        {"surprise": 1},
        {"window": "wide"},
    ],
)
def test_a_card_that_contradicts_itself_is_damaged(card, change):
    with pytest.raises(DamagedModelError, match="the card of wdcnn"):
        ModelCard.from_json({**card.to_json(), **change})


def test_a_card_without_a_rate_is_damaged(card):
    data = card.to_json()
    del data["sampling_rate_hz"]

    with pytest.raises(DamagedModelError, match="sampling_rate_hz"):
        ModelCard.from_json(data)


def test_a_rig_counts_as_validated_only_with_its_own_bearing(card):
    assert card.validated_on("cwru", "6205-2RS")
    assert card.validated_on("cwru", None)
    assert not card.validated_on("cwru", "6203-2RS")
    assert not card.validated_on(None, "6205-2RS")


def test_equal_cards_have_one_digest_text(card):
    assert card.digest_text() == replace(card).digest_text()
    assert card.digest_text() != replace(card, temperature=1.5).digest_text()
