"""How a network does on machines that it never learned from; these recordings are read, never shipped."""

import csv
from pathlib import Path
from typing import Any

from torch import nn

from engine.card import ModelCard
from engine.diagnosis import calibrated_probabilities
from engine.errors import SignalError
from engine.networks.training import predict
from engine.preparation import prepare
from engine.sidecar import RECORDINGS_CSV
from scripts.protocols import verdict_of
from scripts.training_data import read_signal


def judge_elsewhere(data: Path, network: nn.Module, card: ModelCard) -> dict[str, Any]:
    """Ask the network about every labelled recording in ``data`` whose machine its card does not list.

    A recording without a sampling rate, unreadable here or shorter than a window is counted as left out.
    """
    rigs = {rig.name for rig in card.rigs}
    answers: dict[str, dict[str, str]] = {}
    left_out = []
    with (data / RECORDINGS_CSV).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["machine"] not in rigs and row["label"] in card.classes]
    for row in rows:
        try:
            windows = prepare(read_signal(data / row["file"], row), card).windows
        except (SignalError, ValueError):
            left_out.append(row["file"])
            continue
        probabilities = calibrated_probabilities(predict(network, windows), card.temperature)
        answers[row["file"]] = {"truth": row["label"], "answer": verdict_of(probabilities, card)}
    right = sum(answer["truth"] == answer["answer"] for answer in answers.values())
    return {"recordings": len(answers), "recordings_right": right, "answers": answers, "left_out": left_out}
