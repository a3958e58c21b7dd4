"""Variants as the page meets them: made up where the page is pure, of an untrained network where something runs."""

import hashlib
import json
import re
from datetime import UTC, datetime

import pytest
from plotly.utils import PlotlyJSONEncoder

from engine.machine import this_machine
from engine.variant import Variant
from optimization.proving.comparison import RecordingComparison, WindowComparison
from optimization.verification import LIMITS, Verification, runtime_key
from workspace.jobs.job import Job
from workspace.settings import Settings
from workspace.workspace import Workspace

STATIC = {
    "pass": "quantize_static",
    "parameters": {
        "scheme": "U8S8", "activations": "asymmetric", "per_channel": True, "method": "minmax", "keep_fp32": [],
    },
}  # fmt: skip
EXPORT = {"pass": "export_onnx", "parameters": {"opset": 20}}


@pytest.fixture
def make_variant(tmp_path, card):
    """Make up a variant whose weight file has a size and a digest of its own."""

    def make(name, parent=None, *, size=1000, backend="onnx", network=card, digest=None, **described):
        weights = tmp_path / f"{len(list(tmp_path.iterdir()))}.bin"
        weights.write_bytes(bytes(size))
        format_ = "safetensors" if backend == "pytorch" else "onnx"
        digest = digest or hashlib.sha256(f"{network.name}/{name}".encode()).hexdigest()
        above = parent.digest if isinstance(parent, Variant) else parent
        return Variant(name, backend, format_, weights, digest, network, above, **described)

    return make


@pytest.fixture
def proven():
    """Prove a variant beside its parent on forty simulated recordings, none of which flipped unless told."""

    def prove(variant, parent, *, flips=0, verdict="equivalent", **changed):
        proof = {
            "verdict": verdict,
            "reasons": (f"{flips} of 40 verdicts flipped.",),
            "variant": variant,
            "parent": parent,
            "windows": WindowComparison(400, 0.9975, 30.9, 0.94, 0.961),
            "recordings": RecordingComparison(40, flips, 0.072, {"inner": {"outer": flips}} if flips else {}),
            "limits": dict(LIMITS),
            "recording_set": {"source": "simulated", "seed": 1, "recordings": [{"name": "simulated inner"}] * 40},
            "runtime": runtime_key(this_machine()),
        }
        return Verification(**{**proof, **changed}).to_json()

    return prove


@pytest.fixture
def line(make_variant, proven):
    """A network for PyTorch, its ONNX form, and the static INT8 form of that."""
    pytorch = make_variant("pytorch", backend="pytorch", size=2_000_000)
    onnx = make_variant("onnx", pytorch, size=4_000_000, steps=(EXPORT,), producer={"torch": "2.13"})
    int8 = make_variant(
        "int8-static",
        onnx,
        size=1_000_000,
        backend="int8",
        steps=(EXPORT, STATIC),
        calibration={"source": "simulated", "windows": 64, "seed": 0, "recordings": []},
        verification=proven("a", onnx.digest),
    )
    return [pytorch, onnx, int8]


@pytest.fixture
def make_job(line):
    """Make up a job that makes a variant of the ONNX one."""
    onnx = line[1]

    def make(state="running", job_id="abc123", **changed):
        values = {
            "id": job_id,
            "kind": "optimize",
            "title": "Static INT8",
            "subject": f"of {onnx.full_name}",
            "parameters": {
                "variant": onnx.full_name, "digest": onnx.digest, "recipe": [STATIC], "calibration": [], "windows": 64,
                "resample": False, "name": None,
            },
            "state": state,
            "alone": False,
            "cancelling": False,
            "attempt": 1,
            "progress": None,
            "result": None,
            "error": None,
            "queued_at": datetime(2026, 1, 1, tzinfo=UTC),
            "started_at": datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC),
            "ended_at": datetime(2026, 1, 1, 0, 0, 6, tzinfo=UTC),
        }  # fmt: skip
        return Job(**{**values, **changed})

    return make


@pytest.fixture
def workspace(tmp_path, untrained_variants):
    """A workspace with two variants of a network that was never trained."""
    with Workspace.open(Settings(workspace=tmp_path / "workspace", _env_file=None)) as opened:
        for variant in untrained_variants:
            opened.variants.add(variant)
        yield opened


def tree_of(component):
    """A component and every one below it."""
    if isinstance(component, list | tuple):
        return [one for child in component for one in tree_of(child)]
    if component is None or isinstance(component, str):
        return []
    return [component, *tree_of(getattr(component, "children", None))]


@pytest.fixture
def all_of():
    """Every component of a tree."""
    return tree_of


@pytest.fixture
def text_of():
    """All words of a component, in their order."""

    def words(component):
        if isinstance(component, list | tuple):
            return " ".join(filter(None, map(words, component)))
        if component is None:
            return ""
        if isinstance(component, str | int | float):
            return str(component)
        return words(getattr(component, "children", None))

    return lambda component: re.sub(" +", " ", words(component))


@pytest.fixture
def json_of():
    """A component as the browser gets it."""
    return lambda component: json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)
