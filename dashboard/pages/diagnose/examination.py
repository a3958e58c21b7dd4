"""What the page shows of one recording, gathered before anything is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self
from urllib.parse import urlencode

from engine.analysis import Analysis, analyse
from engine.description import Description
from engine.diagnosis import Diagnosis
from engine.errors import BackendMissingError, ModelNotFoundError
from engine.signal import Signal
from engine.variant import BACKEND_TITLES, BACKENDS, Variant
from workspace.recording import RecordingRow
from workspace.workspace import Workspace

#: The network for whoever names none.
DEFAULT_NETWORK = "wdcnn"


@dataclass(frozen=True, slots=True)
class Selection:
    """What an address selects: a recording's id, and the full names of a variant and of the one to compare it with."""

    recording: str
    model: str
    compare: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Build it again from what a ``dcc.Store`` brought back, which may be anything."""
        return cls(*(str(data.get(name) or "") for name in ("recording", "model", "compare")))

    def choosing(self, model: str, compare: str) -> Self:
        """Return the selection after the user chose; a variant chosen on both sides lets the two change places."""
        if model == compare:
            compare = self.model if self.model != model else ""
        return type(self)(self.recording, model, compare)

    @property
    def query(self) -> str:
        """As an address has it: ``?recording=ID&model=wdcnn/onnx``."""
        return "?" + urlencode({name: value for name, value in asdict(self).items() if value}, safe="/")


@dataclass(frozen=True, slots=True)
class BackendChoice:
    """One of the four backends, for one network.

    Attributes
    ----------
    title : str
        For people: ``ONNX``.
    value : str
        Full name of the variant that choosing it takes; the backend's key where there is none.
    reason : str or None
        Why it can't be chosen, as a sentence.
    """

    title: str
    value: str
    reason: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """A recording with everything that is said of it.

    Attributes
    ----------
    selection : Selection
        What the address asked for, its variants by their full names.
    row : RecordingRow
        The recording.
    signal, description : Signal, Description
        Its samples, and what is known of it from whom.
    variant : Variant
        Which network spoke.
    diagnosis : Diagnosis
        What it said.
    analysis : Analysis
        What is seen without it.
    backends : sequence of BackendChoice
        The four.
    others : sequence of Variant
        Those of the same network, to compare with.
    threads : int
        Processor threads that each variant computes with.
    """

    selection: Selection
    row: RecordingRow
    signal: Signal
    description: Description
    variant: Variant
    diagnosis: Diagnosis
    analysis: Analysis
    backends: Sequence[BackendChoice]
    others: Sequence[Variant]
    threads: int


def examine(workspace: Workspace, selection: Selection) -> Examination:
    """Diagnose and analyse a recording.

    Raises
    ------
    WorkspaceError, SignalError, ModelError
        If there is no such recording or variant, or it can't be used.
    """
    variant = variant_named(workspace, selection.model)
    signal, description = workspace.recordings.signal(selection.recording)
    return Examination(
        selection=selection,
        row=workspace.recordings.get(selection.recording),
        signal=signal,
        description=description,
        variant=variant,
        diagnosis=workspace.diagnose(selection.recording, variant),
        analysis=analyse(signal),
        backends=backend_choices(workspace, variant),
        others=[other for other in workspace.variants.list(variant.card.name) if other.digest != variant.digest],
        threads=workspace.settings.threads,
    )


def diagnosed(workspace: Workspace, recording_id: str, model: str) -> Diagnosis:
    """Return a variant's diagnosis of a recording, as `examine` has it; raises what that raises."""
    return workspace.diagnose(recording_id, variant_named(workspace, model))


def variant_named(workspace: Workspace, text: str) -> Variant:
    """Return the variant that an address names; with no text the default one.

    Only what the workspace keeps can be named: a path, which the command line takes too, is nothing to a browser.

    Raises
    ------
    ModelNotFoundError, BackendMissingError
        If there is none.
    """
    variants = workspace.variants.list()
    networks = sorted({variant.card.name for variant in variants})
    if not text and networks:
        return default_variant(workspace, DEFAULT_NETWORK if DEFAULT_NETWORK in networks else networks[0])
    if text in networks or any(text == variant.full_name for variant in variants):
        return workspace.variants.find(text)
    raise ModelNotFoundError(text, [variant.full_name for variant in variants])


def default_variant(workspace: Workspace, network: str) -> Variant:
    """Return the variant for whoever names none: of the default backend, or any where that is not made yet."""
    try:
        return workspace.variants.find(network)
    except BackendMissingError:
        return workspace.variants.list(network)[0]


def backend_choices(workspace: Workspace, chosen: Variant) -> list[BackendChoice]:
    """Return the four backends of a variant's network: its own one leads to itself, the others to their default."""
    choices = []
    for backend in BACKENDS:
        title = BACKEND_TITLES[backend]
        try:
            leads_to = chosen if backend == chosen.backend else workspace.variants.find(chosen.card.name, backend)
            choices.append(BackendChoice(title, leads_to.full_name, None))
        except BackendMissingError as error:
            choices.append(BackendChoice(title, backend, str(error)))
    return choices
