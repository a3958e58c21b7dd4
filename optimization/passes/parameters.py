"""The parameters of a pass, told once: forms, ``--help``, recipes and checks are made from its dataclass."""

import math
import reprlib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from engine.errors import RecipeError

if TYPE_CHECKING:
    from optimization.passes.base import Pass

Kind = Literal["choice", "flag", "whole", "number", "names"]

#: How people write yes and no.
FLAGS: Mapping[str, bool] = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a pass.

    Attributes
    ----------
    name : str
        As recipes and ``--set`` write it.
    title : str
        For people, above a control: ``Scale per channel``.
    kind : {"choice", "flag", "whole", "number", "names"}
        One of `choices`, yes or no, an integer, a number, or a list of names.
    default : object
        Plain JSON.
    choices : tuple of str
        Of a choice; empty otherwise.
    low, high : float or None
        Bounds, both allowed; ``None`` where there is none.
    help : str
        One sentence: what it does, and what to choose.
    """

    name: str
    title: str
    kind: Kind
    default: Any
    choices: tuple[str, ...]
    low: float | None
    high: float | None
    help: str

    @property
    def allowed(self) -> str:
        """What a value may be, as the end of a sentence."""
        if self.kind == "choice":
            return f"it is one of {listed(self.choices)}"
        if self.kind == "names":
            return "it is a list of names"
        if self.kind == "flag":
            return "it is true or false"
        what = "a whole number" if self.kind == "whole" else "a number"
        if self.low is not None and self.high is not None:
            return f"it is {what} from {self.low:.10g} to {self.high:.10g}"
        if self.low is not None:
            return f"it is {what}, at least {self.low:.10g}"
        if self.high is not None:
            return f"it is {what}, at most {self.high:.10g}"
        return f"it is {what}"

    def fits(self, value: object) -> bool:
        """Whether a value is of the parameter's kind and within its bounds."""
        if self.kind == "choice":
            return value in self.choices
        if self.kind == "flag":
            return isinstance(value, bool)
        if self.kind == "names":
            return isinstance(value, tuple) and all(isinstance(name, str) and name for name in value)
        if isinstance(value, bool) or not isinstance(value, int if self.kind == "whole" else (int, float)):
            return False
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        return low <= value <= high and abs(value) != math.inf  # NaN lies nowhere

    def from_text(self, text: str) -> Any:
        """Return what somebody typed as a value, or as it is if it can't be one: the check that follows names it."""
        text = text.strip()
        try:
            if self.kind == "flag":
                return FLAGS[text.lower()]
            if self.kind == "whole":
                return int(text)
            if self.kind == "number":
                return float(text)
        except (KeyError, ValueError):
            return text
        if self.kind == "names":
            return tuple(name.strip() for name in text.split(",")) if text else ()
        return text


def parameter(default: Any, title: str, text: str, *, low: float | None = None, high: float | None = None) -> Any:
    """A field of a pass: its default, its title and the sentence that explains it."""
    metadata = {"title": title, "help": text, "low": low, "high": high}
    return field(default=default, metadata=metadata)


@cache
def parameters_of(kind: "type[Pass]") -> tuple[Parameter, ...]:
    """Return the parameters of a pass, in the order of its fields."""
    hints = get_type_hints(kind)
    return tuple(described(known, hints[known.name]) for known in fields(kind))  # type: ignore[arg-type]


def described(known: "Field[Any]", hint: Any) -> Parameter:
    """Return what a field of a pass says of itself; raises `TypeError` if no control can be made of it."""
    if known.default is MISSING or "title" not in known.metadata:
        raise TypeError(f"{known.name} is not made by optimization.passes.parameters.parameter")
    default = list(known.default) if isinstance(known.default, tuple) else known.default
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    return Parameter(name=known.name, kind=kind_of(hint), default=default, choices=choices, **known.metadata)


def kind_of(hint: Any) -> Kind:
    """Return the kind of parameter that a field's type asks for; raises `TypeError` if there is none."""
    if get_origin(hint) is Literal:
        return "choice"
    kinds: dict[Any, Kind] = {bool: "flag", int: "whole", float: "number", tuple[str, ...]: "names"}
    if hint not in kinds:
        raise TypeError(f"a parameter can't be of type {hint}")
    return kinds[hint]


def check_parameters(made: "Pass") -> None:
    """Raise `RecipeError` naming the first field whose value is of the wrong type, unknown or out of bounds."""
    for known in parameters_of(type(made)):
        value = getattr(made, known.name)
        if not known.fits(value):
            raise RecipeError(known.name, shown(value), known.allowed)


def pass_from_json(name: str, parameters: Mapping[str, Any]) -> "Pass":
    """Build a pass from plain JSON or YAML values.

    Raises
    ------
    RecipeError
        If there is no such pass or parameter, or a value can't be.
    """
    kind = pass_named(name)
    known_parameters(kind, parameters)
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in parameters.items()})


def pass_from_text(name: str, parameters: Mapping[str, str]) -> "Pass":
    """Build a pass from what somebody typed: ``--set key=value``, or a form; raises as `pass_from_json`."""
    kind = pass_named(name)
    known = known_parameters(kind, parameters)
    return kind(**{key: known[key].from_text(text) for key, text in parameters.items()})


def pass_named(name: str) -> "type[Pass]":
    """Return the pass of a name; raises `RecipeError` with the nearest one if there is none."""
    from optimization.passes import PASSES  # the table imports the passes, and they this module

    if not isinstance(name, str) or name not in PASSES:
        raise RecipeError("pass", shown(name), f"it is one of {listed(PASSES)}{nearest(name, PASSES)}")
    return PASSES[name]


def known_parameters(kind: "type[Pass]", asked: Mapping[str, Any]) -> Mapping[str, Parameter]:
    """Return a pass's parameters by name; raises `RecipeError` naming the first one asked for that it lacks."""
    known = {one.name: one for one in parameters_of(kind)}
    for name in asked:
        if name not in known:
            allowed = f"it takes {listed(known)}{nearest(name, known)}" if known else "it takes none"
            raise RecipeError(f"a parameter of {kind.name}", shown(name), allowed)
    return known


def nearest(name: object, names: "Mapping[str, Any]") -> str:
    """Return ``; did you mean NAME?`` for the likeliest of ``names``, nothing if none is near."""
    close = get_close_matches(str(name), names, n=1) if isinstance(name, str) else []
    return f"; {close[0]} may be meant" if close else ""


def listed(names: "Mapping[str, Any] | tuple[str, ...]") -> str:
    """Return names as people list them: ``a, b and c``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def shown(value: object) -> str:
    """Return a value as an error shows it: in one short line, however much somebody put into a recipe."""
    text = " ".join((value if isinstance(value, str) else reprlib.repr(value)).split())
    return f"{text[:60]}…" if len(text) > 60 else text or "empty"
