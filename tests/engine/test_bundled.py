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
LARGEST_BYTES = 10 * 10**6
#: Apart from every seed that training draws.
SIMULATED_SEEDS = range(900_000, 900_010)

real_recordings = pytest.mark.skipif(
    not REAL.is_dir(), reason=f"the real recordings are not in {REAL.parent.name}/{REAL.name}"
)


@pytest.fixture(params=sorted(NETWORKS), scope="module")
def session(request):
    return load(Variant.load(BUNDLED / request.param / "pytorch"))


def test_all_weights_together_stay_small():
    assert sum(path.stat().st_size for path in BUNDLED.rglob("*.safetensors")) <= LARGEST_BYTES


def test_golden_logits_are_answered(session):
    golden = np.load(BUNDLED / session.variant.card.name / "golden.npz", allow_pickle=False)

    np.testing.assert_allclose(
        session.predict(golden["windows"]), golden["logits"], atol=1e-3 * np.abs(golden["logits"]).max()
    )


def test_simulated_recordings_at_10_db_are_told_apart(session):
    verdicts = [
        (
            condition,
            verdict_on(session, simulate(RollingBearing(condition=condition, snr_db=10.0, seed=seed)), Description()),
        )
        for condition in CONDITIONS
        for seed in SIMULATED_SEEDS
    ]
    right = sum(condition == label for condition, label in verdicts)

    assert right >= 0.95 * len(verdicts)


@real_recordings
def test_recordings_of_the_rigs_on_the_card_are_right(session):
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
