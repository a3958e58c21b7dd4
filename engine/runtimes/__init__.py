"""What executes a variant: one table, one conformance suite (``tests/engine/runtimes/test_every_runtime.py``)."""

from collections.abc import Mapping
from types import MappingProxyType

from engine.errors import ModelRefusedError
from engine.runtimes.base import Runtime, Session
from engine.runtimes.onnxruntime import OnnxRuntime
from engine.runtimes.pytorch import PyTorchRuntime
from engine.variant import Variant

__all__ = ["RUNTIMES", "Runtime", "Session", "load", "runtime_for"]

RUNTIMES: Mapping[str, Runtime] = MappingProxyType(
    {runtime.name: runtime for runtime in (OnnxRuntime(), PyTorchRuntime())}
)


def runtime_for(variant: Variant) -> Runtime:
    """Return the first runtime that executes the variant's format.

    Raises
    ------
    ModelRefusedError
        If none does.
    """
    for runtime in RUNTIMES.values():
        if runtime.accepts(variant):
            return runtime
    raise ModelRefusedError(variant.full_name, f"no runtime here executes {variant.format} files")


def load(variant: Variant, *, threads: int = 1) -> Session:
    """Load a variant with the runtime that its format asks for; see `Runtime.load` for what it raises."""
    return runtime_for(variant).load(variant, threads=threads)
