"""Verdicts on real recordings of machines that the networks' cards list, reported as counts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from bars import Bar

from engine.card import ModelCard
from engine.description import Description
from engine.diagnosis import diagnose
from engine.readers.contents import ReadOptions
from engine.readers.limits import Limits
from engine.runtimes import load
from engine.sidecar import describe_file
from engine.variant import Variant
from gains.fidelity import share_bar
from vibench.diagnose import read_recording, recordings_in


def verdict_bar(title: str, variants: Sequence[Variant], folder: Path) -> Bar:
    """Compare the verdicts of two variants on the recordings in a folder that the card lists."""
    card = variants[0].card
    files = listed_in(folder, card)
    if not files:
        raise SystemExit(f"{folder.name} holds no recording of a machine that the card of {card.title} lists.")
    read = [read_recording(file, Description(), None, ReadOptions(), Limits()) for file in files]
    labels = []
    for variant in variants:
        with load(variant) as session:
            found = [diagnose(one.signal, one.description, session, name="", sha256=one.sha256) for one in read]
        labels.append([one.verdict and one.verdict.label for one in found])
    same = np.array([one == other for one, other in zip(*labels, strict=True)], dtype=bool)
    return share_bar(f"{title}, same verdict, {len(files)} recordings of {folder.name}", same, 1.0)


def listed_in(folder: Path, card: ModelCard) -> list[Path]:
    """Return the recordings of a folder's table that are of machines which the card lists; the others aren't opened."""
    found = []
    for file in recordings_in(folder):
        said = describe_file(file, Description(), None, ())
        if card.validated_on(said.rig, said.bearing):
            found.append(file)
    return found
