"""A bundle as one HTML file that opens without a network, in the reader's light or dark."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from engine.variant import Variant
from optimization.measuring.measurement import Benchmark
from optimization.measuring.recommendation import speed_told
from optimization.report import DARK, LIGHT, STYLE, palette_css
from optimization.verification import runtime_told

Row = Sequence[str]
#: A number, perhaps with its interval.
NUMBER = re.compile(r"[\d.]+( \[.*\])?")


def page(
    candidates: Sequence[Variant],
    bundle: Mapping[str, Any],
    golden: Mapping[str, Any],
    measured: Benchmark | None,
    files: Sequence[str],
) -> str:
    """Return the report of a bundle, which loads nothing.

    Parameters
    ----------
    candidates : sequence of Variant
        What it holds.
    bundle, golden : mapping
        As ``bundle.json`` and ``golden/golden.json`` have them.
    measured : Benchmark or None
        As the workbench measured.
    files : sequence of str
        The other files' paths.
    """
    title = f"{bundle['title']}: {', '.join(entry['name'] for entry in bundle['candidates'])}"
    parts = [
        *(f'<p class="sentence">{escape(candidate_sentence(entry))}</p>' for entry in bundle["candidates"]),
        warnings_told(bundle["warnings"]),
        card_told(candidates[0]),
        *(candidate_told(variant, entry) for variant, entry in zip(candidates, bundle["candidates"], strict=True)),
        "" if measured is None else measured_told(measured),
        golden_told(golden),
        checksums_told(files, candidates),
    ]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
:root {{ {palette_css(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {palette_css(DARK)} }} }}
{STYLE.read_text(encoding="utf-8")}
dd {{ overflow-wrap: anywhere; }}
dl + *, .wide + * {{ margin-top: 16px; }}
thead th:nth-last-child(-n + 2) {{ text-align: right; }}
thead th.words {{ text-align: left; }}
.warning {{ color: var(--bad); font-weight: 600; }}
</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{chr(10).join(part for part in parts if part)}
</main>
</body>
</html>
"""


def candidate_sentence(entry: Mapping[str, Any]) -> str:
    """Say what a candidate is worth: its size, and whether it gives the verdicts of what it was made from."""
    size, proof = f"{entry['name']}: {entry['size_bytes'] / 1000:.0f} kB", entry["proof"]
    if proof is None:
        return f"{size}, without a proof."
    bound = f"at most {100 * proof['flips_upper_bound']:.1f} % in truth"
    return f"{size}, {proof['verdict']}: {proof['flips']} of {proof['recordings']} verdicts flipped ({bound})."


def warnings_told(warnings: Sequence[str]) -> str:
    """Return what must be known before the rest."""
    return "\n".join(f'<p class="warning">{escape(warning)}</p>' for warning in warnings)


def card_told(variant: Variant) -> str:
    """Return what the network takes and answers, and where it was validated."""
    card = variant.card
    rigs = "; ".join(f"{rig.name} with {rig.bearing}" for rig in card.rigs) or "no machine"
    lower, upper = card.band_hz
    facts = [
        ("Network", f"{card.title}, {card.reference}"),
        ("Windows", f"{card.window} samples every {card.hop}, at {card.sampling_rate_hz:g} Hz"),
        ("Band", f"{lower:g} to {upper:g} Hz"),
        ("Classes", ", ".join(card.classes)),
        ("Inconclusive", f"below a mean probability of {card.threshold:g}"),
        ("Validated on", rigs),
        ("Elsewhere", card.elsewhere or "not measured"),
    ]
    return section("Card", listed(facts))


def candidate_told(variant: Variant, entry: Mapping[str, Any]) -> str:
    """Return how a candidate was made and what is proven of it."""
    tolerance = entry["tolerance"]
    measured = "; ".join(f"{way} {difference:.2g}" for way, difference in tolerance["measured"].items())
    facts = [
        ("Size", f"{entry['size_bytes'] / 1000:.0f} kB"),
        ("Backend", entry["backend"]),
        ("SHA-256", entry["digest"]),
        ("Calibrated on", str(variant.calibration.get("source", "nothing"))),
    ]
    rows = [(str(step["pass"]), settings_told(step.get("parameters", {}))) for step in variant.steps]
    steps = table(("Step", "Parameters"), rows) if rows else ""
    allowed = (
        f"On the target a logit may differ by {tolerance['logits']:.2g}, {tolerance['factor']:g} times the largest"
    )
    said = f"<p>{escape(f'{allowed} difference that was measured here: {measured}.')}</p>"
    return section(f"Candidate {variant.name}", listed(facts) + said + steps + proof_told(variant))


