"""What Vibench adds to a bare ONNX Runtime: ``python benchmarks/engine_overhead.py [--json]``.

One thread, WDCNN, everything interleaved. The bare side is ONNX Runtime with its own defaults but for the thread.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from bars import Bar, print_bars, ratio_bar
from numpy.typing import NDArray

from engine.description import Description, make_signal
from engine.diagnosis import diagnose
from engine.preparation import prepare
from engine.readers.contents import ReadOptions
from engine.readers.limits import Limits
from engine.readers.sandbox import read_contents
from engine.runtimes import load
from engine.runtimes.onnxruntime import OnnxSession
from engine.simulation.rolling import RollingBearing, save, simulate
from engine.variant import Variant
from vibench.diagnose import read_recording
from workspace.settings import load_settings
from workspace.workspace import Workspace

LONG_S = 60.0
FILE_S = 10.0
SAID = Description(rig="simulated")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print_bars(measure(Path(folder)), as_json=arguments.json)


def measure(folder: Path) -> list[Bar]:
    """Return the three bars."""
    session = load(onnx_variant(folder / "workspace"))
    assert isinstance(session, OnnxSession)
    card = session.variant.card
    long = RollingBearing(condition="inner", sampling_rate_hz=card.sampling_rate_hz, duration_s=LONG_S)
    windows = prepare(simulate(long), card).windows
    return [
        predict_bar("Session.predict, one window", session, windows[:1], bar=1.08),
        predict_bar(f"Session.predict, {len(windows)} windows of {LONG_S:g} s", session, windows, bar=1.02),
        file_bar(session, folder),
    ]


def onnx_variant(workspace: Path) -> Variant:
    """Seed a workspace of its own and return the default network's ONNX variant."""
    from workspace.seeding import seed

    opened = Workspace.open(load_settings(workspace=workspace))
    seed(opened, recordings=False, progress=lambda _: None)
    return opened.variants.find("wdcnn/onnx")


def predict_bar(name: str, session: OnnxSession, windows: NDArray[np.float32], *, bar: float) -> Bar:
    """Compare a session with the runtime's own."""
    return ratio_bar(name, partial(session.predict, windows), partial(bare_run(session.variant), windows), bar=bar)


def bare_run(variant: Variant) -> Callable[[NDArray[np.float32]], object]:
    """Return ONNX Runtime's own way from windows to logits, one thread, on the variant's file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    bare = onnxruntime.InferenceSession(variant.weights.read_bytes(), options, providers=["CPUExecutionProvider"])
    input_name, output_name = bare.get_inputs()[0].name, bare.get_outputs()[0].name
    return lambda windows: bare.run([output_name], {input_name: windows})


def file_bar(session: OnnxSession, folder: Path) -> Bar:
    """Compare file to verdict with its bare parts: the limited reader, preparation, one batched run."""
    card = session.variant.card
    parameters = RollingBearing(condition="inner", sampling_rate_hz=card.sampling_rate_hz, duration_s=FILE_S)
    path = folder / "inner.npz"
    save(simulate(parameters), parameters, path)
    run = bare_run(session.variant)

    def to_verdict() -> object:
        """Take the way of ``vibench diagnose``, up to what it prints."""
        read = read_recording(path, SAID, None, ReadOptions(), Limits())
        return diagnose(
            read.signal, read.description, session, name=path.name, sha256=read.sha256, read_ms=read.took_ms
        ).to_json()

    def bare_parts() -> object:
        """Read, prepare and run, with nothing in between that is not needed."""
        signal, _ = make_signal(path.name, read_contents(path), SAID)
        return run(prepare(signal, card).windows)

    name = f"file to verdict, {FILE_S:g} s at {card.sampling_rate_hz:g} Hz"
    return ratio_bar(name, to_verdict, bare_parts, bar=1.15)


if __name__ == "__main__":
    main()
