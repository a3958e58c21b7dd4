import io
import sys

from vibench.progress import Progress, WorkProgress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_plain_lines_where_nobody_watches(capsys):
    progress = Progress(2)
    progress.step("a.mat")
    progress.step("b\x1b[2J.mat")
    progress.clear()

    assert capsys.readouterr() == ("", "1/2 a.mat\n2/2 b [2J.mat\n")


def test_short_work_stays_silent(capsys):
    progress = Progress(2, quiet_s=60)
    progress.step("a.mat")

    assert capsys.readouterr() == ("", "")


def test_progress_is_a_bar_on_a_terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = Progress(2)
    progress.step("a.mat")
    progress.step("b.mat")

    assert terminal.getvalue().endswith(f"[{'#' * 12}{'.' * 12}] 2/2 b.mat")


def test_work_is_a_line_where_it_begins_and_one_every_ten_seconds(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("vibench.progress.monotonic", lambda: now[0])
    progress = WorkProgress()
    progress("Waiting", 0, 0)
    for done in range(31):
        progress("Measuring", done, 30)
        now[0] += 1
    progress("Proving", 0, 4)
    progress.clear()

    lines = capsys.readouterr().err.splitlines()
    measuring = [f"{done}/30 Measuring" for done in (0, 10, 20, 30)]
    assert lines == ["Waiting", *measuring, "0/4 Proving"]


def test_work_is_a_bar_on_a_terminal_and_leaves_none(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = WorkProgress()
    progress("Measuring", 50, 200)
    assert terminal.getvalue().endswith(f"[{'#' * 6}{'.' * 18}] 50/200 Measuring")

    progress.clear()
    assert terminal.getvalue().endswith("\r\x1b[K")
