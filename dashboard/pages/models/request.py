"""What somebody asks for with the form: checked, and said as a job and as a command."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from engine.errors import RecipeError
from engine.variant import Variant
from optimization.calibration import WINDOWS
from optimization.command import name_option, pass_options
from optimization.passes import Pass
from optimization.passes.parameters import pass_from_text
from optimization.recipe import MOST_WINDOWS, Recipe, check_windows


@dataclass(frozen=True, slots=True)
class Request:
    """A variant to be made.

    Attributes
    ----------
    variant : str
        Full name of what to make it from.
    made : Pass
        How.
    recordings : tuple of str
        Ids of those to calibrate on; none for simulated ones.
    windows : int
        How many to calibrate on.
    resample : bool
        Whether recordings of other rates may be taken.
    name : str or None
        For the result, within its network; ``None`` for the pass's own.
    """

    variant: str
    made: Pass
    recordings: tuple[str, ...] = ()
    windows: int = WINDOWS
    resample: bool = False
    name: str | None = None

    @classmethod
    def of_form(
        cls,
        variant: Variant,
        pass_name: str,
        typed: Mapping[str, str],
        *,
        recordings: Sequence[str] | None,
        windows: str,
        resample: bool,
        name: str,
    ) -> Self:
        """Read what the form holds; what a pass that takes no recordings does not need is left out.

        Parameters
        ----------
        variant : Variant
            What to start from.
        pass_name : str
            Which pass.
        typed : mapping of str to str
            Its parameters, as they were typed or chosen.
        recordings : sequence of str or None
            Ids of those to calibrate on; ``None`` for simulated ones.
        windows : str
            As typed; empty for `WINDOWS`.
        resample : bool
            Whether recordings of other rates may be taken.
        name : str
            As typed; empty for the pass's own.

        Raises
        ------
        RecipeError
            If a value can't be, or the pass can't be run on the variant.
        """
        made = pass_from_text(pass_name, typed)
        made.requires(variant)
        called = name.strip() or None
        if not (made.calibrates or made.learns):
            return cls(variant.full_name, made, name=called)
        if recordings is not None and not recordings:
            raise RecipeError("The set of recordings", "empty", "choose some, or use simulated ones")
        chosen = tuple(recordings or ())
        count = windows_of(windows) if made.calibrates else WINDOWS
        return cls(variant.full_name, made, chosen, count, resample and bool(chosen), called)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the job that does it (`workspace.jobs.kinds`)."""
        return {
            "variant": self.variant,
            "recipe": Recipe((self.made,)).to_json(),
            "calibration": list(self.recordings),
            "windows": self.windows,
            "resample": self.resample,
            "name": self.name,
        }

    def command(self) -> list[str]:
        """Return the command that does the same, in parts between which a line may break; only what is no default."""
        parts = [["vibench", "optimize", self.variant], *pass_options(self.made)]
        if self.recordings:
            parts.append(["--calibration-recordings", ",".join(self.recordings)])
        if self.windows != WINDOWS:
            parts.append(["--windows", str(self.windows)])
        if self.resample:
            parts.append(["--resample"])
        if self.name is not None:
            parts.append(name_option(self.name))
        return [shlex.join(part) for part in parts]


def windows_of(typed: str) -> int:
    """Return a typed number of windows; raises `RecipeError` if it is none, or too many."""
    text = typed.strip()
    if not text:
        return WINDOWS
    if not text.isdecimal():
        raise RecipeError("windows", text[:20], f"it is a whole number from 1 to {MOST_WINDOWS}")
    windows = int(text[:9])  # as many digits as tell that it is too much
    check_windows(windows)
    return windows
