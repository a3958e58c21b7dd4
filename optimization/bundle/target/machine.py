"""The machine that this runs on: a latency means nothing without it, and a proof holds for one instruction set only."""

import os
import platform
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

#: What decides how reduced precision runs on a processor; as Linux names it.
INSTRUCTION_SETS = (
    *("avx2", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "avx512_fp16", "amx_int8"),
    *("asimddp", "i8mm", "asimdhp"),
)
CPUINFO = Path("/proc/cpuinfo")
DEVICE = Path("/proc/device-tree/model")
SYSTEM = Path("/sys")


def this_machine(cpuinfo: Path = CPUINFO) -> dict[str, Any]:
    """Return processor, instruction sets and versions; ``instruction_sets`` is ``None`` where the system hides them."""
    cpu, flags = processor(cpuinfo)
    return {
        "cpu": cpu or first_line(DEVICE) or platform.processor() or "unknown",
        "architecture": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "instruction_sets": None if flags is None else [name for name in INSTRUCTION_SETS if name in flags],
        "threads": threads_here(),
        "governor": first_line(SYSTEM / "devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "onnxruntime": onnxruntime.__version__,
        },
    }


def threads_here() -> int:
    """Return how many threads this process may run at once."""
    has_affinity = hasattr(os, "sched_getaffinity")  # Linux has
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def check_threads(parser: ArgumentParser, threads: int) -> None:
    """End the program with a sentence unless the machine has so many threads: each further one only takes memory."""
    if not 1 <= threads <= threads_here():
        parser.error(f"--threads goes from 1 to {threads_here()} here")


def processor(cpuinfo: Path) -> tuple[str, frozenset[str] | None]:
    """Return the processor's name and flags, from the file in which Linux tells them."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "", None
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    told = facts.get("flags") or facts.get("Features")
    return facts.get("model name", ""), None if told is None else frozenset(told.split())


def first_line(path: Path) -> str | None:
    """Return the first line of a file, ``None`` if it can't be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0\n").splitlines()[0]
    except (OSError, IndexError):
        return None


def clock(system: Path = SYSTEM) -> dict[str, float | None]:
    """Return the clock now, in MHz, the hottest sensor in degrees Celsius, and how often heat has slowed the cores.

    Each is ``None`` where the system does not say.
    """
    cores = system / "devices/system/cpu"
    mhz = [number / 1e3 for number in numbers(cores, "cpu[0-9]*/cpufreq/scaling_cur_freq")]
    hottest = [number / 1e3 for number in numbers(system / "class/thermal", "thermal_zone*/temp")]
    slowed = numbers(cores, "cpu[0-9]*/thermal_throttle/core_throttle_count")
    return {
        "mhz": round(sum(mhz) / len(mhz), 1) if mhz else None,
        "celsius": max(hottest) if hottest else None,
        "slowed_by_heat": sum(slowed) if slowed else None,
    }


def numbers(folder: Path, pattern: str) -> list[float]:
    """Return the numbers in the files below a folder that a pattern names; what can't be read is left out."""
    found = []
    for path in sorted(folder.glob(pattern)):
        try:
            found.append(float(first_line(path) or ""))
        except ValueError:
            continue
    return found
