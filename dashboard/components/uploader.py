"""Where files are brought in; ``assets/uploads.js`` fills it and talks to ``/uploads``."""

from dash import dcc, html

UPLOADS_DONE = "uploads-done"


def uploads_store() -> dcc.Store:
    """Return the store that hears of every finished upload; the frame holds it, so it lives on every page.

    Its ``data`` is ``{"upload": ID, "recording": ID, "name": str, "duplicate": bool}``; a page refreshes its list with
    ``Input(UPLOADS_DONE, "data")``.
    """
    return dcc.Store(id=UPLOADS_DONE)


def uploader(component_id: str, *, formats: str, suffixes: tuple[str, ...], limit_bytes: int) -> html.Div:
    """Make a place to choose files or drop them, with the progress of each; several at once, resumed after a reload.

    Parameters
    ----------
    component_id : str
        Of the element.
    formats : str
        What may be brought, for people: ``"MAT, CSV, TXT, NPY, NPZ, WAV"``.
    suffixes : tuple of str
        Endings that the file dialogue offers: ``(".mat", ".csv")``.
    limit_bytes : int
        Largest file that the server takes.
    """
    return html.Div(
        id=component_id,
        className="uploader",
        **{  # type: ignore[arg-type] # Dash takes any data attribute
            "data-formats": formats,
            "data-suffixes": ",".join(suffixes),
            "data-limit": str(limit_bytes),
        },
    )
