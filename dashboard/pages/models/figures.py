"""How large the variants of a network are, side by side."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.components.theme import Theme, template_of
from dashboard.components.words import figure_text
from dashboard.pages.models.wording import size_mb
from engine.variant import Variant

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
    names = [figure_text(variant.name) for variant in variants]
    megabytes = [variant.size_bytes / 1e6 for variant in variants]
    bars = go.Bar(
        x=megabytes,
        y=names,
        orientation="h",
        width=0.6,
        text=[size_mb(variant.size_bytes) for variant in variants],
        textposition="outside",
        textfont={"color": [theme.accent if one else theme.text for one in marked], "size": 12},
        marker={"color": [theme.accent if one else theme.normal for one in marked], "line": {"width": 0}},
        cliponaxis=False,
        hovertemplate="%{y}: %{x:,.3~f} MB<extra></extra>",
    )
    figure = go.Figure(bars, layout={"template": template_of(theme)})
    figure.update_layout(margin={"l": 8, "r": 8, "t": 4, "b": 40})
    # Labels stand at the ends of the bars, the longest of which leaves them room.
    figure.update_xaxes(title={"text": "Size (MB)"}, range=[0, max(megabytes) * 1.2], nticks=5, fixedrange=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, fixedrange=True, type="category", ticklabelstandoff=6)
    return figure
