"""The kinds of jobs: one table.

``optimize``: ``variant`` (full name or digest), ``recipe`` (as `optimization.recipe.Recipe.to_json`),
``calibration`` (ids of recordings; empty: simulated ones), ``windows``, ``resample``, ``name`` (or null).
Result: ``variant`` (full name), ``digest``, ``size_bytes``, ``steps``, ``verification``.

``benchmark``: ``variants`` (full names or digests), ``batches``, ``threads``, ``rounds``, ``baseline`` (or null),
``recording`` (id whose windows are used, or null: simulated ones).
Result: `optimization.benchmark.Benchmark.to_json`.

``search``: ``variant`` (full name or digest), ``question`` (as `optimization.searching.question.Question.to_json`; what
is left out is as usual), ``recordings`` (ids; empty: simulated ones), ``resample``.
Result: `optimization.searching.found.Found.to_json`, the variant by the name under which it is kept.

``kernels``: nothing is asked. Result: ``kernels`` (how many were measured), ``machine``.
"""

from collections.abc import Mapping
from types import MappingProxyType

from workspace.jobs.kinds import benchmark, kernels, optimize, search
from workspace.jobs.kinds.base import JobKind

KINDS: Mapping[str, JobKind] = MappingProxyType(
    {"optimize": optimize, "benchmark": benchmark, "search": search, "kernels": kernels}
)
