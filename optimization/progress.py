"""How long work says where it stands."""

from collections.abc import Callable

#: Told what is being done, how much of it is done, and of how much; a total of 0 says that nobody knows.
#: Called often, so it returns quickly; what it raises ends the work.
Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""
