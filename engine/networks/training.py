"""Fitting a network to labelled windows, and its confidence to what it got right."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

#: Of the logits of a batch and what they should have been, in the order in which the source gives it.
Loss = Callable[..., Tensor]


class Source(Protocol):
    """Where batches come from: `engine.networks.examples.WindowSource`, for one."""

    def batches(self, count: int, size: int) -> Iterator[tuple[NDArray[Any], ...]]:
        """Yield ``count`` batches of ``size`` windows, of shape (size, C, L), and what the loss takes beside logits."""
        ...


def smoothed_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy with smoothed labels (Szegedy et al., 2016, arXiv:1512.00567)."""
    return functional.cross_entropy(logits, labels, label_smoothing=0.05)


def fit(
    network: nn.Module,
    source: Source,
    *,
    steps: int,
    batch: int,
    learning_rate: float,
    loss: Loss = smoothed_cross_entropy,
    progress: Callable[[int, float], None] | None = None,
    go_on: Callable[[int], bool] | None = None,
) -> nn.Module:
    """Train a network in place and leave it in evaluation mode.

    AdamW (Loshchilov and Hutter, 2019, arXiv:1711.05101) under one cycle of the learning rate (Smith and Topin, 2019,
    arXiv:1708.07120).

    Parameters
    ----------
    network : Module
        Takes windows of shape (W, C, L), answers logits of shape (W, K).
    source : Source
        Where batches come from.
    steps, batch : int
        Number and size of the batches.
    learning_rate : float
        Highest rate of the cycle.
    loss : callable
        What is made small.
    progress : callable, optional
        Told the step and the loss, a hundred times at most.
    go_on : callable, optional
        Asked after each step, by its number from 1, whether to train on; it may change the network's mode.
    """
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps)
    for step, (windows, *targets) in enumerate(source.batches(steps, batch), start=1):
        network.train()
        optimizer.zero_grad()
        of_batch = loss(network(torch.from_numpy(windows)), *map(torch.from_numpy, targets))
        of_batch.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
        schedule.step()
        if progress is not None and step % max(1, steps // 100) == 0:
            progress(step, float(of_batch.detach()))
        if go_on is not None and not go_on(step):
            break
    return network.eval()


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Make what torch computes depend on the seed alone, on one machine, and leave its settings as they were.

    One thread: sums of several are added in the order in which they come in.
    """
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(deterministic)
            torch.set_num_threads(threads)


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
