"""Landlock: the kernel's way for a process to give up files and network for good (Linux 5.13, TCP since 6.7).

The C library has no functions for it yet, so the three system calls are made by number; they have the same
number on every architecture (M. Salaün, "Landlock: unprivileged access control", Linux documentation).
"""

import ctypes
import os
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_QUESTION = 1
_RULE_PATH_BENEATH = 1
_READ_FILE = 1 << 2
_NO_NEW_PRIVILEGES = 38  # prctl's PR_SET_NO_NEW_PRIVS, without which the kernel refuses

#: Number of file rights that a version of Landlock knows; a right it does not know makes it refuse.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_NEWEST_FILE_RIGHTS = 16
KNOWS_NETWORK = 4  #: the first version that can close the network
_TCP_BIND_AND_CONNECT = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scope", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def landlock_version() -> int:
    """Return the kernel's version of Landlock, 0 where it has none or has it switched off."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_QUESTION))))


def confine_to(readable: Path) -> None:
    """Leave this process nothing but reading one file: no other file, no network, no signal to others.

    Files that are open already stay open. Where the kernel has no Landlock, nothing happens.

    Raises
    ------
    OSError
        If the kernel has Landlock, yet refuses.
    """
    version = landlock_version()
    if not version:
        return
    ruleset = _Ruleset(
        files=(1 << _FILE_RIGHTS.get(version, _NEWEST_FILE_RIGHTS)) - 1,
        network=_TCP_BIND_AND_CONNECT if version >= KNOWS_NETWORK else 0,
        scope=_ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0,
    )
    rules = _call(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(ctypes.sizeof(ruleset)), ctypes.c_uint32(0))
    file = os.open(readable, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(allowed=_READ_FILE, folder=file)
        _call(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_RULE_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
        if _libc.prctl(_NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0))):
            raise OSError(ctypes.get_errno(), "the kernel refused to give up privileges")
        _call(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(file)
        os.close(rules)


def _call(number: int, *arguments: object) -> int:
    answer = int(_libc.syscall(number, *arguments))
    if answer < 0:
        raise OSError(ctypes.get_errno(), f"Landlock refused: {os.strerror(ctypes.get_errno())}")
    return answer