def settings_told(parameters: Mapping[str, Any]) -> str:
    """Return a pass's parameters in one line."""
    return ", ".join(f"{name} {value}" for name, value in parameters.items()) or "none"


def proof_told(variant: Variant) -> str:
    """Return a variant's proof."""
    proof = variant.verification
    if not proof:
        return '<p class="warning">No proof that it gives the verdicts of what it was made from.</p>'
    windows, recordings, runtime = proof["windows"], proof["recordings"], runtime_told(proof["runtime"])
    sqnr_db = windows.get("sqnr_db")
    facts = [
        ("Proof", str(proof["verdict"])),
        ("Verdicts", f"{recordings['flips']} of {recordings['count']} flipped"),
        ("In truth at most", f"{100 * recordings['flips_upper_bound']:.1f} %, at 95 % confidence"),
        ("Windows", f"{100 * windows['top1_agreement']:.2f} % of {windows['count']} keep their class"),
        ("Logits", "no difference" if sqnr_db is None else f"{sqnr_db:.1f} dB above their error"),
        ("Made with", " ".join(str(value) for value in runtime.values())),
    ]
    return listed(facts)


def measured_told(measured: Benchmark) -> str:
    """Return what the workbench measured; other machines give other numbers."""
    rows = [
        (
            row.title,
            f"{row.batch}",
            f"{row.threads}",
            f"{row.size_bytes / 1000:.0f}",
            f"{row.p50_ms:.3g}",
            f"{row.p90_ms:.3g}",
            f"{row.ratio:.2f} [{row.ratio_low:.2f} to {row.ratio_high:.2f}]",
            speed_told(row),
        )
        for row in measured.rows
    ]
    head = ("Variant", "Batch", "Threads", "kB", "p50 ms", "p90 ms", "Ratio", "Latency")
    where = f"{measured.machine.cpu}, {' '.join(measured.machine.flags) or 'no special instruction sets'}"
    said = (
        f"<p>On {escape(where)}, {escape(measured.measured_at)}, against {escape(str(measured.settings.baseline))}.</p>"
    )
    return section("Measured on the workbench", said + table(head, rows))


def golden_told(golden: Mapping[str, Any]) -> str:
    """Return what is expected of the golden recordings."""
    recordings = [*golden["recordings"], *golden["streams"]]
    names = list(recordings[0]["expected"])
    parent = golden["parent"]
    head = ("Recording", "Hz", "Windows", *names, *([] if parent is None else [parent["name"]]))
    rows = [
        (
            entry["name"],
            f"{entry['sampling_rate_hz']:g}",
            f"{len(entry['start_s'])}",
            *(f"{entry['expected'][name]['label']} ({entry['expected'][name]['margin']:.2f})" for name in names),
            *([] if parent is None else [str(entry["parent_label"])]),
        )
        for entry in recordings
    ]
    said = (
        "<p>Simulated recordings with the verdicts that are expected of them, and in brackets how far ahead the first"
    )
    return section("Golden recordings", f"{said} class is of the second.</p>" + table(head, rows))


def checksums_told(files: Sequence[str], candidates: Sequence[Variant]) -> str:
    """Return what the bundle holds, and where its sums are."""
    digests = [(f"models/{variant.name}.onnx", variant.digest) for variant in candidates]
    said = f"<p>{len(files) + 1} files; SHA256SUMS has the SHA-256 of each, and verify.py checks them.</p>"
    return section("Checksums", said + table(("Network", "SHA-256"), digests))


def section(title: str, body: str) -> str:
    """Return a part of the page under its title."""
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>"


def listed(facts: Sequence[tuple[str, str]]) -> str:
    """Return names and values."""
    items = "\n".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f"<dl>\n{items}\n</dl>"


def table(head: Row, rows: Sequence[Row]) -> str:
    """Return rows under a head, the first column naming each; columns of numbers end together."""
    columns = list(zip(*rows, strict=True))
    classes = ["" if all(NUMBER.fullmatch(cell) for cell in column) else ' class="words"' for column in columns]
    named = zip(head, classes, strict=True)
    top = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in named)
    lines = []
    for name, *cells in rows:
        body = "".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(cells, classes[1:], strict=True))
        lines.append(f'<tr><th scope="row">{escape(name)}</th>{body}</tr>')
    body = "\n".join(lines)
    return f'<div class="wide"><table>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
