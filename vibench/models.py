"""``vibench models``: the networks and their variants, and how commands find the one that is meant."""

from argparse import SUPPRESS, Namespace
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import BackendMissingError, ModelNotFoundError, ModelRefusedError, UsageError, WorkspaceError
from vibench.model_told import facts, parent_of, print_variant, print_variants
from vibench.output import indented, one_line, print_json
from vibench.parser import Parser
from vibench.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.variant import Backend, Variant
    from workspace.workspace import Workspace

SUMMARY = "Show the networks, their variants and their cards; add or remove one."
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
    one.add_argument("--layers", action="store_true", help="a line for each layer too; --json has them anyway")
    summary = "Keep a variant that was made elsewhere, once a process of its own has tried it."
    another = actions.add_parser(
        "add", help="keep one made elsewhere", description=summary, example="vibench models add made/wdcnn/int8-static"
    )
    another.add_argument(
        "file", type=Path, metavar="FILE", help="folder of a variant, or .onnx file that carries its card"
    )
    another.add_argument("--name", help="what to call it within its network")
    less = actions.add_parser(
        "remove",
        help="remove one for good",
        description="Remove a variant for good.",
        example="vibench models remove wdcnn/int8-static-2",
    )
    less.add_argument("name", metavar="NAME", help="NETWORK/VARIANT or digest")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    for action in (every, one, another, less):  # after the action too, where it must not undo what stood before
        action.add_argument("--json", action="store_true", default=SUPPRESS, help="one JSON document")


def run(arguments: Namespace) -> int:
    """List the variants, or do what was asked of one."""
    if arguments.action == "show":
        variant, known = find_variant(arguments.name), known_variants()
        if variant not in known:  # a folder, which anybody may have written
            variant = tried(variant)
        targets = measured_on_targets(variant)
        print_variant(variant, known, targets, as_json=arguments.json, with_layers=arguments.layers)
    elif arguments.action == "add":
        add(arguments.file, arguments.name, as_json=arguments.json)
    elif arguments.action == "remove":
        remove(arguments.name, as_json=arguments.json)
    else:
        print_variants(variants_here(), as_json=arguments.json)
    return 0


@contextmanager
def seeded_workspace() -> "Iterator[Workspace]":
    """Open the workspace, with what comes with Vibench in it; see `variants_here` for what it raises."""
    from workspace.seeding import seed
    from workspace.settings import load_settings
    from workspace.workspace import Workspace

    # This process listens nowhere, so an address that would need a token is no reason to refuse.
    with Workspace.open(load_settings(host="127.0.0.1")) as workspace:
        seed(workspace, recordings=False, progress=Progress().step)
        yield workspace


def variants_here() -> "list[Variant]":
    """Return the variants of the workspace, into which those that come with Vibench are put first.

    Raises
    ------
    SettingsError
        If a setting can't be.
    WorkspaceError
        If the workspace can't be used.
    """
    with seeded_workspace() as workspace:
        return workspace.variants.list()


def measured_on_targets(variant: "Variant") -> "list[dict[str, Any]]":
    """Return what bundles found of a variant on their targets, the newest first, as ``bundle --import`` kept it."""
    from workspace.settings import load_settings
    from workspace.targets import kept_of

    return kept_of(load_settings(host="127.0.0.1").workspace, variant.digest)


def known_variants() -> "list[Variant]":
    """Return the variants of the workspace or, where that can't be used, the bundled ones."""
    from workspace.seeding import bundled_variants

    try:
        return variants_here()
    except WorkspaceError:
        return bundled_variants()


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
    from workspace.naming import resolve
    from workspace.seeding import bundled_variants

    name = name or DEFAULT_NETWORK
    try:
        return required(resolve(name, variants_here(), backend), backend)
    except WorkspaceError as error:
        try:
            return required(resolve(name, bundled_variants(), backend), backend)
        except BackendMissingError:
            raise WorkspaceError(f"{error} Until then --backend pytorch works without it.") from error


def tried(variant: "Variant") -> "Variant":
    """Return a variant of somebody's folder, once a process of its own has tried it; see `admit` for what it raises."""
    from optimization.admission import admit

    return admit(variant.weights.parent)


def required(variant: "Variant", backend: "Backend | None") -> "Variant":
    """Return the variant; raise `UsageError` if it is of another backend than the one asked for."""
    if backend is not None and variant.backend != backend:
        message = f"{variant.full_name} is of backend {variant.backend}, not {backend}: leave one of the two out"
        raise UsageError(message, "vibench models list")
    return variant


def add(path: Path, name: str | None, *, as_json: bool) -> None:
    """Keep somebody else's variant, if it passes the trial.

    Raises
    ------
    ModelError
        If it is damaged or not admitted, or is of a network whose card is another one here.
    StorageLimitError, WorkspaceError
        If it does not fit under the limit, or on the disk.
    """
    from optimization.admission import admit

    with seeded_workspace() as workspace:
        given = admit(path, workspace.settings.reader_limits)
        if name is not None:
            given = replace(given, name=name)
        of_network = workspace.variants.list(given.card.name)
        if of_network and given.card not in [variant.card for variant in of_network]:
            reason = (
                f"its card is not that of the network {given.card.name} here; name its network otherwise on its card"
            )
            raise ModelRefusedError(path.name, reason)
        there = {variant.full_name for variant in of_network}
        kept = workspace.variants.add(given, chosen=name is not None)
    if as_json:
        print_json(facts(kept))
        return
    said = "is there already" if kept.full_name in there else "is kept"
    print(one_line(f"{kept.full_name} {said}: backend {kept.backend}, {kept.size_bytes / 1000:.0f} kB, {kept.digest}"))


def remove(name: str, *, as_json: bool) -> None:
    """Remove a variant, and say how it can be had again.

    Raises
    ------
    ModelNotFoundError
        If there is none of that name.
    UsageError
        If a whole network is named.
    """
    from optimization.command import command_again, on_recordings
    from workspace.naming import named
    from workspace.seeding import comes_back

    with seeded_workspace() as workspace:
        variants = workspace.variants.list()
        if any(variant.card.name == name for variant in variants):
            raise UsageError(f"{name} is a network; name one of its variants", "vibench models list")
        try:
            variant = named(name, variants)
        except ModelNotFoundError:
            workspace.variants.remove(name)  # its weight file may be lost, and then no list shows it
            return
        told = facts(variant)
        workspace.variants.remove(variant.full_name)
    again = None if comes_back(variant) else command_again(variant, parent_of(variant, variants))
    children = [other.full_name for other in variants if other.parent == variant.digest]
    if as_json:
        print_json(told | {"comes_back": comes_back(variant), "command": again, "made_from_it": children})
        return
    sentences = ["It comes with Vibench, which brings it back when it is started."] if comes_back(variant) else []
    folder = ", DIR being a folder of the recordings that it was calibrated on" if on_recordings(variant) else ""
    sentences += [f"`{again}` makes it again{folder}."] if again else []
    sentences += [f"{', '.join(children)} made from it can be used as before."] if children else []
    print(one_line(f"Removed {variant.full_name}, {told['size_bytes'] / 1000:.0f} kB."))
    for sentence in sentences:
        for line in indented(sentence):
            print(line)
