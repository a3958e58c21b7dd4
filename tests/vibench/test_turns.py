import threading

import pytest

from vibench.progress import WorkProgress
from vibench.turns import turn
from workspace.jobs.measuring import measuring


@pytest.mark.parametrize(
    ("alone", "said"),
    [(True, "Waiting for a job of this workspace to end"), (False, "Waiting for a measurement to end")],
)
def test_what_measures_and_what_does_not_wait_for_each_other_and_say_so(tmp_path, capsys, alone, said):
    (tmp_path / "jobs").mkdir()
    entered = threading.Event()

    def work():
        with turn(tmp_path, WorkProgress(), alone=alone):
            entered.set()

    with measuring(tmp_path, alone=not alone):
        waiting = threading.Thread(target=work)
        waiting.start()
        assert not entered.wait(0.2)
    waiting.join(10)

    assert entered.is_set()
    assert said in capsys.readouterr().err


def test_two_that_do_not_measure_work_side_by_side(tmp_path, capsys):
    (tmp_path / "jobs").mkdir()

    with turn(tmp_path, WorkProgress(), alone=False), turn(tmp_path, WorkProgress(), alone=False):
        assert capsys.readouterr().err == ""
