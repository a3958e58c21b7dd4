"""One deployable form of a network: a weight file, its card, and where it came from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from engine.card import ModelCard
from engine.errors import DamagedModelError

Backend = Literal["pytorch", "onnx", "fp16", "int8"]
BACKENDS: tuple[Backend, ...] = ("pytorch", "onnx", "fp16", "int8")
BACKEND_TITLES: Mapping[Backend, str] = {"pytorch": "PyTorch", "onnx": "ONNX", "fp16": "FP16", "int8": "INT8"}
Format = Literal["onnx", "safetensors"]
FORMATS: tuple[Format, ...] = ("onnx", "safetensors")
DESCRIPTION = "variant.json"
SCHEMA = "vibench.variant/1"


@dataclass(frozen=True, slots=True)
class Variant:
    """One deployable form of a network.

    Attributes
    ----------
    name : str
        Within its network: ``int8-static``. Shown and typed as ``NETWORK/NAME``.
    backend : {"pytorch", "onnx", "fp16", "int8"}
        What a user picks it as.
    format : {"onnx", "safetensors"}
        What the weight file is.
    weights : Path
        The weight file: ``model.onnx`` or ``model.safetensors`` in a variant's folder, a blob in a workspace.
    digest : str
        SHA-256 of the weight file, in lower-case hex.
    card : ModelCard
        The terms of the network.
    parent : str or None
        Digest of the variant it was made from.
    steps : tuple of mapping
        The passes that made it: ``pass``, ``parameters`` and, where it was told, ``seconds`` and what was
        ``changed``; plain JSON.
    producer : mapping of str to str
        Versions of the libraries that wrote it.
    calibration : mapping
        What its ranges were read from (`optimization.calibration.Calibration.provenance`); empty without.
    verification : mapping
        The proof against its parent (`optimization.verification.Verification.to_json`); empty without.
    """

    name: str
    backend: Backend
    format: Format
    weights: Path
    digest: str
    card: ModelCard
    parent: str | None = None
    steps: tuple[Mapping[str, Any], ...] = ()
    producer: Mapping[str, str] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    verification: Mapping[str, Any] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """``NETWORK/NAME``, as it is shown and typed."""
        return f"{self.card.name}/{self.name}"

    @property
    def size_bytes(self) -> int:
        """Size of the weight file."""
        return self.weights.stat().st_size

    def check_weights(self) -> None:
        """Raise `DamagedModelError` unless the weight file still has the variant's digest."""
        try:
            digest = sha256_of(self.weights)
        except FileNotFoundError as error:  # somebody removed it while it was being used
            raise DamagedModelError(self.full_name, "its weight file is gone") from error
        if digest != self.digest:
            raise DamagedModelError(self.full_name, "its weight file is not the one its digest names")

    def describe(self) -> dict[str, Any]:
        """All but where the weight file lies, as plain JSON; `from_description` takes it back."""
        described = {"schema": SCHEMA} | asdict(self) | {"card": self.card.to_json()}
        del described["weights"]
        return described

    def write_description(self) -> None:
        """Write ``variant.json`` beside the weight file."""
        text = json.dumps(self.describe(), indent=1, sort_keys=True)
        (self.weights.parent / DESCRIPTION).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the variant in ``folder``; the weight file itself is checked when a session loads it.

        Raises
        ------
        DamagedModelError
            If the description or the weight file is missing, or the description can't be understood.
        """
        try:
            data = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
            return cls.from_description(data, folder / f"model.{data['format']}")
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise DamagedModelError(folder.name, f"{DESCRIPTION}: {error}") from error

    @classmethod
    def from_description(cls, data: Mapping[str, Any], weights: Path) -> Self:
        """Build the variant that `describe` described, its weight file being ``weights``.

        Raises
        ------
        FileNotFoundError, KeyError, ValueError
            If the weight file is missing, or the description is incomplete or of no kind known here.
        """
        if data["format"] not in FORMATS or data["backend"] not in BACKENDS:
            raise ValueError("its format or backend is of no kind known here")
        if not weights.is_file():
            raise FileNotFoundError(f"{weights.name} is missing")
        return cls(
            name=str(data["name"]),
            backend=data["backend"],
            format=data["format"],
            weights=weights,
            digest=str(data["digest"]),
            card=ModelCard.from_json(data["card"]),
            parent=data.get("parent"),
            steps=tuple(data.get("steps", ())),
            producer=dict(data.get("producer", {})),
            calibration=dict(data.get("calibration", {})),
            verification=dict(data.get("verification", {})),
        )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
