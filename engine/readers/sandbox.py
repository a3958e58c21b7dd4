"""The one way to read a recording: in a process of its own that can do nothing but that.

A file from a stranger may be made to fill the memory, to run for ever or to crash its parser. So each is read
in a fresh child under limits, without network and without any other file (`engine.readers.child`), and what
the child hands back is checked as if the file itself had written it.
"""

import atexit
import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from signal import SIGKILL, SIGXCPU, Signals
from typing import Any, BinaryIO

import numpy as np

from engine.errors import FileAccessError, ReaderCrashedError, ReaderLimitError, SignalError, rebuild
from engine.readers import READERS
from engine.readers.child import REQUEST_BYTES, Ending
from engine.readers.contents import Contents, FoundChannel, ReadOptions
from engine.readers.landlock import KNOWS_NETWORK, landlock_version
from engine.readers.limits import Limits
from engine.signal import UNITS, Kind

logger = logging.getLogger(__name__)

AS_FOUND = ReadOptions()
USUAL = Limits()

KINDS: tuple[Kind, ...] = ("vibration", "tacho", "temperature", "unknown")

_HEADER_BYTES = 2**20
_GRACE_S = 30  #: what starting the server may take on a busy machine, on top of a reader's own time
_SERVER = (
    "import json, socket, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from engine.readers.child import serve; serve(socket.socket(fileno=0))"
)


def read_contents(
    path: Path, options: ReadOptions = AS_FOUND, limits: Limits = USUAL, *, name: str | None = None
) -> Contents:
    """Read a recording in a child process under limits; safe to call from several threads.

    Parameters
    ----------
    path : Path
        The file.
    options : ReadOptions
        What a user says of a text file's layout.
    limits : Limits
        Memory and time that the child is given.
    name : str, optional
        What errors call the file; its own name if left out.

    Returns
    -------
    Contents
        Every channel, with what the file says of it.

    Raises
    ------
    FileAccessError
        If the file is missing, is no file, or may not be opened.
    UnknownFormatError, DamagedFileError, FileTooLargeError, SamplingRateInvalidError, ShaftSpeedInvalidError
        As the reader says.
    ReaderLimitError
        If reading takes more memory or time than the limits allow.
    ReaderCrashedError
        If the child dies or hands back what makes no sense.
    """
    name = path.name if name is None else name
    check_access(path, name)
    request = {"path": str(path.absolute()), "options": asdict(options), "limits": asdict(limits)}
    with tempfile.TemporaryFile() as result:  # it has no name, so nothing is left behind however this ends
        ending = _read_in_child(json.dumps(request).encode(), result, limits.wall_s + _GRACE_S)
        if ending is None:
            raise ReaderCrashedError(name, "its process vanished")
        _raise_for(ending, name, limits)
        return load_result(result, path.name, name)


def check_access(path: Path, name: str) -> None:
    """Raise `FileAccessError` unless ``path`` is a plain file that this process may read."""
    try:
        if path.exists() and not path.is_file():
            raise FileAccessError(name, "it is no file")
        path.open("rb").close()
    except OSError as error:
        raise FileAccessError(name, (error.strerror or str(error)).lower()) from error
    except ValueError as error:  # a zero byte in the path
        raise FileAccessError(name, str(error)) from error


