"""Measure variants of a network side by side, while no other job runs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import ModelNotFoundError
from engine.variant import Variant
from optimization.benchmark import BenchmarkSettings, benchmark, benchmark_windows, require_measurable, sentence
from workspace.jobs.kinds.base import JobContext
from workspace.kernels import forecaster_for
from workspace.sets import recording_set

if TYPE_CHECKING:
    from workspace.workspace import Workspace

ALONE = True


def check(workspace: "Workspace", parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in full; raises a `VibenchError` if the variants can't be measured side by side."""
    variants = [workspace.variants.find(name) for name in parameters["variants"]]
    settings = settings_of(parameters)
    if settings.baseline is not None:
        settings = settings_of({**parameters, "baseline": workspace.variants.find(settings.baseline).full_name})
    require_measurable(variants, settings)
    recording = parameters.get("recording") or None
    if recording is not None:
        recording_set(workspace, [recording])
    return {
        "variants": [variant.full_name for variant in variants],
        "digests": [variant.digest for variant in variants],
        "batches": list(settings.batches),
        "threads": list(settings.threads),
        "rounds": settings.rounds,
        "baseline": settings.baseline,
        "runtimes": list(settings.runtimes),
        "processes": settings.processes,
        "recording": recording,
    }


def told(workspace: "Workspace", parameters: Mapping[str, Any]) -> tuple[str, str]:  # noqa: ARG001 - as every kind
    """Return title and subject: ``Benchmark``, ``of wdcnn: onnx, int8-static``."""
    network, _, _ = parameters["variants"][0].partition("/")
    names = [name.partition("/")[2] for name in parameters["variants"]]
    return "Benchmark", f"of {network}: {', '.join(names)}"


def run_key(parameters: Mapping[str, Any]) -> None:
    """Return nothing: a measurement that is asked for is made, however often."""


def still_there(workspace: "Workspace", result: Mapping[str, Any]) -> bool:  # noqa: ARG001 - as every kind
    """Whether the result is kept: it is all that there is of a measurement."""
    return True


def run(workspace: "Workspace", parameters: Mapping[str, Any], context: JobContext) -> None:
    """Measure, and keep what was measured."""
    variants = variants_of(workspace, parameters)
    settings = settings_of(parameters)
    recordings = recording_set(workspace, [parameters["recording"]]) if parameters["recording"] else None
    windows, source = benchmark_windows(variants[0].card, max(settings.batches), recordings)
    context.log(f"Measure {len(variants)} variants on {source['count']} windows ({source['source']}).")
    baseline = require_measurable(variants, settings)
    expected = forecaster_for(workspace.folder, baseline, settings.rounds, context.progress)
    measured = benchmark(variants, settings, windows, source, progress=context.progress, forecast=expected)
    for batch in settings.batches:
        for threads in settings.threads:
            context.log(f"Batch {batch}, threads {threads}: {sentence(measured, batch, threads)}")
    for each in measured.left_out:
        context.log(f"Left out: {each.candidate}. {each.reason}")
    context.finish(measured.to_json())


def settings_of(parameters: Mapping[str, Any]) -> BenchmarkSettings:
    """Return what is to be measured, and how long; raises `BenchmarkError` if it can't be."""
    usual = BenchmarkSettings()
    return BenchmarkSettings(
        batches=tuple(parameters.get("batches", usual.batches)),
        threads=tuple(parameters.get("threads", usual.threads)),
        rounds=parameters.get("rounds", usual.rounds),
        baseline=parameters.get("baseline"),
        runtimes=tuple(parameters.get("runtimes", usual.runtimes)),
        processes=parameters.get("processes", usual.processes),
    )


def variants_of(workspace: "Workspace", parameters: Mapping[str, Any]) -> Sequence[Variant]:
    """Return the variants that were asked for; raises `ModelNotFoundError` if one is another by now, or gone."""
    found = []
    for name, digest in zip(parameters["variants"], parameters["digests"], strict=True):
        variant = workspace.variants.find(name)
        if variant.digest != digest:
            raise ModelNotFoundError(f"{name} of digest {digest[:12]}", [variant.full_name])
        found.append(variant)
    return found
