"""Measure the kernels of this machine once, while no other job runs, so that latencies can be foretold."""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optimization.forecasting.kernels import fingerprint
from workspace.jobs.kinds.base import JobContext
from workspace.kernels import kept_kernels, kernels_here

if TYPE_CHECKING:
    from workspace.workspace import Workspace

ALONE = True


def check(workspace: "Workspace", parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - as every kind
    """Return what the table is of: the machine and its runtime; nothing can be asked."""
    text = json.dumps(fingerprint(), sort_keys=True)
    return {"machine": hashlib.sha256(text.encode()).hexdigest()}


def told(workspace: "Workspace", parameters: Mapping[str, Any]) -> tuple[str, str]:  # noqa: ARG001 - as every kind
    """Return title and subject."""
    return "Measure the kernels", "of this machine"


def run_key(parameters: Mapping[str, Any]) -> str:
    """Return what the table depends on."""
    return str(parameters["machine"])


def still_there(workspace: "Workspace", result: Mapping[str, Any]) -> bool:  # noqa: ARG001 - as every kind
    """Whether the table is kept."""
    return kept_kernels(workspace.folder) is not None


def run(workspace: "Workspace", parameters: Mapping[str, Any], context: JobContext) -> None:  # noqa: ARG001
    """Measure the table, unless it is there."""
    table = kernels_here(workspace.folder, context.progress)
    context.log(f"{len(table.kernels)} kernels on one thread of {table.machine.get('cpu', 'this processor')}.")
    context.finish({"kernels": len(table.kernels), "machine": dict(table.machine)})
