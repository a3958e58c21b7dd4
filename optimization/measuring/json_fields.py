"""Dataclasses of plain values as JSON, and back with every field checked."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin

Kind = TypeVar("Kind")

#: What JSON has for each type of field.
ALLOWED: Mapping[Any, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    float: (int, float),
    str | None: (str, NoneType),
    float | None: (int, float, NoneType),
    tuple[int, ...]: (list,),
    tuple[str, ...]: (list,),
    dict[str, str]: (dict,),
    Mapping[str, Any]: (dict,),
}


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with their tuples as lists, as JSON has them."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def built(kind: type[Kind], values: Mapping[str, Any], *, added: Collection[str] = ()) -> Kind:
    """Build a dataclass from JSON, lists as tuples.

    Parameters
    ----------
    kind : type
        The dataclass.
    values : mapping
        Its fields; what it doesn't know is passed over.
    added : collection of str
        Fields that older files don't have; these then have their defaults.

    Raises
    ------
    KeyError, TypeError, ValueError
        If another field is missing, or one can't be what it is.
    """
    given = {}
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name in added and field.name not in values:
            continue
        value = values[field.name]
        if isinstance(value, bool) or not may_be(value, field.type):
            raise TypeError(f"{field.name} is {value!r}")
        given[field.name] = tuple(value) if isinstance(value, list) else value
    return kind(**given)


def may_be(value: object, kind: Any) -> bool:
    """Whether JSON may have a value for a type: one of its words where it is a choice of words."""
    if kind in ALLOWED:
        return isinstance(value, ALLOWED[kind])
    choices = (kind, *get_args(kind)) if get_origin(kind) is not Literal else (kind,)
    words = [word for choice in choices if get_origin(choice) is Literal for word in get_args(choice)]
    return value in words or (value is None and NoneType in choices)
