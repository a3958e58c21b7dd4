"""The networks that come with Vibench, on recordings whose condition is known."""

from pathlib import Path

import numpy as np
import pytest

import engine
from engine.description import Description, make_signal
from engine.diagnosis import diagnose
from engine.networks import NETWORKS
from engine.readers.sandbox import read_contents
from engine.runtimes import load
from engine.sidecar import describe_file, read_recordings_csv
from engine.simulation.rolling import CONDITIONS, RollingBearing, simulate
from engine.variant import Variant

BUNDLED = Path(engine.__file__).parent / "bundled"
REAL = Path(engine.__file__).parents[2] / "shared" / "data"
LARGEST_BYTES = 12 * 10**6  #: of the weights that networks come with, in float16
#: Networks that come with an INT8 form too.
WITH_INT8 = sorted(path.parent.name for path in BUNDLED.glob("*/int8-static"))
#: Apart from every seed that training draws.
SIMULATED_SEEDS = range(900_000, 900_010)
CHANCE = 0.1  #: how far so few recordings may be off

real_recordings = pytest.mark.skipif(
    not REAL.is_dir(), reason=f"the real recordings are not in {REAL.parent.name}/{REAL.name}"
)


@pytest.fixture(params=sorted(NETWORKS), scope="module")
def session(request):
    return load(Variant.load(BUNDLED / request.param / "pytorch"))


@pytest.fixture(params=WITH_INT8, scope="module")
def integers(request):
    return load(Variant.load(BUNDLED / request.param / "int8-static"))


def test_all_weights_together_stay_small():
    assert sum(path.stat().st_size for path in BUNDLED.rglob("model.safetensors")) <= LARGEST_BYTES


def test_golden_logits_are_answered(session):
    golden = np.load(BUNDLED / session.variant.card.name / "golden.npz", allow_pickle=False)

    np.testing.assert_allclose(
        session.predict(golden["windows"]), golden["logits"], atol=1e-3 * np.abs(golden["logits"]).max()
    )


def test_the_int8_form_answers_the_golden_windows_with_the_same_classes(integers):
    golden = np.load(BUNDLED / integers.variant.card.name / "golden.npz", allow_pickle=False)
    logits = integers.predict(golden["windows"])

    np.testing.assert_array_equal(logits.argmax(axis=1), golden["logits"].argmax(axis=1))
    noise = np.mean((logits - golden["logits"]) ** 2)
    assert 10 * np.log10(np.mean(golden["logits"] ** 2) / noise) > 20


def test_the_int8_form_belongs_to_the_network_beside_it(integers):
    variant = integers.variant
    network = Variant.load(BUNDLED / variant.card.name / "pytorch")

    assert (variant.card, variant.backend, variant.name) == (network.card, "int8", "int8-static")
    assert variant.size_bytes < 0.7 * network.size_bytes  # whose weights are float16
    assert variant.verification["variant"] == variant.digest
    assert variant.verification["parent"] == variant.parent
    assert variant.verification["verdict"] == "equivalent"
    assert variant.verification["recordings"]["flips"] == 0


def test_simulated_recordings_at_10_db_are_told_apart_as_often_as_the_card_says(session):
    verdicts = [
        (
            condition,
            verdict_on(
                session,
                simulate(RollingBearing(condition=condition, duration_s=3.0, snr_db=10.0, seed=seed)),
                Description(),
            ),
        )
        for condition in CONDITIONS
        for seed in SIMULATED_SEEDS
    ]
    right = sum(condition == label for condition, label in verdicts)

    told = session.variant.card.evaluation["simulated"]
    assert right / len(verdicts) >= told["recordings_right"] / told["recordings"] - CHANCE


@real_recordings
@pytest.mark.parametrize(
    "name", [f"{name}/pytorch" for name in sorted(NETWORKS)] + [f"{name}/int8-static" for name in WITH_INT8]
)
def test_recordings_of_the_rigs_on_the_card_are_right(name):
    session = load(Variant.load(BUNDLED / name))
    listed = {rig.name for rig in session.variant.card.rigs}
    described = read_recordings_csv(REAL / "recordings.csv")
    wrong = {}
    for file, said in described.items():
        if said.rig in listed:
            label = real_verdict(session, REAL / file)
            if label != said.label:
                wrong[file] = label

    assert wrong == {}


def test_the_card_reports_both_protocols_beside_a_trivial_model(session):
    protocols = session.variant.card.evaluation["protocols"]

    assert protocols["A"]["recordings"] == 7
    assert protocols["B"]["recordings"] == 18
    for protocol in protocols.values():
        assert np.sum(protocol["recordings_confusion"]) == protocol["recordings"]
        assert np.sum(protocol["windows_confusion"]) == protocol["windows"]
        assert protocol["linear_model_on_trivial_statistics"]["recordings"] == protocol["recordings"]


def verdict_on(session, signal, description):
    verdict = diagnose(signal, description, session, name="", sha256="").verdict
    return None if verdict is None else verdict.label


def real_verdict(session, path):
    signal, description = make_signal(path.name, read_contents(path), describe_file(path, Description()))
    return verdict_on(session, signal, description)
