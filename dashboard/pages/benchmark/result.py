"""What a measurement says: the sentence, what it rests on, the table and the figures."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.components.times import clock_text, duration_text
from dashboard.components.words import counted, size_text
from dashboard.pages.benchmark import ids
from dashboard.pages.benchmark.found import Found
from dashboard.pages.benchmark.table import comparison
from engine.machine import Machine
from engine.runtimes import RUNTIMES
from optimization.charts import latency_against_size, latency_bars, rounded, size_bars
from optimization.measuring.candidate import USUAL, runtime_title
from optimization.measuring.measurement import Benchmark, Control, Row
from optimization.measuring.recommendation import baseline_title, file_told, forecast_told, recommended, sentence
from optimization.report_tables import percent

BAR_HEIGHT, BARS_FOOT = 34, 72
#: Where an axis ends whose longest bar has two numbers at its end, in a card of a third of the page.
ROOM_FOR_TEXT = 1.9
CONTROL_HINT = (
    "The baseline was measured a second time as if it were another variant. The two must come out as a tie; how far "
    "they seem apart is what no other difference may fall below."
)
INSTRUCTION_TITLES = {"avx512_vnni": "AVX512-VNNI", "avx_vnni": "AVX-VNNI", "amx_int8": "AMX", "asimddp": "dot product"}


def result(found: Found) -> list[Component]:
    """Build everything that is said of the measurement that is shown; nothing where there is none."""
    if found.shown is None:
        return []
    job, measured = found.shown
    ship = recommended(measured, *found.shape)
    return [
        answer_card(found, job.id, measured, ship),
        facts(measured, found.shape),
        *doubts(measured, found.shape),
        table_card(found, job.id, measured, ship),
        figures(measured, found.shape, ship),
    ]


def answer_card(found: Found, job_id: str, measured: Benchmark, ship: Row | None) -> Component:
    """Build the sentence, and what to do about it."""
    batch, threads = found.shape
    said = sentence(measured, batch, threads)
    text: list[Component | str] = [said]
    if ship is not None:
        before, name, after = said.partition(ship.title)
        text = [before, html.Span(name, className="tone-accent"), after]
    note = f"Measured on {windows_told(measured)}, {counted(batch, 'window')} a call, {counted(threads, 'thread')}"
    actions: list[Component] = []
    kept = ship is not None and any(variant.digest == ship.digest for variant in found.variants)
    if ship is not None and kept and ship.runtime in USUAL:  # a diagnosis is made on the usual runtime
        query = {"recording": found.selection.recording, "model": ship.full_name}
        address = f"/diagnose?{urlencode({key: value for key, value in query.items() if value}, safe='/')}"
        actions.append(ui.link_button("Diagnose with it", address, icon_name="activity", kind="primary"))
    actions.append(ui.download_link("Report as HTML", f"/benchmarks/{job_id}.html", small=False))
    choices = html.Div([*shape_choices(measured, found.shape), again()], className="button-row push")
    return html.Section(
        [
            html.Div(note, className="note"),
            html.H2(text, className="sentence"),
            html.Div([*actions, choices], className="button-row"),
        ],
        className="card benchmark-answer",
    )


def again() -> Component:
    """Make the button that measures the same once more."""
    return ui.button("Measure again", icon_name="arrow-clockwise", id=ids.AGAIN)


def shape_choices(measured: Benchmark, shape: tuple[int, int]) -> list[Component]:
    """Build the choice of what is shown, where several batch sizes or numbers of threads were measured."""
    choices: list[Component] = []
    settings = measured.settings
    for component_id, label, values, value in (
        (ids.BATCH, "Batch", settings.batches, shape[0]),
        (ids.THREADS, "Threads", settings.threads, shape[1]),
    ):
        options = [(str(one), str(one)) for one in values]
        control = ui.segmented(component_id, label, options, value=str(value))
        told = html.Span(label, className="note", **aria(hidden="true"))
        choices.append(html.Div([told, control], className="labelled", hidden=len(values) == 1))
    return choices


def facts(measured: Benchmark, shape: tuple[int, int]) -> Component:
    """Build the strip of what the numbers rest on."""
    machine, control, settings = measured.machine, measured.control_at(*shape), measured.settings
    when = clock_text(datetime.fromisoformat(measured.measured_at))
    processor, threads = machine_told(machine)
    flags = [INSTRUCTION_TITLES[flag] for flag in machine.flags if flag in INSTRUCTION_TITLES]
    memory = f"{machine.memory_bytes / 2**30:.1f} GiB of memory; {machine.system}"
    processes = f"interleaved, in {settings.processes} fresh process{'' if settings.processes == 1 else 'es'}"
    shown = [
        control_fact(control),
        ui.Fact("Machine", f"{processor}, {threads}", " ".join(flags), hint=f"{memory}; {' '.join(machine.flags)}"),
        ui.Fact("Governor", machine.governor or "not told", known=machine.governor is not None),
        ui.Fact("Rounds", f"{settings.rounds}", processes),
        ui.Fact("Runtime", "; ".join(runtimes_told(measured))),
        *file_fact(measured),
        ui.Fact("Measured", when, f"took {duration_text(measured.seconds)}"),
    ]
    return ui.fact_strip(shown, **aria(label="How it was measured"))


def runtimes_told(measured: Benchmark) -> list[str]:
    """Name the runtimes that executed the variants, with their versions: ``ONNX Runtime 1.31.1``."""
    told = []
    for name in dict.fromkeys(row.runtime for row in measured.rows):
        package = RUNTIMES[name].package if name in RUNTIMES else name
        told.append(f"{runtime_title(name)} {measured.machine.versions.get(package, '')}".strip())
    return told


def file_fact(measured: Benchmark) -> list[ui.Fact]:
    """Tell which share of a diagnosis is inference, where that was measured."""
    file = measured.file_to_verdict
    if file is None:
        return []
    note = f"of {rounded(file.total_ms)} ms from file to verdict"
    return [ui.Fact("Inference", percent(file.inference_share), note, hint=f"{file_told(file)}.")]


def control_fact(control: Control) -> ui.Fact:
    """Tell how the baseline compared with itself."""
    name = control.variant.partition("/")[2]
    tie = control.verdict == "tie"
    interval = f"{1 / control.ratio:.2f} [{1 / control.ratio_high:.2f} to {1 / control.ratio_low:.2f}]"
    value = ui.state("good" if tie else "bad", "tie" if tie else "no tie")
    return ui.Fact(f"Control ({name} twice)", value, interval, hint=CONTROL_HINT)


def machine_told(machine: Machine) -> tuple[str, str]:
    """Return a processor's name without what every such name holds, and how many threads it has."""
    name = machine.cpu.replace("(R)", "").replace("(TM)", "").replace(" CPU", "").replace(" Processor", "")
    return " ".join(name.split()), counted(machine.threads, "thread")


