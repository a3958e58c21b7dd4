"""Whether this Python has what the bundle needs, told in a sentence; any Python from 3.6 on can import this file."""

import sys
from importlib import import_module

PYTHON = (3, 11)
PACKAGES = ("numpy", "onnxruntime")


def missing():  # type: ignore[no-untyped-def]
    """Return what is missing and what to do, ``None`` if nothing is."""
    if sys.version_info < PYTHON:
        here, needed = (".".join(map(str, version[:2])) for version in (sys.version_info, PYTHON))
        return f"this is Python {here}: run it with Python {needed} or newer"
    for package in PACKAGES:
        try:
            import_module(package)
        except ImportError as error:
            reason = (str(error).strip().splitlines() or ["it can't be imported"])[0]
            return f"{package} is needed ({reason}): install it with python -m pip install {package}"
    return None
