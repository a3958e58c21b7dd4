"""How large the variants of a network are, side by side."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.components.theme import Theme, template_of
from dashboard.components.words import figure_text
from engine.variant import Variant
from optimization.charts import label_bars, rounded, size_unit

ROW_PX = 26
FRAME_PX = 56  #: of the axis and its title


def sizes_height(variants: Sequence[Variant]) -> int:
    """Return the height in px of the figure of so many variants."""
    return ROW_PX * len(variants) + FRAME_PX


def sizes_figure(variants: Sequence[Variant], chosen: Variant, theme: Theme) -> go.Figure:
    """Draw a bar for each variant of a network, in the order of the tree, the chosen one in the accent.

    Parameters
    ----------
    variants : sequence of Variant
        From the top.
    chosen : Variant
        One of them.
    theme : Theme
        Its colours.
    """
    marked = [variant.full_name == chosen.full_name for variant in variants]
    unit_bytes, unit = size_unit(variants)
    sizes = [variant.size_bytes / unit_bytes for variant in variants]
    bars = go.Bar(
        x=sizes,
        y=list(range(len(variants))),
        customdata=[figure_text(variant.name) for variant in variants],
        orientation="h",
        width=0.6,
        text=[rounded(size) for size in sizes],
        textposition="outside",
        textfont={"color": [theme.accent if one else theme.text for one in marked], "size": 12},
        marker={"color": [theme.accent if one else theme.normal for one in marked], "line": {"width": 0}},
        cliponaxis=False,
        hovertemplate=f"%{{customdata}}: %{{text}} {unit}<extra></extra>",
    )
    figure = go.Figure(bars, layout={"template": template_of(theme)})
    figure.update_layout(margin={"l": 8, "r": 8, "t": 4, "b": 40})
    # Labels stand at the ends of the bars, the longest of which leaves them room.
    figure.update_xaxes(title={"text": f"Size ({unit})"}, range=[0, max(sizes) * 1.2], nticks=5, fixedrange=True)
    label_bars(figure, [variant.name for variant in variants])
    return figure
