"""What the page's address holds, so that a view can be shared and reloaded."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

PATH = "/recordings"


@dataclass(frozen=True, slots=True)
class View:
    """The selection: a recording, what the list is narrowed to, and the network that other pages carry along.

    Attributes
    ----------
    recording : str
        Id of the recording whose card is shown, empty for none.
    search, label : str
        What names must hold, and the label that recordings must have; empty for all.
    page : int
        Of the list, from 1.
    model : str
        As the top bar has it.
    """

    recording: str = ""
    search: str = ""
    label: str = ""
    page: int = 1
    model: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Read a query that may hold anything."""
        page = query.get("page", "")
        known = {name: query[name] for name in ("recording", "search", "label", "model") if name in query}
        return cls(**known, page=int(page) if page.isdecimal() and len(page) < 7 else 1)

    @classmethod
    def of_address(cls, search: str | None) -> Self:
        """Read the part of an address from its question mark."""
        return cls.of(dict(parse_qsl((search or "").removeprefix("?"))))

    def changed(self, **values: Any) -> Self:
        """Return the view with other values."""
        return replace(self, **values)

    def query(self) -> str:
        """Return the part of the address from its question mark; empty where nothing is chosen."""
        held = {name: value for name, value in asdict(self).items() if value and (name, value) != ("page", 1)}
        return f"?{urlencode(held, safe='/')}" if held else ""

    def address(self) -> str:
        """Return the whole address."""
        return PATH + self.query()

    def diagnose_address(self) -> str:
        """Return the address of the page that diagnoses the chosen recording."""
        return "/diagnose" + View(recording=self.recording, model=self.model).query()
