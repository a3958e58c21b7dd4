from types import SimpleNamespace

import numpy as np

from scripts.protocols import confusion, load_fold, specimen_folds
from scripts.training_data import TABLE, draw_simulations
from scripts.trivial_statistics import LinearModel, statistics_of


def rows():
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    table = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
    return [SimpleNamespace(**row, rig=row["machine"]) for row in table]


def test_protocol_a_keeps_the_loads_apart_and_tests_every_specimen_it_learned():
    fold = load_fold(rows())

    assert {one.load for one in fold.train} == {"0 hp"}
    assert {one.load for one in fold.test} == {"2 hp"}
    assert {one.specimen for one in fold.test} == {one.specimen for one in fold.train}


def test_protocol_b_never_learns_from_the_specimen_that_it_tests():
    folds = specimen_folds(rows())

    assert len(folds) == 10
    assert sum(len(fold.test) for fold in folds) == len(rows())
    for fold in folds:
        assert not {one.specimen for one in fold.train} & {one.specimen for one in fold.test}


def test_no_recording_is_listed_twice():
    assert len({row.sha256 for row in rows()}) == len(rows()) == 18


def test_an_inconclusive_answer_has_a_column_of_its_own():
    card = SimpleNamespace(classes=("normal", "inner"))
    matrix = confusion(["normal", "inner", "inner"], ["normal", "inconclusive", "inner"], card)

    np.testing.assert_array_equal(matrix, [[1, 0, 0], [0, 1, 1]])


def test_equal_seeds_draw_equal_simulations():
    first, again = (draw_simulations(4, seed=7, snr_db=(0.0, 25.0)) for _ in range(2))

    assert [one.label for one in first] == [0, 1, 2, 3]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.signal.samples, other.signal.samples)


def test_a_linear_model_tells_tones_from_noise_by_their_statistics():
    random = np.random.default_rng(0)
    time_s = np.arange(2048) / 12_000
    tones = np.sin(2 * np.pi * random.uniform(200, 2000, (40, 1)) * time_s)
    windows = np.concatenate([tones, random.standard_normal((40, 2048))])[:, np.newaxis].astype(np.float32)
    labels = np.repeat([0, 1], 40)
    statistics = statistics_of(windows)
    model = LinearModel(statistics, labels, classes=2)

    assert np.mean(model.scores(statistics).argmax(axis=1) == labels) > 0.95
