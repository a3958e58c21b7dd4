import json

import pytest

from engine.errors import DamagedModelError
from optimization.admission.description import check_description, read_description

PROOF = {"schema": "vibench.verification/1", "verdict": "equivalent"}


@pytest.fixture
def described(untrained_variants):
    """The description of a variant as plain JSON, and its weight file."""
    variant = untrained_variants[1]
    return json.loads(json.dumps(variant.describe())), variant.weights


def test_a_description_of_vibenchs_own_is_sound(untrained_variants, described):
    assert check_description(*described, "theirs") == untrained_variants[1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"digest": "zz"}, "digest can't be"),
        ({"digest": None}, "digest can't be"),
        ({"format": "pickle"}, "its format or backend is of no kind known here"),
        ({"backend": "tpu"}, "its format or backend is of no kind known here"),
        ({"parent": "../.."}, "parent can't be"),
        ({"parent": ["ab" * 32]}, "parent can't be"),
        ({"steps": ["quantize"]}, "steps can't be"),
        ({"steps": [{"pass": "quantize"}]}, "steps can't be"),
        ({"steps": 3}, "its description"),
        ({"producer": {"torch": 2}}, "producer can't be"),
        ({"calibration": {"source": 1}}, "calibration can't be"),
        ({"calibration": {"source": "recordings", "windows": "64"}}, "calibration can't be"),
        ({"calibration": {"source": "recordings", "recordings": [{}]}}, "calibration can't be"),
        ({"verification": PROOF}, "verification can't be"),
        ({"verification": 5}, "its description"),
        ({"card": None}, "its description"),
        ({"card": {"title": ["WDCNN"]}}, "card can't be"),
        ({"card": {"title": "W" * 2001}}, "card can't be"),
        ({"card": {"temperature": 1e999}}, "card can't be"),
        ({"card": {"window": 10**400}}, "card can't be|its description"),
        ({"card": {"evaluation": {"protocols": [1]}}}, "evaluation can't be"),
        ({"card": {"evaluation": {"protocols": {"A": {"recordings": "all"}}}}}, "evaluation can't be"),
        ({"card": {"evaluation": {"simulated": 3}}}, "evaluation can't be"),
        ({"card": {"training": 3}}, "evaluation can't be"),
    ],
)
def test_a_description_that_can_not_be_is_refused(described, change, sentence):
    data, weights = described
    if isinstance(change.get("card"), dict):
        change = {"card": data["card"] | change["card"]}

    with pytest.raises(DamagedModelError, match=sentence):
        check_description(data | change, weights, "theirs")


def test_the_proof_of_another_file_is_refused(described, untrained_variants):
    from optimization.recording_set import simulated_set
    from optimization.verification import verify

    pytorch, exported = untrained_variants
    data, weights = described
    proof = verify(exported, pytorch, simulated_set(4, seed=7)).to_json()

    assert check_description(data | {"verification": proof}, weights, "theirs").verification == proof
    with pytest.raises(DamagedModelError, match="verification can't be"):
        check_description(data | {"verification": proof | {"variant": "0" * 64}}, weights, "theirs")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b" " * (2**22 + 1)])
def test_what_is_no_json_object_is_damaged(tmp_path, content):
    (tmp_path / "variant.json").write_bytes(content)

    with pytest.raises(DamagedModelError, match=r"theirs cannot be loaded: its variant\.json"):
        read_description(tmp_path / "variant.json", "theirs")
