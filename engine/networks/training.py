"""Fitting a network to labelled windows, and its confidence to what it got right."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from engine.networks.examples import WindowSource


def fit(
    network: nn.Module,
    source: WindowSource,
    *,
    steps: int,
    batch: int,
    learning_rate: float,
    progress: Callable[[int, float], None] | None = None,
) -> nn.Module:
    """Train a network in place and leave it in evaluation mode.

    AdamW under one cycle of the learning rate (Smith and Topin, 2019, arXiv:1708.07120), cross-entropy with
    smoothed labels (Szegedy et al., 2016, arXiv:1512.00567).

    Parameters
    ----------
    network : Module
        Takes windows of shape (W, 1, L), answers logits of shape (W, K).
    source : WindowSource
        Where batches come from.
    steps, batch : int
        Number and size of the batches.
    learning_rate : float
        Highest rate of the cycle.
    progress : callable, optional
        Told the step and the loss, a hundred times at most.
    """
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps)
    network.train()
    for step, (windows, labels) in enumerate(source.batches(steps, batch), start=1):
        optimizer.zero_grad()
        logits = network(torch.from_numpy(windows))
        loss = functional.cross_entropy(logits, torch.from_numpy(labels), label_smoothing=0.05)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
        schedule.step()
        if progress is not None and step % max(1, steps // 100) == 0:
            progress(step, float(loss.detach()))
    return network.eval()


def predict(network: nn.Module, windows: NDArray[np.float32], batch: int = 256) -> NDArray[np.float32]:
    """Logits of shape (W, K) of prepared windows of shape (W, 1, L); the network must be in evaluation mode."""
    with torch.inference_mode():
        logits: NDArray[np.float32] = torch.cat(
            [network(part) for part in torch.split(torch.from_numpy(windows), batch)]
        ).numpy()
    return logits


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the temperature with the least cross-entropy on logits that the network was not trained on.

    Guo et al., "On Calibration of Modern Neural Networks", 2017, arXiv:1706.04599. Searched from 0.25 to 20 on a
    grid that is finer than the second digit, because the minimum is flat and a search must not fail.
    """
    candidates = np.geomspace(0.25, 20, 400)
    rows = np.arange(len(labels))
    losses = []
    for temperature in candidates:
        scaled = logits.astype(np.float64) / temperature
        log_sums = np.logaddexp.reduce(scaled, axis=1)
        losses.append(float(np.mean(log_sums - scaled[rows, labels])))
    return float(candidates[int(np.argmin(losses))])
