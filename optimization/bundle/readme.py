"""``README.txt`` of a bundle."""

import textwrap
from collections.abc import Mapping
from typing import Any

from engine.card import ModelCard
from optimization.bundle import golden


def readme(bundle: Mapping[str, Any], card: ModelCard) -> str:
    """Return how the bundle is used and what it does not promise, as plain text.

    Parameters
    ----------
    bundle : mapping
        As ``bundle.json`` has it.
    card : ModelCard
        Of the network.
    """
    names = [entry["name"] for entry in bundle["candidates"]]
    several = (
        f"\nOf its {len(names)} candidates verify.py says which to take; run.py runs the first, or --candidate NAME.\n"
    )
    choose = several if len(names) > 1 else ""
    warnings = "".join(f"{wrapped(f'WARNING  {warning}')}\n" for warning in bundle["warnings"])
    made_with = bundle["golden_made_with"]["onnxruntime"]
    rates = ", ".join(f"{rate_hz:g}" for rate_hz in golden.RATES_HZ)
    return f"""{card.title}: {", ".join(names)}
A bundle of Vibench {bundle["vibench"]} (MIT licence). report.html tells all about it and opens offline.
{choose}{warnings and chr(10)}{warnings}
RUN IT
Python 3.11 or newer with numpy and onnxruntime, and nothing else (made with onnxruntime {made_with}):

  python verify.py --out target.json       files, parity, latency against the hop (add --seconds 600 for heat)
  python run.py recording.wav              .wav, .npy, .csv and raw float32 (.f32); --rate HZ where the file says none
  sensor | python run.py --stream --rate 25600     raw little-endian float32 from standard input, block by block

From Python: target/stream.py has Stream(model, rate_hz, terms) with push(samples) and finish().
Both say more with --help and as JSON. Take target.json back to the workbench: vibench bundle --import target.json

WHAT VERIFY.PY ANSWERS
Exit status 0: the network answers as it should, its proof holds for this processor, and diagnosing a hop takes less
time than the hop lasts. 1: it does not. 2: bad input. 4: it answers the golden recordings as it should, but the proof
in this bundle was made with other instruction sets or another runtime, so that nothing more is known here. SHA256SUMS
finds damage; it is no signature.

WHAT THE NETWORK TAKES
One channel of vibration in any unit, brought to {card.sampling_rate_hz:g} Hz, nothing above {card.band_hz[1]:g} Hz;
windows of {card.window} samples, one every {card.hop}, each without its mean and at a standard deviation of 1.
It answers {", ".join(card.classes)}, or inconclusive below a mean probability of {card.threshold:g}.

TO PORT IT
raw.json lists every array: little-endian float32, rows one after the other. filters/ has the resampling filters for
{rates} Hz, golden/ raw samples, the windows they become, and the logits expected. Read
target/resampling.py, target/windows.py and target/verdict.py in this order; preprocessing.json and labels.json hold
every number they use. golden/golden.json has labels, tolerances and, for the stream, the sizes of its blocks.
Logits may differ by the tolerance in bundle.json, which says what it was measured from.

Microcontrollers are out of scope: what is here needs Python and ONNX Runtime. The raw files and the filters are what a
port to C is tested with; the network itself is an ONNX file, to be run by a runtime of your choice.
"""


def wrapped(sentence: str) -> str:
    """Return a sentence as lines of a readable width."""
    return textwrap.fill(sentence, 110, subsequent_indent="         ", break_long_words=False)