class _Server:
    """The running `engine.readers.child.serve` of this process."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        folders = [str(Path(entry).absolute()) for entry in sys.path]
        # One thread, because each thread of the linear algebra library takes address space from the limit. Nothing
        # else of the environment: it may hold the token or the database's password.
        environment = {"OPENBLAS_NUM_THREADS": "1"}
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - it is Python itself
                [sys.executable, "-I", "-c", _SERVER, json.dumps(folders)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the program in the terminal
            )

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def bury(self) -> None:
        """Clear up after a server that has died."""
        self.control.close()
        self.process.wait()

    def let_go(self) -> None:
        """Close the control socket, which the server takes as its end unless another process holds it too."""
        self.control.close()
        self.process.returncode = 0  # or the destructor would warn of a process that still runs


_server: _Server | None = None
_starting = threading.Lock()


def _running_server() -> _Server:
    """Return the server, started or started again if need be."""
    global _server  # noqa: PLW0603 - one server a process, as there is one process
    with _starting:
        if _server is not None and not _server.is_alive():
            logger.warning("The process that starts readers died (%s); starting another", _server.process.returncode)
            _server.bury()
            _server = None
        if _server is None:
            if landlock_version() < KNOWS_NETWORK:
                logger.warning(
                    "This kernel's Landlock is missing or older than version %d: files are read under limits of memory "
                    "and time, but a hostile one that takes over its reader could open connections, or other files",
                    KNOWS_NETWORK,
                )
            _server = _Server()
        return _server


@atexit.register
def _forget_server() -> None:
    """End the server with this process; in a fork, leave it to the process that started it and begin anew."""
    global _server, _starting
    if _server is not None:
        _server.let_go()
    _server, _starting = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_server)


def _read_in_child(request: bytes, result: BinaryIO, wait_s: float) -> Ending | None:
    """Have the server read, once more if it died meanwhile; ``None`` if nobody says how it ended."""
    for _ in range(2):
        server = _running_server()
        ours, theirs = socket.socketpair()
        with ours:
            ours.settimeout(wait_s)
            try:
                with theirs:
                    socket.send_fds(server.control, [request], [theirs.fileno(), result.fileno()])
                if answer := ours.recv(REQUEST_BYTES):
                    return Ending(**json.loads(answer))
            except TimeoutError:  # the server hangs
                server.process.kill()
                return None
            except OSError:  # the server died before it took the request
                pass
        with suppress(subprocess.TimeoutExpired):
            server.process.wait(timeout=1)  # one that is dying may look alive
        result.seek(0)
        result.truncate()
    return None


def _raise_for(ending: Ending, name: str, limits: Limits) -> None:
    """Raise what a reader's end means, unless it ended well."""
    if ending.out_of_time:
        raise ReaderLimitError(name, f"{limits.wall_s:g} s")
    if ending.exit_code == -SIGXCPU:
        raise ReaderLimitError(name, f"{limits.time_s} s of computing")
    if ending.exit_code == -SIGKILL:  # nobody here sent it, so the kernel did, for want of memory
        raise ReaderLimitError(name, "this machine's memory")
    if ending.exit_code < 0:
        number = -ending.exit_code
        raise ReaderCrashedError(name, Signals(number).name if number in set(Signals) else f"signal {number}")
    if ending.exit_code:
        raise ReaderCrashedError(name, f"exit status {ending.exit_code}")


def load_result(result: BinaryIO, file_name: str, name: str) -> Contents:
    """Build the contents from what a child wrote (`engine.readers.child.write_contents`), believing none of it.

    Parameters
    ----------
    result : file
        Of the child.
    file_name, name : str
        What the child and what the user call the recording.

    Raises
    ------
    SignalError
        As the child reports it, or `ReaderCrashedError` if what it wrote makes no sense.
    """
    result.seek(0)
    try:
        said = json.loads(result.readline(_HEADER_BYTES))
        if "channels" in said:
            return _load_contents(result, said)
        if "error" in said:
            arguments = [name if argument == file_name else argument for argument in said["arguments"]]
            error: SignalError = rebuild(said["error"], arguments)
            str(error)  # is where an argument of the wrong kind shows
        else:
            logger.error("The reader of %s failed: %s", name, said["bug"])
            error = ReaderCrashedError(name, str(said["bug"]).strip().splitlines()[-1][:200])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as problem:
        logger.exception("What the reader of %s handed back makes no sense", name)
        raise ReaderCrashedError(name, "what it handed back makes no sense") from problem
    raise error


def _load_contents(result: BinaryIO, said: dict[str, Any]) -> Contents:
    lengths = [int(channel["samples"]) for channel in said["channels"]]
    left = os.fstat(result.fileno()).st_size - result.tell()
    if said["format"] not in READERS or not lengths or min(lengths) < 0 or 4 * sum(lengths) != left:
        raise ValueError("the format is unknown, or the lengths do not add up")
    number = said["record_number"]
    channels = tuple(_load_channel(result, channel) for channel in said["channels"])
    return Contents(said["format"], channels, None if number is None else int(number))


def _load_channel(result: BinaryIO, said: dict[str, Any]) -> FoundChannel:
    samples = np.fromfile(result, dtype="<f4", count=int(said["samples"]))
    if said["kind"] not in KINDS or said["unit"] not in (None, *UNITS):
        raise ValueError("a channel is of no kind or unit")
    return FoundChannel(
        name=str(said["name"]),
        samples=samples.astype(np.float32, copy=False),
        sampling_rate=_number(said["sampling_rate"]),
        shaft_speed_hz=_number(said["shaft_speed_hz"]),
        unit=said["unit"],
        kind=said["kind"],
    )


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and isfinite(value):
        return float(value)
    raise ValueError("a rate or speed is no number")
