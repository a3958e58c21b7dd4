"""``vibench models``: the networks and their variants, and how commands find the one that is meant."""

from argparse import SUPPRESS, Namespace
from typing import TYPE_CHECKING, Any

from engine.errors import BackendMissingError, UsageError, WorkspaceError
from vibench.output import indented, print_json, print_table
from vibench.parser import Parser
from vibench.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.card import ModelCard
    from engine.variant import Backend, Variant

SUMMARY = "Show the networks, their variants and their cards."
EXAMPLE = "vibench models show wdcnn"
DEFAULT_NETWORK = "wdcnn"


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench models``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions (default: list)")
    every = actions.add_parser(
        "list", help="every variant", description="List every variant.", example="vibench models list --json"
    )
    one = actions.add_parser("show", help="one of them", description="Show a network or a variant.", example=EXAMPLE)
    one.add_argument("name", metavar="NAME", help="network, NETWORK/VARIANT, folder or digest")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    for action in (every, one):  # after the action too, where it must not undo what stood before
        action.add_argument("--json", action="store_true", default=SUPPRESS, help="one JSON document")


def run(arguments: Namespace) -> int:
    """List the variants, or show one."""
    if arguments.action == "show":
        show(find_variant(arguments.name), as_json=arguments.json)
    else:
        show_all(variants_here(), as_json=arguments.json)
    return 0


def variants_here() -> "list[Variant]":
    """Return the variants of the workspace, into which those that come with Vibench are put first.

    Raises
    ------
    SettingsError
        If a setting can't be.
    WorkspaceError
        If the workspace can't be used.
    """
    from workspace.seeding import seed
    from workspace.settings import load_settings
    from workspace.workspace import Workspace

    # This process listens nowhere, so an address that would need a token is no reason to refuse.
    with Workspace.open(load_settings(host="127.0.0.1")) as workspace:
        seed(workspace, recordings=False, progress=Progress().step)
        return workspace.variants.list()


def find_variant(name: str | None = None, backend: "Backend | None" = None) -> "Variant":
    """Return the variant that a user means; see `workspace.variants.resolve`.

    Where the workspace can't be used, the bundled networks still answer on the backends that they come in.

    Raises
    ------
    ModelError
        If there is no such variant.
    SettingsError
        If it would be in a workspace that can't be used, or a setting can't be.
    """
    from workspace.seeding import bundled_variants
    from workspace.variants import resolve

    name = name or DEFAULT_NETWORK
    try:
        return required(resolve(name, variants_here(), backend), backend)
    except WorkspaceError as error:
        try:
            return required(resolve(name, bundled_variants(), backend), backend)
        except BackendMissingError:
            raise WorkspaceError(f"{error} Until then --backend pytorch works without it.") from error


def required(variant: "Variant", backend: "Backend | None") -> "Variant":
    """Return the variant; raise `UsageError` if it is of another backend than the one asked for."""
    if backend is not None and variant.backend != backend:
        message = f"{variant.full_name} is of backend {variant.backend}, not {backend}: leave one of the two out"
        raise UsageError(message, "vibench models list")
    return variant


def show_all(variants: "Sequence[Variant]", *, as_json: bool) -> None:
    """Print a line for each variant."""
    if as_json:
        print_json([facts(variant) for variant in variants])
        return
    head = ("variant", "backend", "kB", "digest", "network")
    print_table(
        head,
        [
            (
                variant.full_name,
                variant.backend,
                f"{variant.size_bytes / 1000:.0f}",
                variant.digest[:12],
                variant.card.title,
            )
            for variant in variants
        ],
    )


def facts(variant: "Variant") -> dict[str, Any]:
    """Return what a list says of a variant, under the names that diagnoses use."""
    return {
        "name": variant.card.name,
        "variant": variant.name,
        "digest": variant.digest,
        "backend": variant.backend,
        "format": variant.format,
        "size_bytes": variant.size_bytes,
        "parent": variant.parent,
    }


def show(variant: "Variant", *, as_json: bool) -> None:
    """Print all that is known of a variant."""
    if as_json:
        print_json(facts(variant) | {"producer": dict(variant.producer), "card": variant.card.to_json()})
        return
    print(f"{variant.full_name}: backend {variant.backend}, {variant.size_bytes / 1000:.0f} kB, {variant.digest}")
    for label, text in card_told(variant.card):
        for line in indented(f"{label}: {text}"):
            print(line)


def card_told(card: "ModelCard") -> list[tuple[str, str]]:
    """Return a card as labelled sentences."""
    from engine.diagnosis import CLASS_TITLES

    lower, upper = card.band_hz
    classes = ", ".join(f"{key} ({CLASS_TITLES.get(key, key)})" for key in card.classes)
    rigs = [f"{rig.name} with {rig.bearing}" + (f" ({rig.note})" if rig.note else "") for rig in card.rigs]
    return [
        ("network", f"{card.title}, {card.reference}"),
        ("takes", f"windows of {card.window} samples at {card.sampling_rate_hz:g} Hz, {lower:g} to {upper:g} Hz"),
        ("answers", f"{classes}; inconclusive below a confidence of {card.threshold:.0%}"),
        ("validated on", "; ".join(rigs) or "no machine"),
        *tests_told(card.evaluation),
        ("elsewhere", card.elsewhere or "not measured"),
    ]


def tests_told(evaluation: "Mapping[str, Any]") -> list[tuple[str, str]]:
    """Return what a card's tests counted as labelled sentences; a test that it lacks is left out."""
    told = []
    for name, counts in evaluation.get("protocols", {}).items():
        apart = f"kept apart by {counts['kept_apart_by']}: " if "kept_apart_by" in counts else ""
        linear = counts.get("linear_model_on_trivial_statistics")
        beside = f"; a linear model on trivial statistics, {right_of(linear)}" if linear else ""
        told.append((f"protocol {name}", f"{apart}{right_of(counts)}{beside}"))
    for name, label in {"simulated": "simulated", "elsewhere": "other machines"}.items():
        if evaluation.get(name):
            told.append((label, right_of(evaluation[name])))
    return told


def right_of(counts: "Mapping[str, Any]") -> str:
    """Return how many recordings of a test were answered right."""
    return f"{counts.get('recordings_right', '?')} of {counts.get('recordings', '?')} recordings right"
