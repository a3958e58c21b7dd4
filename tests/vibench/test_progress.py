import io
import sys

from vibench.progress import Progress


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
