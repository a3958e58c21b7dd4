"""Make the static INT8 variant of each bundled network that it suits: ``python -m scripts.bundle_int8 DATA``.

Its ranges are read from the recordings that the network learned from, and from simulated ones as a second try.
Kept is the one whose logits come nearer to the float32 network's, on the recordings or in its proof, wherever they are
further away, provided that it gives the same verdict on every recording; with neither doing so, nothing is written.
"""

import argparse
import csv
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from engine.runtimes import load
from engine.variant import Variant, sha256_of
from optimization.passes.export_onnx import ExportOnnx
from optimization.passes.quantize_static import QuantizeStatic
from optimization.proving.comparison import WindowComparison, WindowTally
from optimization.recipe import Recipe, optimize
from optimization.recording_set import RecordingSet, SetRecording, with_simulated
from optimization.verification import label_of, verify
from scripts.training_data import TABLE, read_signal

BUNDLED = Path(__file__).parent.parent / "engine" / "bundled"
WINDOWS = 128
#: Attention runs slower in static INT8 than in float32; what suits it, dynamic INT8, is made on each machine.
UNSUITED = ("patch-transformer",)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A variant, how far its logits are from its parent's on the recordings, and which verdicts it changes."""

    variant: Variant
    windows: WindowComparison
    flips: tuple[str, ...]

    @property
    def worst_sqnr_db(self) -> float:
        """The lower one of the logits' SQNR on the recordings and in the variant's proof."""
        found = (self.windows.sqnr_db, self.variant.verification["windows"]["sqnr_db"])
        return min(float("inf") if one is None else float(one) for one in found)


def main() -> None:
    """Write the variant of every bundled network, or of one, calibrated on the recordings in the folder given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds cwru/ and hitsm_mfs/")
    parser.add_argument("--only", help="make the variant of this network alone")
    parser.add_argument("--out", type=Path, default=BUNDLED, help="where NETWORK/VARIANT folders are read and written")
    arguments = parser.parse_args()
    recordings = training_set(arguments.data)
    for folder in sorted(arguments.out.glob("*/pytorch")):
        network = Variant.load(folder)
        if network.card.name not in UNSUITED and arguments.only in (None, network.card.name):
            with tempfile.TemporaryDirectory(dir=arguments.out, prefix=".making-") as scratch:
                best = best_of(network, recordings, Path(scratch))
                keep(best, arguments.out)
            print(f"{best.full_name} is calibrated on {best.calibration['source']}: {best.digest}")


def training_set(data: Path) -> RecordingSet:
    """Return the recordings of the table as a set.

    Raises
    ------
    SystemExit
        If a file is missing or is not the one that the table names.
    """
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        path = data / row["file"]
        if not path.is_file() or sha256_of(path) != row["sha256"]:
            raise SystemExit(f"{path} is missing or is not the recording that {TABLE.name} names.")
    members = [
        SetRecording(
            name=row["file"],
            digest=row["sha256"],
            load=partial(read_signal, data / row["file"], row),
            sampling_rate_hz=float(row["sampling_rate_hz"]),
            label=row["label"],
            specimen=row["specimen"],
        )
        for row in rows
    ]
    return RecordingSet("recordings", tuple(members))


def best_of(network: Variant, recordings: RecordingSet, scratch: Path) -> Variant:
    """Return the better one of two calibrations, with its proof.

    Raises
    ------
    SystemExit
        If both change the verdict on a recording.
    """
    onnx = optimize(network, Recipe((ExportOnnx(),)), scratch / "onnx").variant
    recipe = Recipe((QuantizeStatic(),))
    on_recordings = optimize(
        onnx, recipe, scratch / "recordings", recordings=recordings, windows=WINDOWS, resample=True
    ).variant
    on_simulated = optimize(onnx, recipe, scratch / "simulated", windows=WINDOWS).variant
    # It saw none of the recordings, so they all serve its proof.
    proof = verify(on_simulated, onnx, with_simulated(recordings, network.card))
    on_simulated = replace(on_simulated, verification=proof.to_json())
    candidates = [compare(variant, onnx, recordings.recordings) for variant in (on_recordings, on_simulated)]
    for candidate in candidates:
        tell(candidate)
    admitted = [candidate for candidate in candidates if not candidate.flips]
    if not admitted:
        raise SystemExit(f"INT8 changes verdicts of {network.card.name}; nothing is written.")
    return max(admitted, key=lambda candidate: candidate.worst_sqnr_db).variant


def compare(variant: Variant, parent: Variant, recordings: Sequence[SetRecording]) -> Candidate:
    """Ask both variants about all windows of all recordings."""
    tally, flips = WindowTally(), []
    with load(parent) as before, load(variant) as after:
        for recording in recordings:
            windows = recording.windows(variant.card)
            logits = before.predict(windows), after.predict(windows)
            tally.add(*logits)
            was, now = (label_of(one, variant.card) for one in logits)
            if was != now:
                flips.append(f"{recording.name}: {was} becomes {now}")
    return Candidate(variant, tally.result(), tuple(flips))


def tell(candidate: Candidate) -> None:
    """Print how a candidate did on the recordings, and what its proof says."""
    variant, windows = candidate.variant, candidate.windows
    print(
        f"{variant.card.name}, calibrated on {variant.calibration['source']}: {variant.size_bytes / 1000:.0f} kB, "
        f"SQNR {windows.sqnr_db:.2f} dB, {windows.top1_agreement:.4f} of {windows.count} windows agree, "
        f"{len(candidate.flips)} verdicts change, proof {variant.verification['verdict']}"
    )
    for flip in candidate.flips:
        print(f"  {flip}")


def keep(variant: Variant, out: Path) -> None:
    """Write the variant's description, and put its folder into the place of the one before."""
    variant.write_description()
    place = out / variant.card.name / variant.name
    shutil.rmtree(place, ignore_errors=True)
    variant.weights.parent.rename(place)


if __name__ == "__main__":
    main()
