"""What executes a variant: one table, one conformance suite (``tests/engine/runtimes/test_every_runtime.py``)."""

from collections.abc import Mapping
from types import MappingProxyType

from engine.errors import ModelRefusedError
from engine.runtimes.base import Runtime, Session
from engine.runtimes.onnxruntime import OnnxRuntime
from engine.runtimes.openvino import OpenVinoRuntime
from engine.runtimes.pytorch import PyTorchRuntime
from engine.variant import Variant

__all__ = ["RUNTIMES", "Runtime", "Session", "load", "runtime_for", "runtimes_for"]

RUNTIMES: Mapping[str, Runtime] = MappingProxyType(
    {runtime.name: runtime for runtime in (OnnxRuntime(), OpenVinoRuntime(), PyTorchRuntime())}
)


def runtimes_for(variant: Variant) -> list[Runtime]:
    """Return the runtimes installed here that execute the variant's format; the first is the usual one."""
    return [runtime for runtime in RUNTIMES.values() if runtime.available() and runtime.accepts(variant)]


def runtime_for(variant: Variant, name: str | None = None) -> Runtime:
    """Return the runtime of a name, or the usual one for the variant's format.

    Raises
    ------
    ModelRefusedError
        If none executes the format, or the one named is unknown, not installed, or takes other formats.
    """
    fitting = runtimes_for(variant)
    for runtime in fitting:
        if name in (None, runtime.name):
            return runtime
    if name is None:
        raise ModelRefusedError(variant.full_name, f"no runtime here executes {variant.format} files")
    if name not in RUNTIMES:
        raise ModelRefusedError(variant.full_name, f"there is no runtime {name}; known are {', '.join(RUNTIMES)}")
    if not RUNTIMES[name].available():
        raise ModelRefusedError(variant.full_name, f"{RUNTIMES[name].title} is not installed")
    raise ModelRefusedError(variant.full_name, f"{RUNTIMES[name].title} executes no {variant.format} files")


def load(variant: Variant, *, threads: int = 1, runtime: str | None = None) -> Session:
    """Load a variant with the runtime named, or with the usual one; see `Runtime.load` for what it raises."""
    return runtime_for(variant, runtime).load(variant, threads=threads)
