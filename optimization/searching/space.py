"""Where a search looks: one table of dimensions, from which a recipe and a runtime are put together.

Left out is what can't win. ONNX Runtime does at load whatever `optimize_graph` saves, so that its files take as long;
`fuse` folds what `export_onnx` folds too; `qat` ends in the operators of static quantisation, and so at its speed: it
is for a network whose verdicts the latter does not keep.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from optimization.calibration import WINDOWS
from optimization.passes.parameters import pass_from_json
from optimization.recipe import Recipe

#: One value of each dimension that is asked, by the dimension's name.
Choices = Mapping[str, str]
#: Passes in the order in which they run, each with the parameters that are not as usual.
Chain = Mapping[str, Mapping[str, Any]]

#: Two dimensions that are no parameters of a pass: what executes the variant, and how much it is calibrated on.
RUNTIME = "runtime"
WINDOWS_ASKED = "windows"

CONVOLUTIONS = frozenset({"Conv"})
DENSE = frozenset({"Gemm", "MatMul"})
RECURRENT = frozenset({"GRU", "LSTM"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides which dimensions there are.

    Attributes
    ----------
    operators : frozenset of str
        Of the network's graph in float32.
    runtimes : tuple of str
        That may execute it, the usual one first.
    prunes : bool
        Whether there are labelled recordings to learn from, and weights that can be pruned.
    small : bool
        Whether a small file is asked for, so that half precision, which is no faster, is worth a look.
    """

    operators: frozenset[str]
    runtimes: tuple[str, ...]
    prunes: bool = False
    small: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a dimension.

    Attributes
    ----------
    value : str
        As the sampler and reports call it.
    adds : mapping
        What it puts into the chain. ``keep_fp32`` is a number here: so many of the layers that lose most.
    word : str
        What it adds to the name of what is made, where the passes do not say it.
    fits : callable
        Whether it is worth a look for a network.
    """

    value: str
    adds: Chain = field(default_factory=dict)
    word: str = ""
    fits: Callable[[Facts], bool] = lambda facts: True  # noqa: ARG005


@dataclass(frozen=True, slots=True)
class Dimension:
    """One thing that can be chosen.

    Attributes
    ----------
    name : str
        As the sampler and reports call it.
    options : tuple of Option
        The first is the usual one.
    of : str or None
        Pass without which nobody is asked.
    speed : bool
        Whether it may change the latency; otherwise it changes numbers alone, not what is computed with them.
    fits : callable
        Whether it means anything for a network.
    """

    name: str
    options: tuple[Option, ...]
    of: str | None = None
    speed: bool = True
    fits: Callable[[Facts], bool] = lambda facts: True  # noqa: ARG005


def static(parameter: str, *values: tuple[str, Any, str]) -> tuple[Option, ...]:
    """Return options that set a parameter of static quantisation: value, what it sets, word; the first is usual."""
    return tuple(
        Option(value, {"quantize_static": {parameter: sets}} if number else {}, word)
        for number, (value, sets, word) in enumerate(values)
    )


def pruned(sparsity: float) -> Option:
    """Return the option of pruning a share of the channels."""
    word = f"{round(100 * sparsity)}"
    return Option(word, {"prune": {"sparsity": sparsity}, "export_onnx": {}}, word)


#: Whatever comes later may ask for what came before. Each combination is another recipe, or another runtime.
DIMENSIONS = (
    Dimension("pruning", (Option("0"), pruned(0.3), pruned(0.5), pruned(0.7)), fits=lambda facts: facts.prunes),
    Dimension(
        "layout",
        (Option("conv1d"), Option("conv2d", {"conv_layout": {}})),
        fits=lambda facts: bool(facts.operators & CONVOLUTIONS),
    ),
    Dimension(
        "precision",
        (
            Option("float32"),
            Option("static", {"quantize_static": {}}),
            Option("dynamic", {"quantize_dynamic": {}}),
            Option("fp16", {"convert_fp16": {}}, fits=lambda facts: facts.small),
        ),
    ),
    Dimension(
        "scheme",
        static("scheme", ("U8S8", None, ""), ("S8S8", "S8S8", "s8s8"), ("U8U8", "U8U8", "u8u8")),
        of="quantize_static",
    ),
    Dimension(
        "activations",
        static("activations", ("asymmetric", None, ""), ("symmetric", "symmetric", "symmetric")),
        of="quantize_static",
    ),
    Dimension(
        "per_channel",
        static("per_channel", ("channel", None, ""), ("tensor", False, "per-tensor")),
        of="quantize_static",
    ),
    Dimension(
        "method",
        static("method", ("minmax", None, ""), ("entropy", "entropy", "entropy"), ("percentile",) * 3),
        of="quantize_static",
        speed=False,
    ),
    Dimension(
        WINDOWS_ASKED,
        (Option(str(WINDOWS)), Option("16", word="16-windows"), Option("256", word="256-windows")),
        of="quantize_static",
        speed=False,
    ),
    Dimension(
        "keep_fp32",
        static("keep_fp32", ("0", None, ""), ("1", 1, "keep-1"), ("2", 2, "keep-2"), ("4", 4, "keep-4")),
        of="quantize_static",
    ),
    Dimension(
        "operators",
        static("operators", ("all", None, ""), ("dense", "dense", "dense")),
        of="quantize_static",
        fits=lambda facts: bool(facts.operators & DENSE),
    ),
    Dimension(
        "recurrent",
        static("recurrent", ("dynamic", None, ""), ("float32", "float32", "recurrent-float32")),
        of="quantize_static",
        fits=lambda facts: bool(facts.operators & RECURRENT),
    ),
    Dimension(
        "dynamic_operators",
        (
            Option("dense-and-recurrent"),
            Option("all", {"quantize_dynamic": {"operators": "all"}}, "all"),
        ),
        of="quantize_dynamic",
        fits=lambda facts: bool(facts.operators & CONVOLUTIONS),
    ),
    Dimension(
        "dynamic_per_channel",
        (Option("tensor"), Option("channel", {"quantize_dynamic": {"per_channel": True}}, "per-channel")),
        of="quantize_dynamic",
    ),
)

#: What is measured first, so that the first minute has the likely winner: what is left out is as usual.
STARTS: Sequence[Choices] = (
    {},
    {"layout": "conv2d"},
    {"precision": "static"},
    {"precision": "dynamic"},
    {"precision": "static", "layout": "conv2d"},
    {"precision": "static", "per_channel": "tensor"},
    {"precision": "static", "operators": "dense"},
    {"precision": "fp16"},
    {"pruning": "50", "precision": "static"},
    {"pruning": "50", "layout": "conv2d"},
)


@dataclass(frozen=True, slots=True)
class Space:
    """All that may be chosen for one network.

    Attributes
    ----------
    dimensions : tuple of Dimension
        In the order in which they are asked; the last is the runtime.
    """

    dimensions: tuple[Dimension, ...]

    @classmethod
    def of(cls, facts: Facts) -> "Space":
        """Return the space of a network."""
        fitting = [each for each in DIMENSIONS if each.fits(facts)]
        asked = [replace(each, options=tuple(one for one in each.options if one.fits(facts))) for each in fitting]
        return cls((*asked, Dimension(RUNTIME, tuple(Option(name) for name in facts.runtimes))))

    def walk(self, pick: Callable[[Dimension], str]) -> Choices:
        """Ask for a value of each dimension that means something after what was chosen before."""
        chosen: dict[str, str] = {}
        passes: set[str] = set()
        for dimension in self.dimensions:
            if dimension.of is None or dimension.of in passes:
                chosen[dimension.name] = pick(dimension)
                passes |= set(self.option(dimension, chosen[dimension.name]).adds)
        return chosen

    def complete(self, partly: Choices) -> Choices:
        """Return choices whose missing values are the usual ones; what means nothing there is left out."""

        def pick(dimension: Dimension) -> str:
            known = {option.value for option in dimension.options}
            wanted = partly.get(dimension.name)
            return wanted if wanted in known else dimension.options[0].value

        return self.walk(pick)

    def adopted(self, choices: Choices) -> Choices | None:
        """Return choices of an earlier search as this one would make them, ``None`` for those that it does not offer.

        A search that goes on with more time, or less, may offer a dimension more, or less.
        """
        usual = {each.name: {each.options[0].value} for each in DIMENSIONS}
        offered = {each.name: {option.value for option in each.options} for each in self.dimensions}
        known = all(value in (usual | offered).get(name, ()) for name, value in choices.items())
        return self.complete(choices) if known else None

    def starts(self) -> list[Choices]:
        """Return what is measured first, on every runtime, each once; the first is the network as it was given."""
        runtimes = [option.value for option in self.dimensions[-1].options]
        every = [self.complete({**start, RUNTIME: runtime}) for start in STARTS for runtime in runtimes]
        return [choices for number, choices in enumerate(every) if choices not in every[:number]]

    def neighbours(self, choices: Choices) -> list[Choices]:
        """Return all choices that differ in one value, those first that may differ in speed."""
        return [
            self.complete({**choices, dimension.name: option.value})
            for dimension in sorted(self.dimensions, key=lambda dimension: not dimension.speed)
            if dimension.name in choices
            for option in dimension.options
            if option.value != choices[dimension.name]
        ]

    def every(self) -> Iterator[Choices]:
        """Yield all choices there are, each once."""
        yield from self._from({}, 0, frozenset())

    def _from(self, chosen: Choices, number: int, passes: frozenset[str]) -> Iterator[Choices]:
        if number == len(self.dimensions):
            yield chosen
            return
        dimension = self.dimensions[number]
        if dimension.of is not None and dimension.of not in passes:
            yield from self._from(chosen, number + 1, passes)
            return
        for option in dimension.options:
            yield from self._from({**chosen, dimension.name: option.value}, number + 1, passes | set(option.adds))

    def chain(self, choices: Choices) -> Chain:
        """Return the passes that choices ask for."""
        passes: dict[str, dict[str, Any]] = {}
        for dimension, option in self._chosen(choices):
            if dimension.of is None or dimension.of in passes:
                for name, parameters in option.adds.items():
                    passes.setdefault(name, {}).update(parameters)
        return passes

    def twin_key(self, choices: Choices) -> tuple[tuple[str, str], ...]:
        """Return what choices share whose variants compute the same operations, with other numbers in them."""
        numbers_alone = {each.name for each in self.dimensions if not each.speed}
        return tuple(sorted((name, value) for name, value in choices.items() if name not in numbers_alone))

    def words(self, choices: Choices) -> list[str]:
        """Return what tells a recipe from others of the same passes: ``["s8s8", "per-tensor"]``."""
        return [option.word for _, option in self._chosen(choices) if option.word]

    def _chosen(self, choices: Choices) -> Iterator[tuple[Dimension, Option]]:
        for dimension in self.dimensions:
            if dimension.name in choices:
                yield dimension, self.option(dimension, choices[dimension.name])

    @staticmethod
    def option(dimension: Dimension, value: str) -> Option:
        """Return the option of a value; raises `KeyError` if there is none."""
        return {option.value: option for option in dimension.options}[value]


def recipe_of(chain: Chain, keep: Callable[[Chain, int], tuple[str, ...]]) -> Recipe | None:
    """Return the recipe of a chain, ``None`` for the network as it was given.

    Parameters
    ----------
    chain : mapping
        `Space.chain`.
    keep : callable
        Given the passes before static quantisation and a number, returns the names of so many layers to keep in
        float32.
    """
    if not chain:
        return None
    passes = []
    before: dict[str, Mapping[str, Any]] = {}
    for name, parameters in chain.items():
        asked = dict(parameters)
        if isinstance(asked.get("keep_fp32"), int):
            asked["keep_fp32"] = list(keep(before, asked["keep_fp32"]))
        passes.append(pass_from_json(name, asked))
        before[name] = asked
    return Recipe(tuple(passes))
