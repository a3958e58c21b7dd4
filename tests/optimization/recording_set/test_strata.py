"""How windows are shared out over classes, speeds, loads and recordings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.recording_set import SetRecording
from optimization.recording_set.strata import distribute, evenly_spaced, shares_of, speed_band


def member(number, label=None, *, rpm=None, load=None, rig=None):
    speed_hz = None if rpm is None else rpm / 60
    digest = f"{number:064x}"
    return SetRecording(f"{number}", digest, pytest.fail, 12_000.0, label, None, speed_hz, load, rig)


MEMBERS = st.lists(
    st.builds(
        member,
        st.integers(0, 99),
        st.sampled_from(("normal", "inner", None)),
        rpm=st.sampled_from((None, 0, 600, 1750, 1797, 3000)),
        load=st.sampled_from((None, "0 hp", "2 hp")),
    ),
    min_size=1,
    max_size=20,
)


@given(total=st.integers(0, 200), held=st.lists(st.integers(0, 30), max_size=12))
def test_a_number_is_shared_out_evenly_and_to_none_more_than_it_holds(total, held):
    shares = distribute(total, held)

    assert sum(shares) == min(total, sum(held))
    assert all(0 <= share <= most for share, most in zip(shares, held, strict=True))
    unsated = [share for share, most in zip(shares, held, strict=True) if share < most]
    assert not unsated or max(shares) <= min(unsated) + 1


@given(st.integers(1, 500).flatmap(lambda count: st.tuples(st.just(count), st.integers(0, count))))
def test_places_are_distinct_and_evenly_spaced(case):
    count, wanted = case
    places = evenly_spaced(count, wanted).tolist()

    assert len(set(places)) == wanted
    assert all(0 <= place < count for place in places)
    gaps = np.diff(places)
    assert not len(gaps) or gaps.max() - gaps.min() <= 1


@given(MEMBERS, st.integers(0, 100), st.data())
def test_no_recording_gives_more_than_it_holds_and_none_are_lost(members, windows, data):
    held = [data.draw(st.integers(0, 12)) for _ in members]
    shares = shares_of(members, held, windows)

    assert sum(shares) == min(windows, sum(held))
    assert all(0 <= share <= most for share, most in zip(shares, held, strict=True))


def test_labels_weigh_the_same_however_many_recordings_they_have():
    members = [member(number, "normal") for number in range(9)] + [member(9, "inner")]
    shares = shares_of(members, [100] * 10, 60)

    assert sum(shares[:9]) == 30
    assert shares[9] == 30


def test_speeds_of_a_class_weigh_the_same_and_so_do_loads_of_a_speed():
    fast = [member(number, "inner", rpm=3000) for number in range(6)]
    idle = [member(number, "inner", rpm=1797, load="0 hp") for number in range(6, 8)]
    loaded = member(8, "inner", rpm=1750, load="2 hp")
    shares = shares_of([*fast, *idle, loaded], [100] * 9, 48)

    assert (sum(shares[:6]), sum(shares[6:8]), shares[8]) == (24, 12, 12)


def test_a_load_that_brakes_a_machine_a_little_makes_no_other_speed():
    assert speed_band(member(0, rpm=1797)) == speed_band(member(1, rpm=1730))
    assert speed_band(member(0, rpm=900)) != speed_band(member(1, rpm=1797))
    assert speed_band(member(0)) is speed_band(member(1, rpm=0)) is None
