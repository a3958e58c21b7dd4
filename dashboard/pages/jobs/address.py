"""What the page's address holds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

PATH = "/jobs"


@dataclass(frozen=True, slots=True)
class View:
    """The selection.

    Attributes
    ----------
    job : str
        Id of the job whose log is shown, empty for none.
    all : str
        State whose jobs are all listed, not only the newest; empty for none.
    recording, model : str
        As the top bar has them, which the page carries along.
    """

    job: str = ""
    all: str = ""
    recording: str = ""
    model: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Read a query that may hold anything."""
        return cls(**{name: query[name] for name in ("job", "all", "recording", "model") if name in query})

    @classmethod
    def of_address(cls, search: str | None) -> Self:
        """Read the part of an address from its question mark."""
        return cls.of(dict(parse_qsl((search or "").removeprefix("?"))))

    def address(self, **changes: str) -> str:
        """Return the address of the page with other values."""
        return link(PATH, asdict(replace(self, **changes)))

    def carried(self, path: str, **query: str) -> str:
        """Return the address of another page, which is told the recording and the network too."""
        return link(path, {"recording": self.recording, "model": self.model, **query})


def link(path: str, query: Mapping[str, Any]) -> str:
    """Write an address, leaving out what is empty."""
    held = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(held, safe='/')}" if held else path
