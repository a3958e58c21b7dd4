"""Candidates whose numbers are known, and a race whose clock and stopwatch are."""

import pytest

from optimization.measuring.intervals import Interval
from optimization.searching.candidates import Tried

PROOF = {
    "verdict": "equivalent",
    "flips": 0,
    "recordings": 24,
    "flips_upper_bound": 0.117,
    "top1_agreement": 1.0,
    "sqnr_db": 30.0,
    "stale": False,
}


@pytest.fixture
def tried():
    """Return a candidate, its interval five percent wide on either side, changed where a test wants it."""

    def make(name="int8-static", ratio=0.5, *, size=0.3, sqnr_db=30.0, flips=0, bound=0.005, number=1, **changes):
        interval = None if ratio is None else Interval(ratio, ratio * 0.95, ratio * 1.05)
        proof = PROOF | {"sqnr_db": sqnr_db, "flips": flips, "flips_upper_bound": bound} | changes.pop("proof", {})
        values = {
            "number": number,
            "choices": {"precision": name},
            "name": name,
            "runtime": "onnxruntime",
            "digest": f"{name}-digest",
            "size_bytes": int(1000 * size),
            "size_ratio": size,
            "proof": proof,
            "ratio": interval,
        }
        return Tried(**values | changes)

    return make
