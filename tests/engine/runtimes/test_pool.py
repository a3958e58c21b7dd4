import threading
import time
from dataclasses import replace

import pytest

from engine.errors import DamagedModelError
from engine.runtimes.base import Session
from engine.runtimes.pool import SessionPool


class Loaded(Session):
    runtime = "counted"

    def __init__(self, variant):
        self.variant = variant

    def predict(self, windows):
        return windows


class CountingLoader:
    """A loader that takes its time and remembers what it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, variant, *, threads):
        self.asked.append(variant.digest)
        time.sleep(0.02)
        return Loaded(variant)


@pytest.fixture
def loader():
    return CountingLoader()


def test_a_variant_asked_for_by_many_threads_is_loaded_once(variant, loader):
    pool = SessionPool(2, loader=loader)
    sessions = []
    threads = [threading.Thread(target=lambda: sessions.append(pool.get(variant))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert loader.asked == [variant.digest]
    assert len({id(session) for session in sessions}) == 1


def test_the_one_unused_for_longest_is_let_go(variant, loader):
    pool = SessionPool(2, loader=loader)
    a, b, c = (replace(variant, digest=letter * 64) for letter in "abc")
    for one in (a, b, a, c):
        pool.get(one)

    assert a in pool
    assert c in pool
    assert b not in pool
    assert len(pool) == 2


@pytest.mark.parametrize("change", ["card", "name"])
def test_the_same_weights_under_another_card_or_name_are_another_session(variant, loader, change):
    changes = {"card": {"card": replace(variant.card, temperature=3.0)}, "name": {"name": "copy"}}
    other = replace(variant, **changes[change])
    pool = SessionPool(2, loader=loader)

    assert pool.get(variant).variant == variant
    assert pool.get(other).variant == other
    assert pool.get(replace(variant)) is pool.get(variant)


def test_a_failure_reaches_the_caller_and_is_not_kept(variant):
    pool = SessionPool(2)
    whole = variant.weights.read_bytes()
    variant.weights.write_bytes(whole[:100])
    with pytest.raises(DamagedModelError):
        pool.get(variant)

    variant.weights.write_bytes(whole)

    assert pool.get(variant).variant == variant
