"""Being rid of a variant: what goes with it, and how it can be made again."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.words import counted, size_text
from dashboard.pages.models import ids
from dashboard.pages.models.lineage import made_from, parent_of
from engine.variant import Variant
from optimization.command import command_again, on_recordings


def confirmation(variant: Variant, variants: Sequence[Variant], *, comes_back: bool) -> html.Div:
    """Ask once more before a variant is gone.

    Parameters
    ----------
    variant : Variant
        Which is to go.
    variants : sequence of Variant
        All that are kept.
    comes_back : bool
        Whether Vibench puts it back when it starts (`workspace.seeding.comes_back`).
    """
    choices = [
        ui.button("Keep it", id=ids.KEEP, next_id=ids.REMOVE),
        ui.button("Remove for good", icon_name="trash", kind="danger", id=ids.REMOVE_FOR_GOOD),
    ]
    sentences: list[str | Component] = [what_goes(variant, variants), " "]
    sentences += made_again(variant, variants, comes_back=comes_back)
    return ui.notice(
        [html.Span(sentences), html.Div(choices, className="button-row")],
        title=f"Remove {variant.full_name}?",
        tone="bad",
    )


def what_goes(variant: Variant, variants: Sequence[Variant]) -> str:
    """Say what is lost."""
    proof = " and its proof" if variant.verification else ""
    told = f"Its weight file ({size_text(variant.size_bytes)}), its card{proof} go for good."
    children = made_from(variant, variants)
    if not children:
        return told
    stay = "stays and can" if len(children) == 1 else "stay and can"
    return f"{told} {counted(len(children), 'variant')} made from it {stay} no longer be compared with it."


def made_again(variant: Variant, variants: Sequence[Variant], *, comes_back: bool) -> list[str | Component]:
    """Say how the variant could be had again."""
    if comes_back:
        return ["Vibench puts it back when it starts the next time."]
    command = command_again(variant, parent_of(variant, variants))
    if command is None:
        return ["It can't be made again from what is kept here: download it first."]
    folder = ", DIR being a folder of the recordings that it was calibrated on" if on_recordings(variant) else ""
    return ["It can be made again with ", html.Code(command), f"{folder}."]
