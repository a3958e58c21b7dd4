"""The other side of the sandbox: a small server that forks one confined process for each file.

It runs in an interpreter of its own, started by `engine.readers.sandbox` with an empty environment, and imports
what readers need once. Forking it takes milliseconds, and a fork holds none of the parent's secrets, threads or
open files. For each file there are two forks: one reads, the other waits for it and says how it ended.

    sandbox  --control socket: request, connection, result file-->  server
    server   --fork-->  watcher  --fork-->  reader (limits, Landlock), which writes the result file
    watcher  --connection: how the reader ended-->  sandbox
"""

import ctypes
import errno
import json
import os
import signal
import socket
import traceback
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from io import FileIO
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import FileTooLargeError, ReaderLimitError, SignalError
from engine.readers import find_reader
from engine.readers.contents import Contents, ReadOptions
from engine.readers.landlock import confine_to
from engine.readers.limits import LARGEST_UNPACKED_TEXT, Limits

REQUEST_BYTES = 65536
FIRST_USED_LATE = ("encodings.cp437", "encodings.latin_1", "encodings.utf_16", "encodings.utf_8_sig", "scipy.io")
_PARENT_DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG

_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a reader ended.

    Attributes
    ----------
    exit_code : int
        0 if it wrote a result, else its exit status, or the negative number of the signal that ended it.
    out_of_time : bool
        Whether it was ended because ``Limits.wall_s`` had passed.
    """

    exit_code: int
    out_of_time: bool


def serve(control: socket.socket) -> None:
    """Answer requests until the sandbox closes its end, as it also does by dying."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # watchers are not waited for
    import_what_readers_import()
    server = os.getpid()
    while True:
        request, files, _, _ = socket.recv_fds(control, REQUEST_BYTES, 2)
        if not request:
            return
        connection, result = files
        if os.fork() == 0:
            control.close()
            watch(json.loads(request), socket.socket(fileno=connection), result, server)
        os.close(connection)
        os.close(result)


def import_what_readers_import() -> None:
    """Import now what readers and Python itself import at first use: a confined process can open no library."""
    for module in FIRST_USED_LATE:
        import_module(module)


def watch(request: dict[str, Any], connection: socket.socket, result: int, server: int) -> NoReturn:
    """Fork the reader, end it when its time is up, report, and leave."""
    limits = Limits(**request["limits"])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # so that sigtimedwait may have it
    die_with(server)
    watcher = os.getpid()
    reader = os.fork()
    if reader == 0:
        connection.close()
        die_with(watcher)
        read_confined(request, limits, result)
    out_of_time = signal.sigtimedwait({signal.SIGCHLD}, limits.wall_s) is None
    if out_of_time:
        os.kill(reader, signal.SIGKILL)
    _, status = os.waitpid(reader, 0)
    ending = {"exit_code": os.waitstatus_to_exitcode(status), "out_of_time": out_of_time}
    with suppress(BrokenPipeError):  # whoever asked was interrupted, and listens no longer
        connection.sendall(json.dumps(ending).encode())
    os._exit(0)


def die_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends; it may have done so already."""
    _libc.prctl(_PARENT_DEATH_SIGNAL, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def read_confined(request: dict[str, Any], limits: Limits, result: int) -> NoReturn:
    """Give up files, network and resources, then read; whatever comes of it stands in the result file."""
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):  # a parser's last words are not for the user's terminal
        os.dup2(silence, stream)
    path = Path(request["path"])
    confine_to(path)
    limits.impose()
    with os.fdopen(result, "wb", buffering=0) as file:
        try:
            write_contents(file, find_reader(path).read(path, ReadOptions(**request["options"])))
        except Exception as error:  # noqa: BLE001 - here a reader's bug ends, and the sandbox logs it
            file.seek(0)
            file.truncate()
            write_line(file, explain(error, path.name, limits))
    os._exit(0)


def explain(error: Exception, name: str, limits: Limits) -> dict[str, Any]:
    """Return an error as JSON from which `engine.errors.rebuild` makes it again; what nobody expected is a bug."""
    if isinstance(error, MemoryError):
        error = ReaderLimitError(name, limits.memory_text)
    elif isinstance(error, OSError) and error.errno == errno.EFBIG:
        error = FileTooLargeError(name, LARGEST_UNPACKED_TEXT)
    if isinstance(error, SignalError):
        return {"error": error.code, "arguments": error.args}
    return {"bug": "".join(traceback.format_exception(error))[-4000:]}


def write_contents(file: FileIO, contents: Contents) -> None:
    """Write one line of JSON that describes the channels, then the samples of one after the other."""
    channels = [
        {
            "name": channel.name,
            "samples": channel.samples.size,
            "sampling_rate": channel.sampling_rate,
            "shaft_speed_hz": channel.shaft_speed_hz,
            "unit": channel.unit,
            "kind": channel.kind,
        }
        for channel in contents.channels
    ]
    write_line(file, {"format": contents.format, "record_number": contents.record_number, "channels": channels})
    for channel in contents.channels:
        write_all(file, channel.samples.astype("<f4", copy=False).tobytes())


def write_line(file: FileIO, value: dict[str, Any]) -> None:
    """Write a value as one line of JSON."""
    write_all(file, json.dumps(value).encode() + b"\n")


def write_all(file: FileIO, data: bytes) -> None:
    """Write to an unbuffered file, which may take less at a time; unbuffered, so that an error leaves nothing due."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
