"""A job, as pages and commands see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
STATES: tuple[State, ...] = ("queued", "running", "succeeded", "failed", "cancelled")
ENDED: tuple[State, ...] = ("succeeded", "failed", "cancelled")
#: Starts of a job whose process dies, before it counts as failed.
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is.

    Attributes
    ----------
    what : str
        What is being done.
    done, total : int
        How much of it, of how much; a total of 0 says that nobody knows.
    per_s : float or None
        Rate, as soon as it is known.
    left_s : float or None
        Seconds left of what is being done, as soon as they are known.
    """

    what: str
    done: int
    total: int
    per_s: float | None = None
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a job's log."""

    at: datetime
    attempt: int
    text: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job.

    Attributes
    ----------
    id : str
        Short random text.
    kind : str
        Key of `workspace.jobs.kinds.KINDS`: ``optimize``, ``benchmark``.
    title, subject : str
        For people: ``Static INT8``, ``of wdcnn/onnx``.
    parameters : mapping
        Plain JSON, as the kind takes them.
    state : {"queued", "running", "succeeded", "failed", "cancelled"}
        Where it stands.
    alone : bool
        Whether no other job may run beside it: it measures.
    cancelling : bool
        Whether it runs, and somebody wants it to end.
    attempt : int
        Number of starts so far.
    progress : JobProgress or None
        While it runs.
    result : mapping or None
        What came of it, plain JSON, as its kind says; of a job that succeeded.
    error : mapping or None
        ``code`` and ``message``, of a job that failed.
    queued_at, started_at, ended_at : datetime
        In UTC; ``started_at`` of the last attempt; the latter two ``None`` where it has not come to that.
    """

    id: str
    kind: str
    title: str
    subject: str
    parameters: Mapping[str, Any]
    state: State
    alone: bool
    cancelling: bool
    attempt: int
    progress: JobProgress | None
    result: Mapping[str, Any] | None
    error: Mapping[str, str] | None
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
