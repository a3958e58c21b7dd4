"""Models: the networks, what was made of them, and what is to be made. Every id of the page is in `ids`."""

import secrets
from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.pages.models import ids
from dashboard.pages.models.address import View
from dashboard.pages.models.calibration import candidates
from dashboard.pages.models.costs import costs_place
from dashboard.pages.models.detail import detail, parent_name
from dashboard.pages.models.elsewhere import targets_card
from dashboard.pages.models.figures import sizes_figure, sizes_height
from dashboard.pages.models.following import Making, being_made, found_job, jobs_of, kernels_state, source_of
from dashboard.pages.models.form import filled, fitting
from dashboard.pages.models.history import how_made, proof_card
from dashboard.pages.models.lineage import families, family, parent_of
from dashboard.pages.models.making import jobs_shown, making_card, nothing_fits, request_form
from dashboard.pages.models.tree import tree
from dashboard.pages.models.wording import size_beside
from engine.errors import BackendMissingError, ModelNotFoundError
from engine.variant import Variant
from optimization.verification import Verification
from workspace.jobs.job import Job
from workspace.reckoning import Reckoner, Task
from workspace.workspace import Workspace

DEFAULT_NETWORK = "wdcnn"


def layout(workspace: Workspace, **query: str) -> Component:
    """Build the page that an address such as ``/models?model=wdcnn/int8-static`` shows."""
    view, variants = View.of(query), workspace.variants.list()
    if not variants:
        sentence = "The networks that come with Vibench are added when it starts: stop it and start it again."
        return ui.empty_state("diagram-3", sentence, title="No network yet")
    making = being_made(workspace, variants)
    try:
        variant = shown_variant(workspace, view.model)
    except ModelNotFoundError as error:
        missing = ui.card(ui.error_state(error, title="This variant is not here"))
        return page(tree_card(variants, "", view, making), None, [missing])
    followed = jobs_of(workspace, variant, [view.job] if view.job else [], variants)
    kept = {"jobs": [job.id for job in followed], "tree": tree_signature(variants, making)}
    return page(
        tree_card(variants, variant.full_name, view, making),
        html.Div(sizes_card(variants, variant), id=ids.SIZES_CARD, className="models-sizes"),
        [
            dcc.Store(id=ids.SHOWN, data=variant.full_name),
            dcc.Store(id=ids.FOLLOWED, data=kept),
            dcc.Store(id=ids.TAB, data=secrets.token_hex(8)),
            dcc.Store(id=ids.KERNELS, data=kernels_state(workspace)),
            dcc.Store(id=ids.ASKED),
            *variant_cards(workspace, variant, variants, view, followed),
        ],
    )


def page(left: Component, sizes: Component | None, right: Sequence[Component | None]) -> html.Div:
    """Lay the page out: the tree, what is chosen in it, and the sizes."""
    return html.Div([left, html.Div(list(right), className="models-chosen stack"), sizes], className="models")


def shown_variant(workspace: Workspace, model: str) -> Variant:
    """Return the variant that an address names: of a network, or of no name at all, the default one.

    Raises
    ------
    ModelNotFoundError
        If nothing is called so.
    """
    variants = workspace.variants.list()
    networks = list(dict.fromkeys(variant.card.name for variant in variants))
    name = model or (DEFAULT_NETWORK if DEFAULT_NETWORK in networks else networks[0])
    try:
        return workspace.variants.find(name)
    except BackendMissingError:
        return next(variant for variant in variants if variant.card.name == name)


def variant_cards(
    workspace: Workspace, variant: Variant, variants: Sequence[Variant], view: View, jobs: Sequence[Job]
) -> list[Component | None]:
    """Build what the page shows of the chosen variant, from the top."""
    proof = Verification.from_json(variant.verification) if variant.verification else None
    parent = parent_name(variant, variants)
    fit, reasons = fitting(variant)
    job = found_job(workspace, view.job) if view.job else None
    mine = job if job is not None and source_of(job, [variant]) is not None else None
    state = filled(fit, view.pass_name, mine) if fit else None
    found = candidates(workspace, variant.card)
    told = jobs_shown(jobs, variants, view, worker=workspace.jobs.worker_alive())
    inner = request_form(fit, state, found, variant) if state else [nothing_fits(variant, reasons, variants, view)]
    return [
        detail(variant, variants, view, proof),
        costs_place(Reckoner(workspace.folder).kept(Task(variant))),
        targets_card(workspace, variant),
        how_made(variant),
        proof_card(proof, parent) if proof is not None else None,
        making_card(variant, inner, told),
    ]


def tree_card(variants: Sequence[Variant], chosen: str, view: View, making: Sequence[Making]) -> html.Section:
    """Build the card of the tree."""
    shown = html.Nav(tree(families(variants), chosen, view, making), id=ids.TREE, **aria(label="Networks and variants"))
    return ui.card(shown, title="Networks and variants", class_name="models-tree")


def tree_signature(variants: Sequence[Variant], making: Sequence[Making]) -> list[list[str]]:
    """Return what the tree is built from, so that it is built anew only when that has changed."""
    kept = [f"{variant.full_name} {variant.digest}" for variant in variants]
    return [kept, [f"{one.name} {one.job.id} {one.job.state} {one.job.cancelling} {one.share}" for one in making]]


def sizes_card(variants: Sequence[Variant], variant: Variant) -> html.Section | None:
    """Build the card of the sizes; nothing for a network of one variant."""
    siblings = list(family([one for one in variants if one.card.name == variant.card.name]))
    if len(siblings) < 2:
        return None
    figure = sizes_figure(siblings, variant, ui.current_theme())
    parent = parent_of(variant, variants)
    beside = "" if parent is None else size_beside(variant.size_bytes, parent.size_bytes, parent.name)
    label = f"Sizes of the variants of {variant.card.name}, as the tree lists them"
    return ui.card(
        ui.graph(figure, ids.SIZES, label, height=sizes_height(siblings)),
        html.P(f"{variant.name} is {beside}.", className="note") if beside else None,
        title="Size beside its siblings",
    )


def count_of(workspace: Workspace) -> int:
    """Return how many networks there are, for the navigation."""
    return len(workspace.variants.networks())
