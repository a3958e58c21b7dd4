"""What the page shows of one recording, gathered before anything is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self
from urllib.parse import urlencode

from engine.analysis import Analysis, analyse
from engine.description import Description
from engine.diagnosis import Diagnosis
from engine.errors import BackendMissingError, ModelNotFoundError, VibenchError
from engine.signal import Signal
from engine.variant import BACKEND_TITLES, BACKENDS, Backend, Variant
from workspace.recording import RecordingRow
from workspace.workspace import Workspace

#: The network for whoever names none.
DEFAULT_NETWORK = "wdcnn"
#: The pass that makes a backend, and the backend that it is made of; weights for PyTorch come from training.
MADE_BY: Mapping[Backend, tuple[str, Backend]] = {
    "onnx": ("export_onnx", "pytorch"),
    "fp16": ("convert_fp16", "onnx"),
    "int8": ("quantize_static", "onnx"),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """What an address selects: a recording's id, and the full names of a variant and of the one to compare it with."""

    recording: str
    model: str
    against: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Build it again from what a ``dcc.Store`` brought back, which may be anything."""
        return cls(*(str(data.get(name) or "") for name in ("recording", "model", "against")))

    def choosing(self, model: str, against: str) -> Self:
        """Return the selection after the user chose; a variant chosen on both sides lets the two change places."""
        if model == against:
            against = self.model if self.model != model else ""
        return type(self)(self.recording, model, against)

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
    made : bool
        Whether there is one.
    maker : str or None
        Address where one that is missing can be made; ``None`` where nothing makes it.
    """

    title: str
    value: str
    made: bool
    maker: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """The variant beside which the first one is held, and what it says of the same recording."""

    variant: Variant
    diagnosis: Diagnosis


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
    rival : Rival or None
        The second variant, where one was asked for and could answer.
    problem : str or None
        Why the second one did not answer, as a sentence.
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
    rival: Rival | None = None
    problem: str | None = None


def examine(workspace: Workspace, selection: Selection) -> Examination:
    """Diagnose and analyse a recording; the second variant of the selection may fail without harm to the first.

    Raises
    ------
    WorkspaceError, SignalError, ModelError
        If there is no such recording or variant, or it can't be used.
    """
    variant = variant_named(workspace, selection.model)
    signal, description = workspace.recordings.signal(selection.recording)
    others = [other for other in workspace.variants.list(variant.card.name) if other.full_name != variant.full_name]
    rival, problem = rival_of(workspace, selection, others)
    return Examination(
        selection=selection,
        row=workspace.recordings.get(selection.recording),
        signal=signal,
        description=description,
        variant=variant,
        diagnosis=workspace.diagnose(selection.recording, variant),
        analysis=analyse(signal),
        backends=backend_choices(workspace, variant),
        others=others,
        threads=workspace.settings.threads,
        rival=rival,
        problem=problem,
    )


def rival_of(workspace: Workspace, selection: Selection, others: Sequence[Variant]) -> tuple[Rival | None, str | None]:
    """Return what the second variant of a selection says, or why it says nothing; neither if there is none.

    ``others`` are the variants of the first one's network, without that itself.
    """
    wanted = selection.against
    if wanted in ("", selection.model):
        return None, None
    for other in others:
        if other.full_name == wanted:
            try:
                return Rival(other, workspace.diagnose(selection.recording, other)), None
            except VibenchError as error:
                return None, str(error)
    network = selection.model.partition("/")[0]
    return None, f"{wanted} can't be compared: it was removed, or is no variant of {network}. Choose another one."


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
            choices.append(BackendChoice(title, leads_to.full_name, True))
        except BackendMissingError:
            choices.append(BackendChoice(title, backend, False, maker_of(workspace, chosen.card.name, backend)))
    return choices


def maker_of(workspace: Workspace, network: str, backend: Backend) -> str | None:
    """Return the address of the page Models with the pass chosen that makes a backend; ``None`` if there is no pass."""
    if backend not in MADE_BY:
        return None
    pass_name, source = MADE_BY[backend]
    try:
        parent = workspace.variants.find(network, source)
    except BackendMissingError:
        return maker_of(workspace, network, source)  # what it is made of has to be made first
    return f"/models?{urlencode({'model': parent.full_name, 'pass': pass_name}, safe='/')}"
