import json
import os
import pickle
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cautions import Caution
from engine.diagnosis import Diagnosis, Verdict
from workspace.cache import DiagnosisCache, cache_key

DIAGNOSIS = Diagnosis(
    recording={"name": "105.mat", "unit": None, "sampling_rate_hz": 12000.0},
    model={"name": "wdcnn", "variant": "onnx"},
    verdict=Verdict("inner", 0.98, 2, 1.0),
    classes=("normal", "inner"),
    window_length=2048,
    window_hop=1024,
    start_s=np.array([0.0, 0.085]),
    probabilities=np.array([[0.02, 0.98], [0.01, 0.99]]),
    cautions=(Caution("upsampled", "A sentence."),),
    timing_ms={"total": 1.5},
)
RECORDING, KEY = "ab" * 32, "01" * 32


@pytest.fixture
def cache(tmp_path):
    return DiagnosisCache(tmp_path)


class Runs:
    """What unpickling would run."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def plant(folder, content):
    """Put ``content`` in the place of every file of the cache, behind the expiry that cachelib writes first."""
    for path in folder.iterdir():
        path.write_bytes(struct.pack("I", 0) + content)


def test_what_was_put_is_got_again(cache):
    cache.put(RECORDING, KEY, DIAGNOSIS)

    found = cache.get(RECORDING, KEY)

    assert found.to_json() == DIAGNOSIS.to_json()
    assert found.classes == DIAGNOSIS.classes
    np.testing.assert_array_equal(found.probabilities, DIAGNOSIS.probabilities)


def test_what_was_not_put_is_not_there(cache):
    assert cache.get(RECORDING, KEY) is None


def test_what_is_forgotten_of_a_recording_leaves_no_file_and_all_of_the_others(cache, tmp_path):
    before = set(tmp_path.iterdir())
    others = ["cd" * 32, "01" * 32]
    for sha256 in (RECORDING, *others):
        for key in (KEY, "23" * 32):
            cache.put(sha256, key, DIAGNOSIS)

    cache.forget(RECORDING)

    assert cache.get(RECORDING, KEY) is None
    assert all(cache.get(sha256, KEY) for sha256 in others)
    assert len(set(tmp_path.iterdir()) - before) == 4


def test_every_file_is_json_that_of_the_count_included(cache, tmp_path, caplog):
    cache.put(RECORDING, KEY, DIAGNOSIS)

    contents = [json.loads(path.read_bytes()[4:]) for path in tmp_path.iterdir()]

    assert len(contents) == 2
    assert 1 in contents
    assert caplog.text == ""


def test_a_disk_that_takes_nothing_costs_no_more_than_a_sentence(cache, tmp_path, caplog):
    shutil.rmtree(tmp_path)

    cache.put(RECORDING, KEY, DIAGNOSIS)

    (line,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "can't be kept" in line.getMessage()
    assert line.exc_info is None


def test_a_planted_pickle_is_ignored_and_never_run(cache, tmp_path):
    mark = tmp_path.parent / f"run-{os.getpid()}"
    cache.put(RECORDING, KEY, DIAGNOSIS)
    plant(tmp_path, pickle.dumps(Runs(mark)))

    assert cache.get(RECORDING, KEY) is None
    assert not mark.exists()


@given(content=st.binary(max_size=200) | st.sampled_from([b"[]", b"{}", b'{"windows": {}}', b"1", b"null"]))
def test_a_damaged_file_is_no_diagnosis_and_no_error(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("cache")
    cache = DiagnosisCache(folder)
    cache.put(RECORDING, KEY, DIAGNOSIS)
    plant(folder, content)

    assert cache.get(RECORDING, KEY) is None


FACTS = st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5) | st.floats(allow_nan=False), max_size=4)


@given(first=FACTS, second=FACTS)
def test_keys_are_the_same_only_for_the_same_facts(first, second):
    assert cache_key(first) == cache_key(dict(reversed(first.items())))
    assert (cache_key(first) == cache_key(second)) == (repr(sorted(first.items())) == repr(sorted(second.items())))
