"""A bundle of a real network in float32 and INT8, packed once, and a Python that has nothing but what a target has."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.variant import Variant
from optimization.bundle.contents import contents
from optimization.bundle.target.model import load
from optimization.bundle.target.terms import Terms
from optimization.passes import PASSES, PassContext

BUNDLED = Path(__file__).parents[3] / "engine" / "bundled" / "wdcnn"
#: Imports nothing but the standard library, NumPy, ONNX Runtime and the bundle's own folder.
ONLY = """
import runpy, sys
from importlib.abc import MetaPathFinder

class Only(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {*sys.stdlib_module_names, "numpy", "onnxruntime", "target"}:
            return None
        raise ModuleNotFoundError(f"a target has no {name}", name=name)

sys.meta_path.insert(0, Only())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="session")
def int8():
    """Static INT8 of WDCNN, as it comes with Vibench."""
    return Variant.load(BUNDLED / "int8-static")


@pytest.fixture(scope="session")
def float32(tmp_path_factory):
    """WDCNN as ONNX in float32, from which that INT8 was made."""
    folder = tmp_path_factory.mktemp("exported") / "onnx"
    return PASSES["export_onnx"]().run(Variant.load(BUNDLED / "pytorch"), PassContext(folder))


@pytest.fixture(scope="session")
def files(int8, float32):
    """What a bundle of both holds, by its path in the zip; INT8 is the one that runs."""
    return contents([int8, float32], float32)


@pytest.fixture(scope="session")
def bundle(files, tmp_path_factory):
    """The bundle unpacked; tests that change it take `altered`."""
    return unpack(files, tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def altered(bundle, tmp_path):
    """A copy of the bundle to spoil, and a function that writes its sums anew."""
    folder = tmp_path / "altered"
    shutil.copytree(bundle, folder)

    def sum_again():
        lines = (folder / "SHA256SUMS").read_text().splitlines()
        names = [line.split("  ")[1] for line in lines]
        sums = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
        (folder / "SHA256SUMS").write_text("".join(sums))

    return folder, sum_again


@pytest.fixture(scope="session")
def terms(bundle):
    """What the bundle's networks take."""
    return Terms.load(bundle)


@pytest.fixture(scope="session")
def model(bundle, terms):
    """The bundle's float32 network, as the target loads it."""
    return load(bundle, terms, "onnx")


@pytest.fixture(scope="session")
def golden(bundle):
    """What is expected of the golden recordings."""
    return json.loads((bundle / "golden" / "golden.json").read_text())


@pytest.fixture(scope="session")
def on_target(bundle):
    """Run a program of the bundle where nothing but NumPy and ONNX Runtime can be imported."""

    def call(program, *words, folder=bundle, **options):
        return subprocess.run(
            [sys.executable, "-I", "-c", ONLY, str(folder / program), *map(str, words)],
            capture_output=True,
            timeout=120,
            check=False,
            cwd=os.sep,
            **options,
        )

    return call


def unpack(files, folder):
    """Write files by their paths."""
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder
