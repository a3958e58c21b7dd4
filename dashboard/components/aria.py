"""What screen readers are told."""

from typing import Any


def aria(**values: str) -> dict[str, Any]:
    """Return attributes such as ``aria-label``, to be given as keywords: ``html.Div(**aria(label="Pages"))``."""
    return {f"aria-{name}": value for name, value in values.items()}
