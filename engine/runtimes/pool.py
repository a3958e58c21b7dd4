"""Loaded sessions, so many and no more."""

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from engine.runtimes import load
from engine.runtimes.base import Session
from engine.variant import Variant

Key = tuple[str, str, str]


class SessionPool:
    """Keeps the sessions used last, each of its weights, card and name; safe to use from several threads.

    Parameters
    ----------
    capacity : int
        Sessions kept at most; the one unused for longest is let go. Whoever still runs it finishes undisturbed.
    threads : int
        Threads of each session.
    loader : callable
        Turns a variant and a number of threads into a session.
    """

    def __init__(self, capacity: int, threads: int = 1, loader: Callable[..., Session] = load) -> None:
        self._capacity = capacity
        self._threads = threads
        self._loader = loader
        self._sessions: OrderedDict[Key, Future[Session]] = OrderedDict()
        self._lock = Lock()

    def get(self, variant: Variant) -> Session:
        """Return the variant's session, loaded once however many threads ask for it at the same time.

        Raises
        ------
        ModelError
            As `Runtime.load`; the next call tries again.
        """
        key = key_of(variant)
        with self._lock:
            waiting = self._sessions.get(key)
            mine = waiting is None
            if waiting is None:
                waiting = self._sessions[key] = Future()
            self._sessions.move_to_end(key)
            while len(self._sessions) > self._capacity:
                self._sessions.popitem(last=False)
        if mine:
            self._load(variant, waiting)
        return waiting.result()

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, variant: Variant) -> bool:
        return key_of(variant) in self._sessions

    def _load(self, variant: Variant, waiting: "Future[Session]") -> None:
        try:
            waiting.set_result(self._loader(variant, threads=self._threads))
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, even of an interrupt
            with self._lock:
                self._sessions.pop(key_of(variant), None)
            waiting.set_exception(error)


def key_of(variant: Variant) -> Key:
    """Return what two variants share whose sessions are one: the card decides how the same weights are asked."""
    return variant.digest, variant.card.digest_text(), variant.name
