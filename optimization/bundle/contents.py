"""Everything that a bundle holds, put together."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import __version__
from engine.machine import this_machine
from engine.variant import Variant
from optimization.bundle import golden
from optimization.bundle.admission import require_packable, warnings_of
from optimization.bundle.page import page
from optimization.bundle.raw import RawFiles, as_json
from optimization.bundle.readme import readme
from optimization.bundle.terms import labels_of, preprocessing_of
from optimization.bundle.tolerance import logit_tolerance, target_windows, window_tolerance
from optimization.bundle.zipping import with_checksums
from optimization.measuring.measurement import Benchmark
from optimization.progress import Progress, silent
from optimization.verification import runtime_told

SCHEMA = "vibench.bundle/1"
TARGET = Path(__file__).with_name("target")
STARTER = '''"""{what}; see README.txt."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from target.needs import missing  # noqa: E402

told = missing()
if told:
    print("{module}.py: " + told + ".", file=sys.stderr)
    raise SystemExit(2)

from target.{module} import main  # noqa: E402

raise SystemExit(main())
'''
PROGRAMS = {"run": "Diagnose recordings with this bundle", "verify": "Check this bundle on the machine that it is for"}


def contents(
    candidates: Sequence[Variant],
    parent: Variant | None = None,
    measured: Benchmark | None = None,
    *,
    force: bool = False,
    named: bool = False,
    progress: Progress = silent,
) -> dict[str, bytes]:
    """Return the files of a bundle, by their paths in it; the same arguments give the same bytes on one machine.

    Parameters
    ----------
    candidates : sequence of Variant
        In ONNX, of one card; the first is the one that runs unless another is asked for.
    parent : Variant or None
        What their verdicts are held against on the target; ``None`` leaves that out.
    measured : Benchmark or None
        Shown in the report.
    force : bool
        As `require_packable`.
    named : bool
        Whether somebody asked for that parent, so that a proof against another one is told.
    progress : callable
        Told which candidate is asked.

    Raises
    ------
    BundleError
        As `require_packable`.
    ModelError
        If a variant can't be loaded.
    """
    require_packable(candidates, parent, force=force)
    card = candidates[0].card
    raw = RawFiles()
    progress("Preparing golden recordings", 0, 0)
    recordings = golden.golden_recordings(card)
    answers = {}
    for done, variant in enumerate(candidates):
        progress("Asking the candidates", done, len(candidates))
        variant.check_weights()
        answers[variant.name] = golden.logits_of(variant, recordings)
    of_parent = None if parent is None else golden.logits_of(parent, recordings)
    from_target = target_windows(recordings, candidates[0])
    entries = [
        entry_of(
            variant, parent if named else None, logit_tolerance(variant, recordings, answers[variant.name], from_target)
        )
        for variant in candidates
    ]
    told = golden_of(recordings, answers, of_parent, parent, window_tolerance(recordings, from_target), raw, card)
    index = bundle_of(candidates, entries)
    documents: dict[str, Mapping[str, Any]] = {
        "bundle.json": index,
        "card.json": card.to_json(),
        "preprocessing.json": preprocessing_of(card, golden.RATES_HZ, raw),
        "labels.json": labels_of(card),
        "golden/golden.json": told,
        **{f"models/{variant.name}.json": variant.describe() for variant in candidates},
        **{f"reports/{variant.name}-verification.json": variant.verification for variant in candidates},
        **({} if measured is None else {"reports/benchmark.json": measured.to_json()}),
    }
    files = {
        **{name: as_json(document) for name, document in documents.items()},
        **{f"models/{variant.name}.onnx": variant.weights.read_bytes() for variant in candidates},
        **programs(),
        **raw.with_index(),
        "README.txt": readme(index, card).encode(),
    }
    files["report.html"] = page(candidates, index, told, measured, sorted(files)).encode()
    return with_checksums(files)


def programs() -> dict[str, bytes]:
    """Return what runs on the target."""
    files = {f"target/{path.name}": path.read_bytes() for path in sorted(TARGET.glob("*.py"))}
    starters = {f"{name}.py": STARTER.format(what=what, module=name).encode() for name, what in PROGRAMS.items()}
    return files | starters


def bundle_of(candidates: Sequence[Variant], entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the index of the bundle, which programs begin with."""
    machine = this_machine()
    return {
        "schema": SCHEMA,
        "vibench": __version__,
        "network": candidates[0].card.name,
        "title": candidates[0].card.title,
        "candidates": list(entries),
        "golden_made_with": {
            "instruction_sets": " ".join(machine.flags),
            "onnxruntime": machine.versions.get("onnxruntime", "none"),
        },
        "warnings": [warning for entry in entries for warning in entry["warnings"]],
    }


def entry_of(variant: Variant, against: Variant | None, tolerance: Mapping[str, Any]) -> dict[str, Any]:
    """Return a candidate's entry in ``bundle.json``; ``against`` as `warnings_of`."""
    return {
        "name": variant.name,
        "file": f"models/{variant.name}.onnx",
        "digest": variant.digest,
        "backend": variant.backend,
        "size_bytes": variant.size_bytes,
        "proof": proof_of(variant),
        "tolerance": dict(tolerance),
        "warnings": warnings_of(variant, against),
    }


def proof_of(variant: Variant) -> dict[str, Any] | None:
    """Return what a variant's proof says in few words, ``None`` without one."""
    if not variant.verification:
        return None
    made_with = runtime_told(variant.verification["runtime"])
    recordings = variant.verification["recordings"]
    return {
        "verdict": variant.verification["verdict"],
        "parent": variant.verification["parent"],
        "instruction_sets": made_with["instruction_sets"],
        "runtime": made_with["name"],
        "version": made_with["version"],
        "flips": recordings["flips"],
        "recordings": recordings["count"],
        "flips_upper_bound": recordings["flips_upper_bound"],
    }


def golden_of(
    recordings: Sequence[golden.GoldenRecording],
    answers: Mapping[str, Sequence[NDArray[np.float32]]],
    of_parent: Sequence[NDArray[np.float32]] | None,
    parent: Variant | None,
    tolerance: float,
    raw: RawFiles,
    card: Any,
) -> dict[str, Any]:
    """Return what is expected of the golden recordings; their arrays become raw files."""
    described = []
    for number, recording in enumerate(recordings):
        logits = {name: each[number] for name, each in answers.items()}
        held_against = None if of_parent is None else of_parent[number]
        described.append(golden.described(recording, logits, held_against, card, raw))
    return {
        "schema": "vibench.golden/1",
        "source": "simulated (engine/simulation/rolling.py), seeded; answers of Vibench's own engine",
        "parent": None if parent is None else {"name": parent.full_name, "digest": parent.digest},
        "window_tolerance": tolerance,
        "recordings": [entry for entry in described if "blocks" not in entry],
        "streams": [entry for entry in described if "blocks" in entry],
    }