def windows_told(measured: Benchmark) -> str:
    """Say what the variants were given: ``64 windows of inner.npz``, ``64 simulated windows``."""
    count, name = int(measured.windows["count"]), measured.windows.get("recording")
    return f"{counted(count, 'window')} of {name}" if name else f"{counted(count, 'simulated window')}"


def doubts(measured: Benchmark, shape: tuple[int, int]) -> list[Component]:
    """Build notices of what a runtime refused, of forecasts that missed, and of a machine too busy to measure."""
    return [*left_out(measured), *forecast_note(measured), *noise(measured, shape)]


def left_out(measured: Benchmark) -> list[Component]:
    """Build a notice for each variant that a runtime refused."""
    return [ui.notice(each.reason, title=f"{each.candidate} was left out.", tone="muted") for each in measured.left_out]


def forecast_note(measured: Benchmark) -> list[Component]:
    """Say how far forecasts missed, where there were some."""
    told = forecast_told(measured)
    return [] if told is None else [ui.notice(f"{told}.", tone="muted")]


def noise(measured: Benchmark, shape: tuple[int, int]) -> list[Component]:
    """Build a notice where the machine was too busy to measure."""
    if measured.control_at(*shape).verdict != "tie":
        words = "The control was no tie, so no difference below is to be believed: close other programs, measure again."
        return [ui.notice(words, title="Too noisy.")]
    other = [control for control in measured.controls if control.verdict != "tie"]
    if not other:
        return []
    places = "; ".join(f"batch {one.batch}, {counted(one.threads, 'thread')}" for one in other)
    return [ui.notice(f"Elsewhere the control was no tie: {places}.", title="Noisy.", tone="muted")]


def table_card(found: Found, job_id: str, measured: Benchmark, ship: Row | None) -> Component:
    """Build the table with its heading."""
    rows = measured.rows_at(*found.shape)
    title = found.variants[0].card.title if found.variants else rows[0].network
    per = "per window" if found.shape[0] == 1 else f"per batch of {found.shape[0]} windows"
    base = baseline_title(measured, *found.shape).partition("/")[2]
    return ui.card(
        comparison(measured, found.shape, ship),
        title=f"{counted(len({row.variant for row in rows}), 'variant')} of {title}",
        note=f"times faster than {base}, 95 % interval; latency {per}",
        action=ui.download_link("CSV", f"/benchmarks/{job_id}.csv"),
        class_name="benchmark-table",
    )


def figures(measured: Benchmark, shape: tuple[int, int], ship: Row | None) -> Component:
    """Build the figures, each in a card."""
    rows, theme = measured.rows_at(*shape), ui.current_theme()
    template = ui.template_of(theme)
    drawing: dict[str, Any] = {"ship": ship}
    height = BARS_FOOT + max(BAR_HEIGHT * len(rows), 4 * BAR_HEIGHT)
    told = label_of(rows)
    latencies = latency_bars(rows, theme, template, **drawing)
    latencies.update_xaxes(range=[0, ROOM_FOR_TEXT * max(row.p90_ms for row in rows)])
    return html.Div(
        [
            ui.card(
                ui.graph(
                    latency_against_size(rows, theme, template, **drawing),
                    ids.AGAINST_SIZE,
                    f"Median latency over size. {told}",
                    height=height,
                ),
                title="Latency against size",
                note="lower left is better",
            ),
            ui.card(
                ui.graph(
                    latencies,
                    ids.LATENCIES,
                    f"Median and 90 % quantile of the latency. {told}",
                    height=height,
                ),
                title="Latency of a call",
                note="p50, and p90 behind it",
            ),
            ui.card(
                ui.graph(
                    size_bars(rows, theme, template, **drawing),
                    ids.SIZES,
                    f"Size of the weight files. {told}",
                    height=height,
                ),
                title="Size",
                note="of the weight file",
            ),
        ],
        className="benchmark-figures",
    )


def label_of(rows: Sequence[Row]) -> str:
    """Say the figures' numbers for those who can't see them."""
    said = [f"{row.label}: {size_text(row.size_bytes)}, {rounded(row.p50_ms)} ms" for row in rows]
    return "; ".join(said)
