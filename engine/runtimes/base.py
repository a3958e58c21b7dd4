"""The contract of everything that executes a network."""

from abc import ABC, abstractmethod
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from types import TracebackType
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from engine.variant import Variant

#: Windows that a runtime is given at once: more do not run faster, and their activations take memory.
BATCH = 256


class Session(ABC):
    """A variant loaded by a runtime; safe to call from several threads.

    Attributes
    ----------
    variant : Variant
        What was loaded.
    runtime : str
        Name of the runtime that loaded it.
    """

    variant: Variant
    runtime: str

    @abstractmethod
    def predict(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of prepared windows.

        Parameters
        ----------
        windows : ndarray of float32, shape (W, C, L)
            Prepared as the card says (`engine.preparation.prepare`); W >= 1.

        Returns
        -------
        ndarray of float32, shape (W, K)
            One row a window, one column a class of the card.
        """

    def close(self) -> None:  # noqa: B027 - most sessions hold nothing that must be freed
        """Free what the session holds; calling it twice is harmless."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Runtime(ABC):
    """Loads variants into sessions; every entry of `engine.runtimes.RUNTIMES` passes one conformance suite."""

    name: ClassVar[str]

    title: ClassVar[str]  #: for people
    #: Distribution that it comes with, and what it imports at its first use.
    package: ClassVar[str]
    imports: ClassVar[tuple[str, ...]]
    extra: ClassVar[str | None] = None  #: of Vibench's own extras the one that installs it, where it is optional

    def available(self) -> bool:
        """Whether the library is installed; some are optional."""
        return find_spec(self.imports[0]) is not None

    def import_libraries(self) -> None:
        """Import what the first load would; raises `ImportError` where it is not installed."""
        for library in self.imports:
            import_module(library)

    @abstractmethod
    def accepts(self, variant: Variant) -> bool:
        """Whether this runtime executes the variant's format."""

    @abstractmethod
    def load(self, variant: Variant, *, threads: int = 1) -> Session:
        """Load the variant, its weight file checked against its digest first.

        Raises
        ------
        DamagedModelError
            If the weight file is cut or altered, or does not fit the card.
        ModelRefusedError
            If it is whole, but not admitted: external data, operators of unknown domains.
        """

    def version(self) -> str:
        """Version of the library that executes; raises `PackageNotFoundError` where it is not installed."""
        return version(self.package)
