"""The machine that a number was measured on; a latency means nothing without it."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: What decides how fast reduced precision runs on a processor; as Linux names it.
INSTRUCTION_SETS = (
    *("avx2", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "avx512_fp16", "amx_int8"),
    *("asimddp", "i8mm", "asimdhp"),
)
PACKAGES = ("numpy", "scipy", "onnxruntime", "openvino", "torch", "onnx")
CPUINFO = Path("/proc/cpuinfo")
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine's fingerprint.

    Attributes
    ----------
    cpu : str
        The processor's name.
    flags : tuple of str
        Those of `INSTRUCTION_SETS` that it has.
    threads : int
        Hardware threads that this process may use.
    governor : str or None
        How its clock is governed, ``None`` where the system does not say.
    memory_bytes : int
        Physical memory.
    system : str
        Operating system and architecture.
    versions : dict of str to str
        Of Python and of the libraries that compute.
    """

    cpu: str
    flags: tuple[str, ...]
    threads: int
    governor: str | None
    memory_bytes: int
    system: str
    versions: dict[str, str]


def this_machine(cpuinfo: Path = CPUINFO, governor: Path = GOVERNOR) -> Machine:
    """Return the fingerprint of the machine that this runs on."""
    cpu, _ = processor(cpuinfo)
    return Machine(
        cpu=cpu or platform.processor() or "unknown",
        flags=instruction_sets(cpuinfo),
        threads=len(os.sched_getaffinity(0)),
        governor=first_line(governor),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        versions={"python": platform.python_version(), **installed(PACKAGES)},
    )


def instruction_sets(cpuinfo: Path = CPUINFO) -> tuple[str, ...]:
    """Return those of `INSTRUCTION_SETS` that the processor has."""
    _, flags = processor(cpuinfo)
    return tuple(flag for flag in INSTRUCTION_SETS if flag in flags)


def processor(cpuinfo: Path) -> tuple[str, frozenset[str]]:
    """Return the processor's name and flags, from the file in which Linux tells them; empty where there is none."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "", frozenset()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return facts.get("model name", ""), frozenset((facts.get("flags") or facts.get("Features") or "").split())


def first_line(path: Path) -> str | None:
    """Return the first line of a file, ``None`` if there is no such file."""
    try:
        return path.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError):
        return None


def installed(packages: Sequence[str]) -> dict[str, str]:
    """Return the versions of those packages that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
