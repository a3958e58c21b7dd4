"""Icons, drawn by ``assets/icons.css`` in the colour of the text around them."""

import re
from pathlib import Path

from dash import html

from dashboard.components.aria import aria

ASSETS = Path(__file__).resolve().parents[2] / "assets"
NAMES = frozenset(
    re.findall(r"^\.icon-([a-z0-9-]+) ", (ASSETS / "icons.css").read_text(encoding="utf-8"), re.MULTILINE)
)


def icon(name: str, *, label: str | None = None, tone: str | None = None) -> html.Span:
    """Draw an icon, silent to screen readers unless it is given a ``label``.

    Parameters
    ----------
    name : str
        As Bootstrap Icons calls it; one of `NAMES`.
    label : str, optional
        What it means, where no word beside it says so.
    tone : {"good", "warn", "bad", "muted", "accent"}, optional
        Its colour; that of the text around it if left out.

    Raises
    ------
    KeyError
        If ``assets/icons.css`` has no such icon.
    """
    if name not in NAMES:
        raise KeyError(f"assets/icons.css has no icon {name}")
    names = f"icon icon-{name}" + (f" tone-{tone}" if tone else "")
    if label is None:
        return html.Span(className=names, **aria(hidden="true"))
    return html.Span(className=names, role="img", title=label, **aria(label=label))
