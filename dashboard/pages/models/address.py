"""What the page's address holds, so that a view can be shared and reloaded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

PATH = "/models"


@dataclass(frozen=True, slots=True)
class View:
    """The selection: a variant, what to make of it, and the recording that other pages carry along.

    Attributes
    ----------
    model : str
        Full name of the variant that is shown, or its network's; empty for the default one.
    pass_name : str
        Pass that the form offers first; empty for the first that fits.
    job : str
        Id of the job whose recipe fills the form, and whose end the page tells.
    recording : str
        As the top bar has it.
    """

    model: str = ""
    pass_name: str = ""
    job: str = ""
    recording: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Read a query that may hold anything."""
        return cls(query.get("model", ""), query.get("pass", ""), query.get("job", ""), query.get("recording", ""))

    @classmethod
    def of_address(cls, search: str | None) -> Self:
        """Read the part of an address from its question mark."""
        return cls.of(dict(parse_qsl((search or "").removeprefix("?"))))

    def showing(self, model: str, *, job: str = "") -> Self:
        """Return the view of another variant, or of one of its jobs."""
        return replace(self, model=model, pass_name="", job=job)

    def query(self) -> str:
        """Return the part of the address from its question mark; empty where nothing is chosen."""
        held = {"model": self.model, "pass": self.pass_name, "job": self.job, "recording": self.recording}
        return query_of(held)

    def address(self) -> str:
        """Return the whole address."""
        return PATH + self.query()

    def diagnose_address(self) -> str:
        """Return the address of the page that diagnoses with the variant."""
        return "/diagnose" + query_of({"recording": self.recording, "model": self.model})

    def benchmark_address(self) -> str:
        """Return the address of the page that measures the variant."""
        return "/benchmark" + query_of({"recording": self.recording, "model": self.model})


def query_of(values: Mapping[str, Any]) -> str:
    """Write the values that are there as an address has them, readable: ``?model=wdcnn/onnx``."""
    held = {name: value for name, value in values.items() if value}
    return f"?{urlencode(held, safe='/')}" if held else ""
