"""Train the networks that come with Vibench: ``make train DATA=DIR``.

For each network: learn from simulations; from there, once for each protocol's fold, learn from simulations and
real recordings together; scale the confidence on the logits of the folds' tests; learn once more from all of it;
write weights, card and golden logits to ``engine/bundled``. Seeded: a second run reproduces the metrics, though
not the bytes.
"""

import argparse
import copy
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from engine.card import ModelCard, Rig
from engine.diagnosis import calibrated_probabilities
from engine.networks import build
from engine.networks.examples import Example, WindowSource
from engine.networks.training import fit, fit_temperature, predict
from engine.preparation import prepare
from engine.sidecar import RECORDINGS_CSV
from engine.variant import Variant, sha256_of
from scripts.other_machines import judge_elsewhere
from scripts.protocols import Fold, Tested, confusion, labels_of, load_fold, report, specimen_folds, summary, verdict_of
from scripts.training_data import LabelledRecording, Simulated, draw_simulations, examples_of, load_real

BUNDLED = Path(__file__).parent.parent / "engine" / "bundled"
SEED = 20261121
CLASSES = ("normal", "inner", "outer", "ball")
#: Below it another class may be as likely.
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a network learns: batches of each stage, their size, and the highest learning rate."""

    simulated: int
    fold: int
    final: int
    batch: int
    learning_rate: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A network to train and the card it starts from."""

    card: ModelCard
    schedule: Schedule


def card_of(name: str, title: str, reference: str) -> ModelCard:
    """Return a network's card before training; all networks hear the same windows."""
    return ModelCard(
        name=name,
        title=title,
        reference=reference,
        sampling_rate_hz=12_000.0,
        window=2048,
        hop=1024,
        # The decimated CWRU recordings fall off above 5 kHz and the others don't: up there is the file, not the fault.
        band_hz=(0.0, 4800.0),
        classes=CLASSES,
        temperature=1.0,
        threshold=0.0,
        rigs=(
            Rig("cwru", "6205-2RS", "Drive end, 0 and 2 hp, 1797 and 1750 rpm; faults of 0.18 and 0.53 mm."),
            Rig("hitsm-mfs", "6205-2RS", "900 rpm, 5 kg; normal, inner and outer race only."),
        ),
    )


