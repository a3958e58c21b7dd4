import copy

import numpy as np
import pytest
import torch

from engine.errors import NoEffect
from engine.networks import build
from engine.networks.training import predict, reproducible
from optimization.learning.lessons import Lessons
from optimization.learning.training import RISING, Distillation, Schedule, Shuffled, learn


@pytest.fixture(scope="module")
def lessons():
    """Tones of four frequencies."""
    random = np.random.default_rng(0)
    time_s = np.arange(2048) / 12_000

    def tones(count):
        labels = np.arange(count) % 4
        rows = np.sin(2 * np.pi * (300.0 * (1 + labels))[:, np.newaxis] * time_s + random.uniform(0, 6, (count, 1)))
        return rows[:, np.newaxis].astype(np.float32), labels.astype(np.int64)

    return Lessons(*tones(96), *tones(32), {})


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    teacher = build("wdcnn", 4).eval()
    torch.manual_seed(1)
    return build("wdcnn", 4).eval(), teacher


def distance(network, teacher, windows):
    return float(np.mean((predict(network, windows) - predict(teacher, windows)) ** 2))


def test_a_student_comes_to_answer_as_its_teacher_on_windows_that_it_did_not_learn_from(networks, lessons):
    student, teacher = copy.deepcopy(networks[0]), networks[1]
    before = distance(student, teacher, lessons.held_out)

    learned = learn(student, teacher, lessons, Schedule(60, learning_rate=3e-3, label_weight=0.0))

    assert distance(student, teacher, lessons.held_out) < before / 5
    assert not student.training
    assert (learned.steps, learned.epochs) == (60, 20)
    assert learned.losses[learned.best_epoch - 1] == min(learned.losses)


def test_labels_teach_what_the_teacher_does_not_know(networks, lessons):
    student, teacher = copy.deepcopy(networks[0]), networks[1]

    learn(student, teacher, lessons, Schedule(60, learning_rate=3e-3, label_weight=5.0))

    assert np.mean(predict(teacher, lessons.held_out).argmax(axis=1) == lessons.held_out_labels) < 0.6
    assert np.mean(predict(student, lessons.held_out).argmax(axis=1) == lessons.held_out_labels) > 0.9


def test_equal_seeds_give_equal_weights_and_the_settings_of_torch_stay(networks, lessons):
    students = [copy.deepcopy(networks[0]) for _ in range(2)]
    torch.set_num_threads(2)
    torch.manual_seed(7)
    drawn = torch.rand(1)
    torch.manual_seed(7)

    for student in students:
        learn(student, networks[1], lessons, Schedule(6, seed=3))

    assert all(torch.equal(*pair) for pair in zip(*(one.state_dict().values() for one in students), strict=True))
    assert torch.equal(torch.rand(1), drawn)
    assert torch.get_num_threads() == 2
    assert not torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)


def test_training_stops_when_epochs_bring_nothing_better_and_keeps_the_best_weights(networks, lessons):
    student, teacher = copy.deepcopy(networks[1]), networks[1]
    seen = []

    def spoil(step):
        with torch.no_grad():
            student.classifier[4].bias += 1.0  # worse after every step than after the one before
        seen.append(student.classifier[4].bias.detach().clone())

    learned = learn(
        student, teacher, lessons, Schedule(300, learning_rate=1e-6, patience=2, label_weight=0.0), after_step=spoil
    )

    assert learned.best_epoch == 1
    assert RISING * 300 <= learned.steps < 300
    assert torch.equal(student.classifier[4].bias, seen[2])  # three batches are an epoch
    told = learned.told(300)
    assert f"learned from {learned.steps} batches" in told
    assert "not the 300 asked for, because the last" in told
    assert "weights of epoch 1" in told


def test_progress_is_told_after_each_epoch(networks, lessons):
    said = []
    learn(copy.deepcopy(networks[0]), networks[1], lessons, Schedule(7), progress=lambda *told: said.append(told))

    assert [told for told in said if told[0] == "Training"] == [("Training", done, 7) for done in (0, 3, 6, 7)]


def test_weights_that_become_no_numbers_are_refused(networks, lessons):
    student = copy.deepcopy(networks[0])

    def break_it(step):
        with torch.no_grad():
            student.classifier[4].bias += torch.nan

    with pytest.raises(NoEffect, match="choose a lower learning rate"):
        learn(student, networks[1], lessons, Schedule(3), after_step=break_it)


def test_the_loss_is_a_share_of_the_teachers_power_and_the_labels_count_as_said():
    taught = torch.tensor([[2.0, -2.0]])
    logits, labels = torch.tensor([[1.0, -1.0]]), torch.tensor([0])

    assert float(Distillation(4.0, 0.0)(logits, labels, taught)) == pytest.approx(0.25)
    entropy = np.log1p(np.exp(-2.0))
    assert float(Distillation(4.0, 0.5)(logits, labels, taught)) == pytest.approx(0.25 + 0.5 * entropy)


def test_every_window_comes_once_a_round_and_a_batch_of_one_never():
    source = Shuffled((np.arange(9), np.arange(9) * 10), np.random.default_rng(0))
    batches = list(source.batches(4, 4))

    assert sorted(np.concatenate([first for first, _ in batches[:2]]).tolist()) != list(
        range(8)
    )  # the ninth is drawn too
    assert all((second == first * 10).all() for first, second in batches)
    assert [len(first) for first, _ in batches] == [4, 4, 4, 4]


def test_what_fails_in_between_leaves_torch_as_it_was():
    threads = torch.get_num_threads()
    with pytest.raises(KeyError), reproducible(0):
        raise KeyError
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
