"""What a variant answers to recordings, asked once: in a chain of passes each is held against two others."""

from collections import OrderedDict
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelRefusedError
from engine.runtimes import Session, runtime_for
from engine.variant import Variant
from optimization.recording_set import SetRecording

#: Recordings whose logits are remembered, those of all variants together; each takes a few kB.
REMEMBERED = 4096
#: By the member of a set rather than by its digest: of one file, several channels may be in a set.
_answers: OrderedDict[tuple[str, str, str, SetRecording], NDArray[np.float32]] = OrderedDict()


class Witness:
    """A variant that is asked about recordings; what it said before in this process is not asked again.

    Parameters
    ----------
    variant : Variant
        Loaded when the first question comes that it has not answered.
    runtime : str or None
        Name of the runtime that executes it; the usual one of its format if ``None``.

    Attributes
    ----------
    runtime : Runtime
        What executes it.
    card : ModelCard
        The variant's.

    Raises
    ------
    ModelRefusedError
        If that runtime is unknown, not installed, or does not execute the variant's format.
    """

    def __init__(self, variant: Variant, runtime: str | None = None) -> None:
        self.runtime = runtime_for(variant, runtime)
        self.card = variant.card
        self._variant = variant
        self._session: Session | None = None

    def answer(self, recording: SetRecording, windows: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return the logits, of shape (W, K), of a recording's windows, of shape (W, C, L).

        Raises
        ------
        ModelError
            If the variant can't be loaded, or answers with NaN or infinity.
        """
        key = (self._variant.digest, self._variant.card.digest_text(), self.runtime.name, recording)
        if key not in _answers:
            _answers[key] = self._ask(recording, windows())
            while len(_answers) > REMEMBERED:
                _answers.popitem(last=False)
        return _answers[key]

    def _ask(self, recording: SetRecording, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        if not len(windows):
            return np.empty((0, len(self._variant.card.classes)), np.float32)
        if self._session is None:
            self._session = self.runtime.load(self._variant)
        logits = self._session.predict(windows)
        wrong = int(np.count_nonzero(~np.isfinite(logits).all(axis=1)))
        if wrong:
            raise ModelRefusedError(
                self._variant.full_name,
                f"it answers {wrong} of {len(windows)} windows of {recording.name} with NaN or infinity",
            )
        return logits

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            self._session.close()
