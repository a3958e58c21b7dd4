"""The networks and their variants as a tree, by what each was made from."""

from collections.abc import Mapping, Sequence

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.pages.models.address import View
from dashboard.pages.models.following import Making
from dashboard.pages.models.lineage import Family, Node
from optimization.charts import rounded, size_unit

NOT_KEPT = "The variant that it was made from is not kept."


def tree(families: Sequence[Family], chosen: str, view: View, making: Sequence[Making]) -> list[Component]:
    """Build the tree.

    Parameters
    ----------
    families : sequence of Family
        What is kept.
    chosen : str
        Full name of the variant that the page shows.
    view : View
        What links carry along.
    making : sequence of Making
        Variants that jobs are about to add, which hang where they will be.
    """
    of_parent: dict[str, list[Making]] = {}
    for one in making:
        of_parent.setdefault(one.parent, []).append(one)
    return [network(family, chosen, view, of_parent) for family in families]


def network(family: Family, chosen: str, view: View, making: Mapping[str, Sequence[Making]]) -> html.Details:
    """Build one network's part of the tree, which can be folded away."""
    unit = size_unit(list(family))
    head = [
        ui.icon("chevron-right"),
        html.Strong(family.card.name),
        html.Span(family.card.title, className="note variant-note"),
        html.Span(unit[1], className="note"),
    ]
    nodes = html.Ul(
        [branch(node, chosen, view, making, unit) for node in family.roots], **aria(label=family.card.title)
    )
    return html.Details([html.Summary(head, className="network-row"), nodes], open=True)


def branch(
    node: Node, chosen: str, view: View, making: Mapping[str, Sequence[Making]], unit: tuple[float, str]
) -> html.Li:
    """Build a variant's row, and below it the rows of what was, or is being, made from it.

    ``unit`` is that of the sizes: its bytes and its name.
    """
    variant, is_chosen = node.variant, node.variant.full_name == chosen
    below = [
        *(branch(child, chosen, view, making, unit) for child in node.children),
        *(being_made(one, view) for one in making.get(variant.full_name, ())),
    ]
    row = html.Div(
        [
            dcc.Link(
                variant.name,
                href=view.showing(variant.full_name).address(),
                className="variant-link",
                title=variant.full_name,  # the tree has no room for a long one
            ),
            note_of(node),
            html.Span(
                rounded(variant.size_bytes / unit[0]), className="number", title=f"Size of the weight file in {unit[1]}"
            ),
        ],
        className="variant-row chosen" if is_chosen else "variant-row",
        **(aria(current="true") if is_chosen else {}),
    )
    return html.Li([row, html.Ul(below) if below else None])


def note_of(node: Node) -> Component:
    """Tell a variant's proof, or that it needs none."""
    variant = node.variant
    if variant.parent is None:
        return html.Span("trained" if variant.format == "safetensors" else "added", className="note variant-note")
    orphaned = ui.icon("link-45deg", label=NOT_KEPT, tone="muted") if node.orphan else None
    return html.Span([orphaned, ui.proof_badge(variant.verification)], className="note variant-note")


def being_made(one: Making, view: View) -> html.Li:
    """Build the row of a variant that a job is about to add."""
    row = html.Div(
        [
            dcc.Link(one.name, href=view.showing(one.parent, job=one.job.id).address(), className="variant-link"),
            html.Span(ui.job_state(one.job), className="note variant-note"),
            html.Span(one.share, className="number"),
        ],
        className="variant-row being-made",
    )
    return html.Li(row)
