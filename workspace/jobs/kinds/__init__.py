"""The kinds of jobs: one table.

``optimize``: ``variant`` (full name or digest), ``recipe`` (as `optimization.recipe.Recipe.to_json`),
``calibration`` (ids of recordings; empty: simulated ones), ``windows``, ``resample``, ``name`` (or null).
Result: ``variant`` (full name), ``digest``, ``size_bytes``, ``steps``, ``verification``.

``benchmark``: ``variants`` (full names or digests), ``batches``, ``threads``, ``rounds``, ``baseline`` (or null),
``recording`` (id whose windows are used, or null: simulated ones).
Result: `optimization.benchmark.Benchmark.to_json`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from workspace.jobs.kinds import benchmark, optimize
from workspace.jobs.kinds.base import JobKind

KINDS: Mapping[str, JobKind] = MappingProxyType({"optimize": optimize, "benchmark": benchmark})
