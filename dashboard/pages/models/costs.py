"""What a variant costs wherever it runs: numbers, multiplications, memory, bytes; counted, not measured."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.words import counted, grouped, size_text
from dashboard.pages.models import ids
from dashboard.pages.models.wording import percent
from engine.errors import VibenchError
from optimization.charts import rounded

PEAK = "Most bytes of activations needed at the same time for one window; runtimes that fuse operations need less."
WORK = "Multiplications with addition for one window: convolutions, matrix products, attention, recurrent layers."


def costs_place(kept: Mapping[str, Any] | None) -> html.Div:
    """Build the place of the counts: what is kept of them, or what is shown while they are counted."""
    shown = ui.skeleton(height=62, sentence="Counting what it costs") if kept is None else costs(kept)
    return html.Div(shown, id=ids.COSTS)


def costs(said: Mapping[str, Any]) -> Component:
    """Build the strip of the counts, and the table of the layers below it.

    Parameters
    ----------
    said : mapping
        As `optimization.statistics.Statistics.to_json`.
    """
    numbers, non_zero = said["parameters"], said["non_zero"]
    zero = f"{percent(1 - non_zero / numbers)} of them zero" if non_zero < numbers else "none of them zero"
    facts = [
        ui.Fact("Parameters", grouped(numbers), zero),
        ui.Fact("Work", f"{rounded(said['macs'] / 1e6)} million", "MACs a window", hint=WORK),
        ui.Fact("Activations", size_text(said["peak_activation_bytes"]), "at most", hint=PEAK),
        ui.Fact("File", size_text(said["size_bytes"]), f"{size_text(said['compressed_bytes'])} when compressed"),
    ]
    layers = said["layers"]
    table = html.Details(
        [html.Summary(f"Its {counted(len(layers), 'layer')}"), layer_table(layers)], className="costs-layers"
    )
    return ui.card(ui.fact_list(facts), table, title="What it costs", note="counted, not measured", class_name="costs")


def layer_table(layers: Sequence[Mapping[str, Any]]) -> Component:
    """List the layers that have weights or multiply, in the order in which they run."""
    heads = [
        ui.Column("Layer"),
        ui.Column("Operator"),
        ui.Column("Output"),
        ui.Column("Parameters", numeric=True),
        ui.Column("MACs", "million", numeric=True),
        ui.Column("Stored", "kB", numeric=True),
    ]
    rows = [
        ui.Row(
            [
                layer["name"],
                layer["operator"],
                " × ".join(map(str, layer["output_shape"])),
                grouped(layer["parameters"]),
                f"{layer['macs'] / 1e6:.3f}",
                f"{layer['bytes'] / 1e3:.1f}",
            ]
        )
        for layer in layers
    ]
    return ui.table(heads, rows, caption="Layers, the first one on top")


def not_counted(error: VibenchError) -> Component:
    """Say why there are no counts."""
    return ui.notice(str(error), title="What it costs can't be counted.", tone="warn")
