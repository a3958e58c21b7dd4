"""Ctrl-C reaches every process of a terminal at once; the one that started the others is to end them, and nobody else.

A child that is interrupted by itself prints a trace, even while Python is still starting in it.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

INTERRUPT = {signal.SIGINT}


@contextmanager
def held_back() -> Iterator[None]:
    """Keep an interrupt waiting meanwhile; it never reaches a process that is started inside."""
    resource_tracker.ensure_running()  # `multiprocessing` starts it with its first child, and lets interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPT)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def let_through() -> Iterator[None]:
    """Let interrupts reach a process that was started inside `held_back`, one that waits already among them."""
    before = signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPT)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
