"""Short tables in plain HTML: text left, numbers right, units in the column head."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from dashboard.components.aria import aria
from dashboard.components.cards import Content


@dataclass(frozen=True, slots=True)
class Column:
    """Head of a column; ``unit`` stands below the title, ``numeric`` aligns right in tabular figures."""

    title: str
    unit: str | None = None
    numeric: bool = False
    class_name: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a row, one for each column; ``chosen`` tints it.

    ``attributes`` go to the ``tr`` element: an ``id`` to listen to, for instance. What a row does on a click must also
    be reachable by keyboard: put a link or a button into its first cell.
    """

    cells: Sequence[Content | None]
    chosen: bool = False
    attributes: dict[str, Any] | None = None


def table(columns: Sequence[Column], rows: Sequence[Row], *, caption: str, **attributes: Any) -> html.Div:
    """Lay out a table that scrolls sideways by itself on a narrow screen.

    Parameters
    ----------
    columns, rows : sequence
        Heads and cells.
    caption : str
        What the table holds, for screen readers.
    """
    heads = [html.Th(_head(column), scope="col", className=_names(column)) for column in columns]
    body = [
        html.Tr(
            [html.Td(cell, className=_names(column)) for column, cell in zip(columns, row.cells, strict=True)],
            className="chosen" if row.chosen else "",
            **(row.attributes or {}),
        )
        for row in rows
    ]
    inner = [html.Caption(caption, className="visually-hidden"), html.Thead(html.Tr(heads)), html.Tbody(body)]
    return html.Div(
        html.Table(inner), className="table-scroll", tabIndex=0, role="region", **(aria(label=caption) | attributes)
    )


def _head(column: Column) -> Content:
    return [column.title, html.Br(), column.unit] if column.unit else column.title


def _names(column: Column) -> str:
    return f"{'numeric' if column.numeric else ''} {column.class_name}".strip()
