"""Why a variant is slow: one table of causes, each found in the profile of the graph that runs.

A variant's steps are not asked, because a stranger's has none; only the mend takes over what they say.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from optimization.forecasting.forewarnings import INTEGER_ARITHMETIC
from optimization.forecasting.precision import (
    BOUNDARIES,
    CONVOLUTIONS,
    PRODUCTS,
    RECURRENT,
    signed_activations,
    unsigned_weights,
)
from optimization.forecasting.profile import Profile, Tensor
from optimization.measuring.intervals import Interval

#: A cause that explains less of a variant's time is left out.
SMALLEST_SHARE = 0.05
#: A node that takes less computes so little that being a node is most of it.
TINY_S = 2e-6
#: What dynamic quantisation puts round an integer convolution.
ROUND_INTEGER = ("DynamicQuantizeLinear", "Cast", "Mul")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What causes are found in.

    Attributes
    ----------
    mine, parent : Profile
        Of the variant, and of what it is compared with.
    flags : frozenset of str
        Instruction sets of the machine.
    stored : frozenset of str
        Types of the numbers in the variant's weight file, as ONNX names them: ``FLOAT16``.
    slower : bool
        Whether the variant is slower than its parent, beyond the noise.
    float2d : Interval or None
        The variant's latency over that of its float form with convolutions in two dimensions; ``None`` where it has
        no convolutions, or is that form.
    float2d_faster : bool
        Whether that form is faster than the variant, beyond the noise.
    float2d_name : str
        What that form is called.
    """

    mine: Profile
    parent: Profile
    flags: frozenset[str]
    stored: frozenset[str] = frozenset()
    slower: bool = False
    float2d: Interval | None = None
    float2d_faster: bool = False
    float2d_name: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause that was found.

    Attributes
    ----------
    code : str
        Of `CAUSES`.
    share : float
        Of the variant's time that it explains.
    message : str
        One sentence, with the profile's numbers.
    passes : tuple of (str, mapping)
        What mends it, run on the variant's float form: names of passes with their parameters; empty where the float
        form itself is the answer.
    """

    code: str
    share: float
    message: str
    passes: "Passes"


#: Passes with those of their parameters that matter.
Passes = tuple[tuple[str, Mapping[str, str]], ...]
STATIC: Passes = (("quantize_static", MappingProxyType({})),)
DYNAMIC: Passes = (("quantize_dynamic", MappingProxyType({})),)
LAYOUT: Passes = (("conv_layout", MappingProxyType({})),)


def told(seconds: float) -> str:
    """Return a time for people."""
    return f"{1e3 * seconds:.2f} ms" if seconds >= 1e-3 else f"{1e6 * seconds:.0f} µs"


def percent(share: float) -> str:
    """Return a share for people."""
    return f"{100 * share:.0f} %"


def nodes_told(count: int) -> str:
    """Return a number of nodes for people."""
    return f"{count} node{'' if count == 1 else 's'}"


def mend_for(profile: Profile) -> Passes:
    """Return the integer form that suits a network: static for convolutions, dynamic where other layers weigh more."""
    convolutions = profile.time(*CONVOLUTIONS, "QLinearConv", "ConvInteger")
    return STATIC if convolutions > profile.time(*PRODUCTS, *RECURRENT) else DYNAMIC


def dynamic_convolution(seen: Evidence) -> Finding | None:
    """Convolutions whose input is measured anew in every call."""
    mine, parent = seen.mine, seen.parent
    if not mine.count("ConvInteger"):
        return None
    round_it = mine.time(*ROUND_INTEGER) - parent.time(*ROUND_INTEGER)
    float_s = parent.time(*CONVOLUTIONS)
    compared = f", where {parent.variant} needs {told(float_s)} for its convolutions" if float_s else ""
    return Finding(
        "dynamic-convolution",
        mine.share("ConvInteger", *ROUND_INTEGER),
        f"{percent(mine.share('ConvInteger'))} of its time goes to ConvInteger "
        f"({nodes_told(mine.count('ConvInteger'))}, {told(mine.time('ConvInteger'))}{compared}) and "
        f"{told(max(0.0, round_it))} more to what measures and scales round it: convolutions quantised dynamically "
        "have no fast kernel",
        STATIC,
    )


def signed_integers(seen: Evidence) -> Finding | None:
    """Signed activations, with which convolutions stay in float32 between casts, or fall into a slow kernel."""
    mine = seen.mine
    left = mine.count(*CONVOLUTIONS, "Add")
    casts = mine.count("QuantizeLinear", "DequantizeLinear")
    slow = any(node.operator == "QLinearConv" and first_type(node.inputs) == "int8" for node in mine.nodes)
    if not signed_activations(mine.nodes) or not (slow or (mine.count("QLinearConv") and mine.count(*CONVOLUTIONS))):
        return None
    return Finding(
        "signed-activations",
        mine.share(*CONVOLUTIONS, "QuantizeLinear", "DequantizeLinear"),
        f"its activations are signed (S8S8), so {mine.count(*CONVOLUTIONS)} of "
        f"{mine.count(*CONVOLUTIONS, 'QLinearConv')} convolutions stay in float32 ({told(mine.time(*CONVOLUTIONS))}) "
        f"between {casts} casts ({told(mine.time('QuantizeLinear', 'DequantizeLinear'))}); {left} nodes compute in "
        "float32 that would be integers with U8S8",
        (("quantize_static", MappingProxyType({"scheme": "U8S8"})),),
    )


def unsigned_integers(seen: Evidence) -> Finding | None:
    """Unsigned weights, whose kernel is slow."""
    mine = seen.mine
    if not unsigned_weights(mine.nodes):
        return None
    integer = ("QLinearConv", "QLinearMatMul", "QGemm")
    return Finding(
        "unsigned-weights",
        mine.share(*integer),
        "its weights are unsigned (U8U8), whose kernels are slower than those of U8S8; "
        f"{percent(mine.share(*integer))} of its time, {told(mine.time(*integer))}, goes to them",
        (("quantize_static", MappingProxyType({"scheme": "U8S8"})),),
    )


def symmetric_activations(seen: Evidence) -> Finding | None:
    """Symmetric activations, which keep each ReLU between casts."""
    mine = seen.mine
    relus, casts = mine.count("Relu"), mine.count("QuantizeLinear", "DequantizeLinear")
    if not mine.count("QLinearConv") or relus < 2 or casts < 2 * relus or mine.count(*CONVOLUTIONS):
        return None
    spent = ("Relu", "QuantizeLinear", "DequantizeLinear")
    return Finding(
        "symmetric-activations",
        mine.share(*spent),
        f"{relus} ReLUs stay nodes of their own, and with the {casts} casts round them take {told(mine.time(*spent))} "
        f"({percent(mine.share(*spent))}): its activation ranges are symmetric, which keeps the runtime from absorbing "
        "them",
        (("quantize_static", MappingProxyType({"activations": "asymmetric"})),),
    )


def static_transformer(seen: Evidence) -> Finding | None:
    """A transformer quantised throughout, with casts at each softmax, normalisation and activation."""
    mine = seen.mine
    if not mine.count("QLinearMatMul") or not mine.count(*BOUNDARIES):
        return None
    spent = ("QuantizeLinear", "DequantizeLinear", "QLinearSoftmax", "QLinearAdd", "QLinearMul")
    return Finding(
        "static-transformer",
        mine.share(*spent),
        f"{mine.count('QuantizeLinear', 'DequantizeLinear')} casts stand round {mine.count(*BOUNDARIES)} softmax, "
        f"normalisation and activation nodes; with the sums, factors and softmaxes in integers they take "
        f"{told(mine.time(*spent))} ({percent(mine.share(*spent))}), more than integer products alone would need: "
        "static quantisation of a whole transformer",
        DYNAMIC,
    )


def half_precision(seen: Evidence) -> Finding | None:
    """Weights in half precision on a processor that computes in float32."""
    mine, parent = seen.mine, seen.parent
    computing = [node for node in mine.nodes if node.operator in (*CONVOLUTIONS, *PRODUCTS, *RECURRENT)]
    if "FLOAT16" not in seen.stored or any("float16" in types(node.outputs) for node in computing):
        return None
    spent, before = (each.time(*CONVOLUTIONS, *PRODUCTS, *RECURRENT) for each in (mine, parent))
    casts = mine.count("Cast") - parent.count("Cast")
    more = [f"{casts} cast{'' if casts == 1 else 's'} more ({told(mine.time('Cast'))})"] if casts > 0 else []
    unfused = {node.operator for node in mine.nodes} - {node.operator for node in parent.nodes} - {"Cast"}
    if unfused:
        kinds = f"{nodes_told(mine.count(*unfused))} of operators that {parent.variant} has none of"
        more.append(f"{kinds} ({told(mine.time(*unfused))})")
    return Finding(
        "half-precision",
        mine.share(*CONVOLUTIONS, *PRODUCTS, *RECURRENT, "Cast", *unfused),
        f"its weights are stored in half precision and computed with in float32, because the runtime has no other "
        f"kernels for this processor: {', '.join(more) or 'no fewer nodes'}, and its layers take "
        f"{told(spent)}, where {parent.variant} takes {told(before)}",
        mend_for(mine),
    )


def no_integer_arithmetic(seen: Evidence) -> Finding | None:
    """Integers on a processor without instructions for them."""
    mine = seen.mine
    integer = ("QLinearConv", "QLinearMatMul", "QGemm")
    if not mine.count(*integer) or seen.flags & INTEGER_ARITHMETIC:
        return None
    return Finding(
        "no-vnni",
        mine.share(*integer),
        "this processor multiplies 8-bit integers in several steps (it has no VNNI), and "
        f"{percent(mine.share(*integer))} of the time, {told(mine.time(*integer))}, goes to that",
        LAYOUT if mine.count("QLinearConv") else (),
    )


def float_recurrence(seen: Evidence) -> Finding | None:
    """An LSTM in float32 in a variant that is otherwise of integers."""
    mine = seen.mine
    if not mine.count(*RECURRENT) or not mine.count("QLinearConv", "QGemm", "ConvInteger", "DynamicQuantizeMatMul"):
        return None
    mends: Passes = ()
    if mine.count("LSTM"):
        static = (("quantize_static", MappingProxyType({"recurrent": "dynamic"})),)
        mends = static if mine.count("QLinearConv") else DYNAMIC
    return Finding(
        "float-recurrence",
        mine.share(*RECURRENT),
        f"{percent(mine.share(*RECURRENT))} of its time, {told(mine.time(*RECURRENT))}, goes to "
        f"{nodes_told(mine.count(*RECURRENT))} of {named(mine, RECURRENT)} in float32, which it leaves as they were",
        mends,
    )


def unfused_casts(seen: Evidence) -> Finding | None:
    """Operators in float32 between casts, where nothing was fused."""
    mine = seen.mine
    casts = mine.count("QuantizeLinear", "DequantizeLinear")
    if casts < 4 or mine.count("QLinearConv", "QLinearMatMul", "ConvInteger"):
        return None
    computing = mine.count(*CONVOLUTIONS, *PRODUCTS)
    if not computing:
        return None
    return Finding(
        "unfused-casts",
        mine.share("QuantizeLinear", "DequantizeLinear"),
        f"{casts} casts ({told(mine.time('QuantizeLinear', 'DequantizeLinear'))}) stand round {computing} layers in "
        "float32: the runtime fused none of them to integers",
        mend_for(mine),
    )


def float_as_conv2d(seen: Evidence) -> Finding | None:
    """A float form with convolutions in two dimensions that is faster, and exact."""
    ratio = seen.float2d
    convolving = seen.mine.share(*CONVOLUTIONS, "QLinearConv", "ConvInteger")
    if ratio is None or not seen.float2d_faster or convolving < SMALLEST_SHARE:
        return None
    return Finding(
        "float-conv2d",
        1 - 1 / ratio.median,
        f"{seen.float2d_name}, in float32 with its convolutions in two dimensions, is {ratio.median:.2f} times faster "
        f"[{ratio.low:.2f}, {ratio.high:.2f}] and answers exactly: ONNX Runtime computes those in blocks of channels",
        LAYOUT,
    )


def tiny_nodes(seen: Evidence) -> Finding | None:
    """More nodes, each of which does next to nothing."""
    mine, parent = seen.mine, seen.parent
    tiny = [node for node in mine.nodes if node.seconds < TINY_S]
    more = len(mine.nodes) - len(parent.nodes)
    spent = sum(node.seconds for node in tiny)
    total = sum(node.seconds for node in mine.nodes)
    if more < 3 or spent < total / 3 or not (seen.slower or seen.float2d_faster):
        return None
    return Finding(
        "tiny-nodes",
        spent / total,
        f"it has {more} nodes more than {parent.variant}, and {len(tiny)} of its {len(mine.nodes)} take less than "
        f"{told(TINY_S)} each, {told(spent)} together: the network is so small that what a node costs outweighs what "
        "it computes",
        LAYOUT if mine.count(*CONVOLUTIONS, "QLinearConv", "ConvInteger") else (),
    )


def named(profile: Profile, operators: Sequence[str] | frozenset[str]) -> str:
    """Return which of the operators there are."""
    return ", ".join(sorted({node.operator for node in profile.nodes if node.operator in operators}))


def first_type(tensors: Sequence[Tensor]) -> str:
    """Return the type of the first tensor."""
    return tensors[0].type if tensors else ""


def types(*sides: Sequence[Tensor]) -> set[str]:
    """Return the types of all tensors."""
    return {each.type for side in sides for each in side}


#: Every cause by its code, in the order in which equally large ones are told.
CAUSES: Mapping[str, Callable[[Evidence], Finding | None]] = MappingProxyType(
    {
        "dynamic-convolution": dynamic_convolution,
        "signed-activations": signed_integers,
        "unsigned-weights": unsigned_integers,
        "symmetric-activations": symmetric_activations,
        "static-transformer": static_transformer,
        "half-precision": half_precision,
        "no-vnni": no_integer_arithmetic,
        "float-recurrence": float_recurrence,
        "unfused-casts": unfused_casts,
        "float-conv2d": float_as_conv2d,
        "tiny-nodes": tiny_nodes,
    }
)
#: Causes that hold for any variant of integers; others, where they are found, say more.
GENERAL = frozenset({"float-conv2d", "tiny-nodes", "no-vnni"})


def find_causes(seen: Evidence) -> tuple[Finding, ...]:
    """Return the causes found: those of the variant's own graph before those that hold of any, larger ones first."""
    found = [finding for look in CAUSES.values() if (finding := look(seen)) and finding.share >= SMALLEST_SHARE]
    return tuple(sorted(found, key=lambda finding: (finding.code in GENERAL, -finding.share)))
