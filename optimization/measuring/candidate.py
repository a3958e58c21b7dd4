"""What is measured: a variant, and the runtime that executes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from engine.errors import BenchmarkError
from engine.runtimes import RUNTIMES, runtime_for, runtimes_for
from engine.variant import Variant

#: Runtimes that execute a format unless another is asked for; nobody needs to be told which of them it was.
USUAL = ("onnxruntime", "pytorch")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A variant on a runtime.

    Attributes
    ----------
    variant : Variant
        What is executed.
    runtime : str
        Name of what executes it (`engine.runtimes.RUNTIMES`).
    """

    variant: Variant
    runtime: str

    @classmethod
    def of(cls, variant: Variant, runtime: str | None = None) -> Self:
        """Return a variant on the runtime named, or on its usual one.

        Raises
        ------
        ModelRefusedError
            As `engine.runtimes.runtime_for`.
        """
        return cls(variant, runtime_for(variant, runtime).name)

    @property
    def full_name(self) -> str:
        """``NETWORK/NAME`` of the variant."""
        return self.variant.full_name

    @property
    def title(self) -> str:
        """The variant's full name and, unless it is the usual one, the runtime: ``wdcnn/int8-static on OpenVINO``."""
        return on_runtime(self.full_name, self.runtime)

    @property
    def label(self) -> str:
        """As `title`, without the network."""
        return on_runtime(self.variant.name, self.runtime)

    @property
    def key(self) -> tuple[str, str]:
        """Digest of the weights and name of the runtime: equal for two that are measured alike."""
        return self.variant.digest, self.runtime


def on_runtime(name: str, runtime: str) -> str:
    """Return a name, and the runtime's title behind it unless it is a usual one."""
    return name if runtime in USUAL else f"{name} on {runtime_title(runtime)}"


def runtime_title(runtime: str) -> str:
    """Return what people call a runtime, even one that is not known here."""
    return RUNTIMES[runtime].title if runtime in RUNTIMES else runtime


def candidates_of(variants: Sequence[Variant], runtimes: Sequence[str] = ()) -> list[Candidate]:
    """Return variants on the runtimes named, or each on its usual one.

    Raises
    ------
    BenchmarkError
        If a runtime is unknown or not installed, or none of them executes a variant.
    ModelRefusedError
        If no runtime here executes a variant.
    """
    if not runtimes:
        return [Candidate.of(variant) for variant in variants]
    for name in runtimes:
        require_runtime(name)
    found = []
    for variant in variants:
        fitting = [runtime.name for runtime in runtimes_for(variant)]
        mine = [Candidate(variant, name) for name in runtimes if name in fitting]
        if not mine:
            told = " nor ".join(runtime_title(name) for name in runtimes)
            does = f"Neither {told} executes" if len(runtimes) > 1 else f"{told} does not execute"
            reason = f"{does} {variant.full_name}"
            raise BenchmarkError(reason, f"leave it out, or measure it on {' or '.join(fitting)} too")
        found += mine
    return found


def require_runtime(name: str) -> None:
    """Raise `BenchmarkError` unless a runtime is known and installed."""
    if name not in RUNTIMES:
        raise BenchmarkError(f"There is no runtime {name}", f"choose of {', '.join(RUNTIMES)}")
    runtime = RUNTIMES[name]
    if not runtime.available():
        raise BenchmarkError(f"{runtime.title} is not installed", f"pip install .[{runtime.extra}], or leave it out")
