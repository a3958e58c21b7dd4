"""What is known to go wrong with a recipe on this machine, said before anything runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.machine import Machine
from engine.variant import Variant
from optimization.passes import Pass
from optimization.passes.changes import graph_of, operators

#: Instruction sets that multiply 8-bit integers and add the products up in 32 bits, in one step.
INTEGER_ARITHMETIC = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"})
#: Those that compute with half precision and that ONNX Runtime has kernels for.
HALF_ARITHMETIC = frozenset({"asimdhp"})
#: Layers of PyTorch by the operator that they become.
LAYERS: Mapping[str, str] = {
    "Conv1d": "Conv",
    "LSTM": "LSTM",
    "GRU": "GRU",
    "LayerNorm": "LayerNormalization",
    "Linear": "Gemm",
}


@dataclass(frozen=True, slots=True)
class Forewarning:
    """A reason to think twice: a code for programs, a sentence for people."""

    code: str
    message: str


def forewarnings(variant: Variant, passes: Sequence[Pass], machine: Machine) -> tuple[Forewarning, ...]:
    """Return what is known to go wrong if these passes are run on a variant, for use on a machine.

    Parameters
    ----------
    variant : Variant
        What they start from; only which operators it has is looked at.
    passes : sequence of Pass
        In their order.
    machine : Machine
        Where the result will run.
    """
    has = operators_in(variant)
    found: dict[str, Forewarning] = {}
    for step in passes:
        for warning in of_pass(step.name, step.step()["parameters"], has, frozenset(machine.flags)):
            found.setdefault(warning.code, warning)
    return tuple(found.values())


def operators_in(variant: Variant) -> frozenset[str]:
    """Return the operators of a variant's graph; of a network in PyTorch's form, those that its layers become."""
    if variant.format == "onnx":
        return frozenset(operators(graph_of(variant.weights)))
    from engine.networks import NETWORKS, build

    if variant.card.name not in NETWORKS:
        return frozenset()
    network = build(variant.card.name, len(variant.card.classes), variant.card.channels)
    return frozenset(LAYERS.get(type(layer).__name__, "") for layer in network.modules()) - {""}


def of_pass(
    name: str, parameters: Mapping[str, Any], has: frozenset[str], flags: frozenset[str]
) -> Iterator[Forewarning]:
    """Yield what is known to go wrong with one pass."""
    if name == "convert_fp16" and not flags & HALF_ARITHMETIC:
        yield Forewarning(
            "half-precision",
            "FP16 halves the file and nothing else: ONNX Runtime has no half-precision kernels for this processor, and "
            "computes in float32 between casts, which is never faster",
        )
    if name == "quantize_dynamic" and parameters.get("operators") == "all" and "Conv" in has:
        yield Forewarning(
            "dynamic-convolution",
            "Convolutions quantised dynamically become ConvInteger, whose input is measured anew in every call: slower "
            "than float32 on most processors, and than quantize_static, the pass for them, on all",
        )
    if name == "qat":
        parameters = {"scheme": "U8S8", **parameters}
    if name in {"quantize_static", "qat"}:
        yield from of_static(parameters, has, flags)


def of_static(parameters: Mapping[str, Any], has: frozenset[str], flags: frozenset[str]) -> Iterator[Forewarning]:
    """Yield what is known to go wrong with static quantisation."""
    scheme = parameters.get("scheme")
    if scheme == "U8S8" and not flags & INTEGER_ARITHMETIC:
        yield Forewarning(
            "no-vnni",
            "This processor has no VNNI: products of U8S8 may saturate in 16 bits, which costs accuracy, and take "
            "longer; look at the proof, and measure before you ship",
        )
    if scheme == "S8S8":
        yield Forewarning(
            "signed-activations",
            "With S8S8 ONNX Runtime leaves convolutions before a residual addition in float32, between casts; U8S8 "
            "turns all of them into integers",
        )
    if scheme == "U8U8":
        yield Forewarning(
            "unsigned-weights",
            "ONNX Runtime's kernels for U8U8 are two to four times slower on x86 than those for U8S8",
        )
    if parameters.get("activations") == "symmetric":
        yield Forewarning(
            "symmetric-activations",
            "Symmetric activations keep every ReLU as a node of its own between casts; asymmetric ones absorb it",
        )
    if "LayerNormalization" in has and parameters.get("operators", "all") == "all":
        yield Forewarning(
            "static-transformer",
            "A transformer quantised statically throughout casts around each Softmax, Gelu and LayerNormalization; "
            "quantize_dynamic, which turns its matrix products alone into integers, is faster",
        )
    if has & {"LSTM", "GRU"} and parameters.get("recurrent", "float32") == "float32":
        layer = "LSTM" if "LSTM" in has else "GRU"
        yield Forewarning("float-recurrence", f"Static quantisation leaves {layer} in float32, weights and all")
    if "GRU" in has:
        yield Forewarning("no-integer-gru", "ONNX Runtime has no integer form of GRU: it stays in float32")
    if (method := parameters.get("method")) in {"entropy", "percentile"}:
        yield Forewarning(
            "clipped-impulses",
            f"Range method {method} leaves out rare values, which in vibration may be the impulses of a fault; minmax "
            "keeps them",
        )
