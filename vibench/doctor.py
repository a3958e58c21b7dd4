"""``vibench doctor``: what this installation is made of, what the machine can do, and what is missing."""

import os
import shutil
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from engine.errors import VibenchError
from vibench.output import one_line, print_json
from vibench.parser import Parser
from workspace.facts import Finding, machine, settings_told, versions

if TYPE_CHECKING:
    from workspace.settings import Settings

SUMMARY = "Show versions, processor, storage and settings, and what is missing."
EXAMPLE = "vibench doctor --json"

SCARCE_BYTES = 2 * 10**9


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench doctor``."""
    parser.add_argument("--json", action="store_true", help="one JSON document")


def run(arguments: Namespace) -> int:
    """Report everything; 1 if something needed is missing."""
    findings = list(examine())
    if arguments.json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_findings(findings)
    return int(any(finding.missing for finding in findings))


def print_findings(findings: list[Finding]) -> None:
    """Print the findings group by group, and what to do at the end."""
    group = ""
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        if finding.group != group:
            group = finding.group
            print(group)
        mark = "  <- missing" if finding.missing else ""
        print(f"  {finding.name:<{width}}  {one_line(finding.value)}{mark}")
    wanted = [f"{finding.name}: {finding.missing}" for finding in findings if finding.missing]
    print("\n".join(one_line(line) for line in wanted) if wanted else "Nothing is missing.")


def examine() -> Iterator[Finding]:
    """Look at everything that Vibench rests on."""
    yield from versions(load=True)
    yield from machine()
    from workspace.settings import load_settings

    try:
        settings = load_settings()
    except VibenchError as error:
        yield Finding("setting", "settings", "invalid", missing=str(error))
        return
    yield from storage(settings)
    yield from setting_values(settings)


def storage(settings: "Settings") -> Iterator[Finding]:
    """The workspace as it is: whether it can be written, the room left, and what it holds; nothing is created."""
    from workspace.workspace import DATABASE

    folder = settings.workspace
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    writable = existing.is_dir() and os.access(existing, os.W_OK)
    state = ("exists" if existing == folder else "not made yet") + (", can be written" if writable else "")
    remedy = None if writable else f"{existing} can't be written: choose another folder with VIBENCH_WORKSPACE"
    yield Finding("workspace", "folder", f"{folder} ({state})", missing=remedy)
    free = shutil.disk_usage(existing).free
    scarce = f"less than {SCARCE_BYTES / 1e9:g} GB is left: make room, or choose another folder with VIBENCH_WORKSPACE"
    yield Finding("workspace", "room left", f"{free / 1e9:.1f} GB", missing=scarce if free < SCARCE_BYTES else None)
    yield bundled()
    if (folder / DATABASE).is_file() or settings.database_url:
        yield held(settings)


def bundled() -> Finding:
    """Whether the networks that come with Vibench are whole."""
    from workspace.seeding import bundled_variants

    try:
        variants = bundled_variants()
        for variant in variants:
            variant.check_weights()
    except VibenchError as error:
        return Finding("workspace", "bundled networks", "damaged", missing=str(error))
    names = ", ".join(variant.full_name for variant in variants)
    remedy = None if variants else "engine/bundled is empty: take Vibench from its source again"
    return Finding("workspace", "bundled networks", names or "none", missing=remedy)


def held(settings: "Settings") -> Finding:
    """What a workspace that is there holds."""
    from workspace.workspace import Workspace

    try:
        with Workspace.open(settings) as workspace:
            variants = [variant.full_name for variant in workspace.variants.list()]
    except VibenchError as error:
        return Finding("workspace", "variants", "can't be read", missing=str(error))
    return Finding("workspace", "variants", ", ".join(variants) or "none yet; the first diagnosis prepares them")


def setting_values(settings: "Settings") -> Iterator[Finding]:
    """Every setting with its value, and whether somebody set it."""
    for told in settings_told(settings):
        yield Finding("setting", told.name, told.value + (" (default)" if told.is_default else ""))
