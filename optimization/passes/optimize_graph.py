"""What ONNX Runtime does to a graph whenever it loads one, done once and kept."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from engine.errors import NoEffect
from engine.machine import instruction_sets
from engine.runtimes.onnx_file import BLOCKED_DOMAIN
from engine.variant import Variant
from optimization.passes.base import Pass, PassContext
from optimization.passes.graph import read_model, serialised, structure_of
from optimization.passes.parameters import parameter
from optimization.passes.rewriting.parity import require_same_answers
from optimization.passes.writing import scratch_beside, write_result

if TYPE_CHECKING:
    import onnx

PACKAGES = ("onnx", "onnxruntime")


@dataclass(frozen=True, slots=True)
class OptimizeGraph(Pass):
    """Fold constants, take out what computes nothing and, if asked to, fuse operators for ONNX Runtime."""

    name: ClassVar[str] = "optimize_graph"
    title: ClassVar[str] = "Graph optimisation"
    summary: ClassVar[str] = (
        "Keeps the graph as ONNX Runtime optimises it at each load, which then takes less time; beyond 'basic' no "
        "other runtime may take it."
    )
    gives: ClassVar[None] = None
    result: ClassVar[str] = "optimized"

    level: Literal["basic", "extended", "all"] = parameter(
        "basic",
        "Level",
        "'basic' stays portable; 'extended' fuses operators for ONNX Runtime; 'all' also lays weights out for this "
        "machine's instruction set.",
    )

    @property
    def portable(self) -> bool:
        """The levels above basic put in operators of ONNX Runtime's own."""
        return self.level == "basic"

    def requires(self, variant: Variant) -> None:
        """The network must be an ONNX graph of ONNX's own operators."""
        self.require_backend(variant, "onnx", "fp16", "int8")

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Optimise the graph, compare it with the one before on windows; see `Pass.run` for what it raises."""
        context.progress("Optimising", 0, 0)
        model = read_model(variant)
        with scratch_beside(context.folder) as scratch:
            optimised = optimised_by_onnxruntime(model, self.level, scratch / "optimised.onnx")
        if structure_of(optimised) == structure_of(model):
            raise NoEffect(
                self.name, f"ONNX Runtime has nothing to change in {variant.full_name} at level {self.level}"
            )
        content = serialised(optimised, variant.card)
        context.progress("Comparing", 0, 0)
        require_same_answers(variant, content, f"optimised at level {self.level}")
        bound_to = self.bound_to(content)
        return write_result(
            self, variant, context.folder, content, packages=PACKAGES, notes=notes_on(bound_to), bound_to=bound_to
        )

    def bound_to(self, content: bytes) -> dict[str, Any]:
        """Return what the result can't do without: a runtime, and instruction sets where weights lie in blocks."""
        if self.portable:
            return {}
        bound = {"runtime": f"ONNX Runtime {version('onnxruntime')}"}
        return bound | {"flags": list(instruction_sets())} if BLOCKED_DOMAIN in content else bound


def optimised_by_onnxruntime(model: "onnx.ModelProto", level: str, path: Path) -> "onnx.ModelProto":
    """Return a graph as ONNX Runtime leaves it at a level of `OptimizeGraph`, which it writes to ``path``."""
    import onnx
    import onnxruntime

    levels = onnxruntime.GraphOptimizationLevel
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(levels, f"ORT_ENABLE_{level.upper()}")
    options.optimized_model_filepath = str(path)
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors only: its warnings speak to developers of the runtime
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return onnx.load(path)


def notes_on(bound_to: dict[str, Any]) -> list[str]:
    """Return in sentences what a result is bound to; nothing for one that is portable."""
    if not bound_to:
        return []
    notes = [
        f"Its graph holds operators of {bound_to['runtime']}: another runtime may refuse it, and no pass can follow."
    ]
    if "flags" in bound_to:
        sets = ", ".join(bound_to["flags"]) or "none that is known here"
        notes.append(f"Its weights are laid out for this machine's instruction sets ({sets}); others refuse it.")
    else:
        notes.append("Nothing in it is laid out for this machine's instruction sets.")
    return notes
