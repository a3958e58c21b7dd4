import numpy as np
import pytest

from engine.description import Description
from engine.errors import RecordingNotFoundError
from workspace.sets import recording_set


@pytest.fixture
def add(workspace, inner_race_file):
    def add(**said):
        return workspace.recordings.add(inner_race_file, inner_race_file.name, Description(**said)).row

    return add


def test_a_recording_is_a_member_with_all_that_is_known_of_it(workspace, add):
    row = add(label="inner", specimen="IR007")

    found = recording_set(workspace, [row.id])

    (member,) = found.recordings
    assert found.source == "recordings"
    assert (member.name, member.digest, member.label, member.specimen) == (row.name, row.sha256, "inner", "IR007")
    signal, _ = workspace.recordings.signal(row.id)
    assert member.sampling_rate_hz == signal.sampling_rate == 12_000.0
    np.testing.assert_array_equal(member.load().samples, signal.samples)


def test_an_unknown_condition_is_no_label(workspace, add):
    assert recording_set(workspace, [add(label="unknown").id]).recordings[0].label is None


def test_a_recording_that_is_named_twice_is_one_member(workspace, add):
    row = add()

    assert len(recording_set(workspace, [row.id, row.id]).recordings) == 1


def test_a_recording_that_is_not_there_is_told(workspace):
    with pytest.raises(RecordingNotFoundError):
        recording_set(workspace, ["0123456789"])
