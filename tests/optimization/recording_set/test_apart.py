"""What keeps a proof apart from what a variant, or one that it was made from, knows already."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import CalibrationError
from engine.variant import Variant
from optimization.recording_set import RecordingSet, SetRecording, apartness, require_apart, simulated_set


@pytest.fixture
def variant(card):
    return Variant("int8-static", "int8", "onnx", Path("model.onnx"), "ab" * 32, card)


def recording(number, label=None, specimen=None):
    return SetRecording(f"{number}.mat", f"{number:064x}", pytest.fail, 12_000.0, label, specimen)


def known(*recordings, source="recordings"):
    return {"source": source, "recordings": [one.described() for one in recordings]}


def test_what_nobody_knows_may_be_proven_with(variant):
    require_apart(RecordingSet("recordings", (recording(1),)), replace(variant, calibration=known(recording(2))))


@pytest.mark.parametrize("where", ["variant", "ancestor", "learned", "trained"])
def test_an_overlap_is_refused_wherever_it_came_from(variant, where):
    one = recording(7)
    steps = {
        "ancestor": {"pass": "quantize_static", "parameters": {}, "calibration": known(one)},
        "learned": {"pass": "fine_tune", "parameters": {}, "learned_from": known(one)},
    }
    knowing = {
        "variant": replace(variant, calibration=known(one)),
        "trained": replace(variant, card=replace(variant.card, training=known(one))),
    }.get(where) or replace(variant, steps=(steps[where],))
    how = "calibrated on" if where in ("variant", "ancestor") else "learned from"

    with pytest.raises(CalibrationError, match=rf"7\.mat was {how}, so it proves nothing: choose recordings"):
        require_apart(RecordingSet("recordings", (recording(1), one)), variant, knowing)


def test_of_many_the_first_are_named_and_the_others_counted(variant):
    many = [recording(number) for number in range(6)]
    knowing = replace(
        variant, calibration=known(*many[:4]), steps=({"pass": "qat", "parameters": {}, "learned_from": known(*many)},)
    )

    with pytest.raises(CalibrationError, match=r"^0\.mat, 1\.mat, 2\.mat and 3 more were calibrated on or learned"):
        require_apart(RecordingSet("recordings", tuple(many)), knowing)


@pytest.mark.parametrize("said", [{"recordings": ["105.mat"]}, {"recordings": 7}, {"recordings": [{}]}, None, 7])
def test_what_names_no_digest_overlaps_with_nothing(variant, said):
    step = {"pass": "x", "parameters": {}, "learned_from": said, "calibration": said}

    require_apart(RecordingSet("recordings", (recording(1),)), replace(variant, steps=(step,)))


def test_other_specimens_are_apart_by_specimen(variant):
    knowing = replace(variant, calibration=known(recording(1, "inner", "A")))
    found = apartness([recording(2, "inner", "B")], knowing)

    assert (found.by, found.shared_specimens) == ("specimen", ())
    assert found.told == "Apart by specimen from what was calibrated on or learned from."


def test_a_class_of_one_specimen_is_told(variant):
    knowing = replace(variant, calibration=known(recording(1, "outer", "C"), recording(2, "inner", "A")))
    found = apartness([recording(3, "outer", "C"), recording(4, "inner", "B")], knowing)

    assert (found.by, found.shared_specimens) == ("recording", ("C",))
    assert found.told.endswith("learned from: all recordings of the class outer are of one specimen.")


def test_a_specimen_on_both_sides_that_need_not_be_is_told(variant):
    knowing = replace(variant, calibration=known(recording(1, "inner", "A"), recording(2, "inner", "B")))
    found = apartness([recording(3, "inner", "A")], knowing)

    assert (found.by, found.shared_specimens) == ("recording", ("A",))
    assert found.told.endswith(": A is on both sides.")


def test_recordings_of_nobody_knows_which_specimen_are_apart_by_recording_only(variant):
    knowing = replace(variant, calibration=known(recording(1, "inner"), recording(2, "inner", "B")))
    found = apartness([recording(3, "inner", "A"), recording(4, "ball")], knowing)

    assert found.by == "recording"
    assert found.told.endswith(": nobody says of which specimen 4.mat, 1.mat are.")


def test_a_simulated_machine_is_nobody_s_specimen(variant):
    old = [one.described() | {"specimen": None} for one in simulated_set(3, seed=0).recordings]
    knowing = replace(variant, calibration={"source": "simulated", "recordings": old})

    assert apartness([recording(3, "inner")], knowing).by == "specimen"
    assert apartness(simulated_set(3, seed=1).recordings, knowing).by == "specimen"
    mixed = replace(variant, calibration=known(recording(1)))
    assert apartness(simulated_set(3, seed=1).recordings, mixed).by == "specimen"


def test_where_nothing_is_known_there_is_nothing_to_be_apart_from(variant):
    assert apartness([recording(1)], variant).told == "Nothing is known to have been calibrated on, or learned from."


def test_files_that_the_network_was_trained_on_are_told_by_their_names(variant):
    trained = replace(variant, card=replace(variant.card, training={"recordings": ["cwru/105_0.mat", "x/9.mat"]}))
    members = [replace(recording(1), name=name) for name in ("105_0.mat", "x/9.mat", "y/9.mat", "1105_0.mat")]

    assert apartness(members, trained).trained_on == ("105_0.mat", "x/9.mat")
    assert apartness(simulated_set(2, seed=1).recordings, trained).trained_on == ()


def test_what_a_stranger_wrote_down_never_fails(variant):
    odd = {"recordings": [{"digest": 7, "name": ["x"], "label": ["y"], "specimen": {"z": 1}}]}
    card = replace(variant.card, training={"recordings": 7})
    knowing = replace(variant, calibration=odd, card=card)

    require_apart(RecordingSet("recordings", (recording(1),)), knowing)
    assert apartness([recording(1, "inner", "A")], knowing).by == "specimen"