PLANS = (
    Plan(
        card_of(
            "wdcnn",
            "WDCNN",
            "W. Zhang, G. Peng, C. Li, Y. Chen, Z. Zhang, A New Deep Learning Model for Fault Diagnosis with Good "
            "Anti-Noise and Domain Adaptation Ability on Raw Vibration Signals, Sensors 17(2), 425, 2017",
        ),
        Schedule(simulated=4000, fold=1500, final=5000, batch=64, learning_rate=4e-3),
    ),
    Plan(
        card_of(
            "resnet18-1d",
            "ResNet18-1D",
            "K. He, X. Zhang, S. Ren, J. Sun, Deep Residual Learning for Image Recognition, CVPR 2016; "
            "kernels along time",
        ),
        Schedule(simulated=500, fold=60, final=800, batch=32, learning_rate=1.5e-3),
    ),
    Plan(
        card_of(
            "cnn-bilstm",
            "CNN-BiLSTM",
            "R. Zhao, R. Yan, J. Wang, K. Mao, Learning to Monitor Machine Health with Convolutional Bi-Directional "
            "LSTM Networks, Sensors 17(2), 273, 2017; smaller",
        ),
        Schedule(simulated=1200, fold=250, final=1500, batch=64, learning_rate=3e-3),
    ),
    Plan(
        card_of(
            "patch-transformer",
            "Patch transformer",
            "Y. Nie, N. H. Nguyen, P. Sinthong, J. Kalagnanam, A Time Series is Worth 64 Words: Long-term Forecasting "
            "with Transformers, ICLR 2023; an encoder for classification",
        ),
        Schedule(simulated=6000, fold=400, final=5000, batch=64, learning_rate=1e-3),
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Everything that is learned from and tested on."""

    real: Sequence[LabelledRecording]
    simulated: Sequence[Example]
    simulated_test: Sequence[Simulated]


def main() -> None:
    """Train every bundled network from the recordings in the folder given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds cwru/ and hitsm_mfs/")
    parser.add_argument("--only", choices=[plan.card.name for plan in PLANS], help="train this network alone")
    parser.add_argument("--out", type=Path, default=BUNDLED, help="where NETWORK/VARIANT folders are written")
    arguments = parser.parse_args()
    if not (arguments.data / RECORDINGS_CSV).is_file():
        raise SystemExit(f"{arguments.data} holds no {RECORDINGS_CSV}, which says what its recordings are.")
    torch.use_deterministic_algorithms(True)
    card = PLANS[0].card
    simulations = draw_simulations(1600, seed=SEED, snr_db=(0.0, 25.0))
    material = Material(
        real=load_real(arguments.data, card),
        simulated=examples_of(simulations, card),
        simulated_test=draw_simulations(200, seed=SEED + 1, snr_db=(10.0, 10.0)),
    )
    for plan in PLANS:
        if arguments.only in (None, plan.card.name):
            train(plan, material, arguments.data, arguments.out)


def train(plan: Plan, material: Material, data: Path, out: Path) -> None:
    """Train one network by both protocols, then on everything, and write it."""
    began = time.monotonic()
    say = reporter(plan.card.name, began)
    schedule = plan.schedule
    torch.manual_seed(SEED)
    source = WindowSource([material.simulated], plan.card, seed=SEED)
    start = fit(
        build(plan.card.name, len(CLASSES)),
        source,
        steps=schedule.simulated,
        batch=schedule.batch,
        learning_rate=schedule.learning_rate,
        progress=lambda step, loss: say(f"simulations: batch {step}, loss {loss:.3f}"),
    )
    protocols = {
        "A": [load_fold(material.real)],
        "B": specimen_folds(material.real),
    }
    tested = {name: test_folds(start, plan, material, folds, say) for name, folds in protocols.items()}
    logits = np.concatenate([one.logits for tests in tested.values() for one in tests])
    labels = np.concatenate([labels_of(one) for tests in tested.values() for one in tests])
    temperature = fit_temperature(logits, labels)
    card = replace(plan.card, temperature=round(temperature, 3), threshold=THRESHOLD)
    network = learn(start, plan, material, material.real, schedule.final, seed=SEED + 2)
    network = as_stored(network, plan)
    evaluation = {
        "protocols": {name: report(name, tests, card, protocols[name]) for name, tests in tested.items()},
        "simulated": report_simulated(network, card, material.simulated_test),
        "elsewhere": judge_elsewhere(data, network, card),
    }
    card = replace(
        card,
        elsewhere=elsewhere_sentence(evaluation),
        training=training_facts(plan, material, began),
        evaluation=evaluation,
    )
    write(network, card, out, material.simulated_test)
    say(f"done: {summary(evaluation)}, temperature {card.temperature}")


def reporter(name: str, began: float) -> Callable[[str], None]:
    """Return a function that prints a line with the network and the minutes gone by."""

    def say(sentence: str) -> None:
        print(f"{name} {(time.monotonic() - began) / 60:5.1f} min  {sentence}", flush=True)

    return say


def test_folds(
    start: nn.Module, plan: Plan, material: Material, folds: Sequence[Fold], say: Callable[[str], None]
) -> list[Tested]:
    """Learn each fold from the same start and return the logits of its tests."""
    tested = []
    for number, fold in enumerate(folds, start=1):
        network = learn(start, plan, material, fold.train, plan.schedule.fold, seed=SEED + 10 + number)
        network = as_stored(network, plan)
        tested += [Tested(one, predict(network, one.windows)) for one in fold.test]
        say(f"fold {number} of {len(folds)}: {', '.join(sorted({one.specimen for one in fold.test}))} tested")
    return tested


def learn(
    start: nn.Module, plan: Plan, material: Material, real: Sequence[LabelledRecording], steps: int, *, seed: int
) -> nn.Module:
    """Go on from ``start`` with real and simulated recordings, half and half."""
    torch.manual_seed(seed)
    source = WindowSource([[one.example for one in real], material.simulated], plan.card, seed=seed)
    rate = plan.schedule.learning_rate
    return fit(copy.deepcopy(start), source, steps=steps, batch=plan.schedule.batch, learning_rate=rate)


def as_stored(network: nn.Module, plan: Plan) -> nn.Module:
    """Return the network with its weights rounded to float16, as they are shipped: so what ships is tested."""
    rounded = build(plan.card.name, len(CLASSES))
    rounded.load_state_dict(stored_weights(network))
    return rounded.eval()


def stored_weights(network: nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights in float16 and the counters as they are."""
    return {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }


def report_simulated(network: nn.Module, card: ModelCard, tests: Sequence[Simulated]) -> dict[str, Any]:
    """Return counts on simulated recordings at 10 dB that were not learned from."""
    answers = []
    for one in tests:
        logits = predict(network, prepare(one.signal, card).windows)
        answers.append(verdict_of(calibrated_probabilities(logits, card.temperature), card))
    matrix = confusion([card.classes[one.label] for one in tests], answers, card)
    return {
        "snr_db": 10.0,
        "recordings": len(tests),
        "recordings_right": int(np.trace(matrix)),
        "recordings_confusion": matrix.tolist(),
    }


def elsewhere_sentence(evaluation: dict[str, Any]) -> str:
    """Say how weak the network is beyond the specimens it knows."""
    unseen, others = evaluation["protocols"]["B"], evaluation["elsewhere"]
    return (
        f"Of {unseen['recordings']} recordings of bearings that it had not seen on these machines it got "
        f"{unseen['recordings_right']} right, of {others['recordings']} of other machines {others['recordings_right']}."
    )


def training_facts(plan: Plan, material: Material, began: float) -> dict[str, Any]:
    """Return how the shipped weights came about, as plain JSON."""
    return {
        "recordings": sorted(one.file for one in material.real),
        "note": "The shipped weights learned from every recording above, those that tested the protocols too.",
        "simulated_recordings": len(material.simulated),
        "augmentation": "time scale 0.6 to 1.7, shift, noise at 3 to 30 dB, gain of 6 dB against it, "
        "sign, a random tilt and ripple of the spectrum of up to 6 dB",
        "batches": {
            "simulated": plan.schedule.simulated,
            "fold": plan.schedule.fold,
            "final": plan.schedule.final,
        },
        "batch": plan.schedule.batch,
        "learning_rate": plan.schedule.learning_rate,
        "seed": SEED,
        "minutes": round((time.monotonic() - began) / 60, 1),
    }


def write(network: nn.Module, card: ModelCard, out: Path, tests: Sequence[Simulated]) -> None:
    """Write the PyTorch variant and the golden logits of one window of each class."""
    folder = out / card.name / "pytorch"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    weights = folder / "model.safetensors"
    save_file(stored_weights(network), weights)
    Variant(
        name="pytorch",
        backend="pytorch",
        format="safetensors",
        weights=weights,
        digest=sha256_of(weights),
        card=card,
        producer={"torch": version("torch"), "safetensors": version("safetensors")},
    ).write_description()
    golden = np.concatenate([prepare(one.signal, card).windows[:1] for one in tests[: len(CLASSES)]])
    np.savez(out / card.name / "golden.npz", windows=golden, logits=predict(network, golden))


if __name__ == "__main__":
    main()
