"""The process of one attempt at a job, as the worker sees it."""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

#: What `workspace.jobs.child` is started with; ``-P``: no module is taken from the folder one happens to be in.
CHILD = (sys.executable, "-P", "-m", "workspace.jobs.child")
LAST_WORDS = 20
#: What is read at once, so that a child which never stops printing can't keep the worker from its work.
CHUNK_BYTES, CHUNKS = 65536, 16


class Child:
    """One child process, in a process group of its own so that what it starts ends with it.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.
    order : mapping
        What it is to do, plain JSON; goes to its standard input, where no list of processes shows it.
    locks : sequence of file
        Stay locked until it has ended, even if this process ends before.
    """

    def __init__(self, command: Sequence[str], order: Mapping[str, Any], locks: Sequence[BinaryIO]) -> None:
        files = [file.fileno() for file in locks]
        self._process = subprocess.Popen(  # noqa: S603 - it is Python itself
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=same_imports(os.environ),
            start_new_session=True,
            pass_fds=files,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        os.set_blocking(self._output, False)
        self._unfinished = b""
        self.last_words: deque[str] = deque(maxlen=LAST_WORDS)
        with suppress(BrokenPipeError), self._process.stdin as stdin:  # a child that died is seen to later
            stdin.write(json.dumps({**order, "parent": os.getpid(), "locks": files}).encode())

    def output(self) -> Iterator[str]:
        """Return the lines that it has printed since the last call."""
        for _ in range(CHUNKS):
            try:
                read = os.read(self._output, CHUNK_BYTES)
            except BlockingIOError:
                return
            *lines, self._unfinished = (self._unfinished + read).split(b"\n")
            if not read and self._unfinished:
                lines, self._unfinished = [self._unfinished], b""
            for line in lines:
                if text := line.decode(errors="replace").rstrip():
                    self.last_words.append(text)
                    yield text
            if not read:
                return

    def has_ended(self) -> bool:
        """Whether it has ended; what it started ends now too."""
        if self._process.returncode is None:
            # It stays a zombie until the group is killed, so that its number can't be another one's by then.
            ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                return False
            self.kill()
            self._process.wait()
        return True

    def kill(self) -> None:
        """End it and what it started, now."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Wait until it has ended."""
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        self.has_ended()

    def cause_of_death(self) -> str:
        """Return how it ended, as part of a sentence."""
        status = self._process.returncode
        if status == -signal.SIGKILL:
            return "killed, as the system does for want of memory"
        if status < 0:
            number = -status
            return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        words = f": {self.last_words[-1]}" if self.last_words else ""
        return f"exit status {status}{words}"

    def close(self) -> None:
        """Let go of its output."""
        assert self._process.stdout is not None
        self._process.stdout.close()


def same_imports(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which another Python finds the modules that this one finds."""
    folders = [str(Path(entry).absolute()) for entry in sys.path]
    return {**environment, "PYTHONPATH": os.pathsep.join(folders)}
