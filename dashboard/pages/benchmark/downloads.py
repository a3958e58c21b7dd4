"""A measurement to take along: as a page that opens offline, and as CSV for a spreadsheet."""

import csv
import io
import re
from dataclasses import asdict, fields

from flask import Flask, Response

from dashboard.errors import json_error
from dashboard.pages.benchmark.found import KIND, measured_by
from dashboard.spreadsheet import defused
from engine.errors import JobNotFoundError
from optimization.measuring.measurement import Benchmark, Row
from workspace.workspace import Workspace

#: What of a row's proof becomes a column.
PROOF = ("verdict", "flips", "recordings", "flips_upper_bound", "top1_agreement", "sqnr_db", "stale")
COLUMNS = tuple(field.name for field in fields(Row) if field.name != "proof")


def register_downloads(server: Flask, workspace: Workspace) -> None:
    """Serve ``/benchmarks/JOB.html`` and ``.csv`` as attachments."""

    @server.get("/benchmarks/<job_id>.<any(html, csv):kind>")
    def download_benchmark(job_id: str, kind: str) -> Response:
        try:
            job = workspace.jobs.get(job_id)
        except JobNotFoundError as error:
            return json_error(error.code, str(error), 404)
        measured = measured_by(job) if job.kind == KIND else None
        if measured is None:
            return json_error("benchmark-impossible", f"Job {job_id} has measured nothing.", 404)
        if kind == "html":
            from optimization.report import report_html

            content, mimetype = report_html(measured), "text/html"
        else:
            content, mimetype = benchmark_csv(measured), "text/csv"
        response = Response(content, mimetype=mimetype)
        response.headers.set("Content-Disposition", "attachment", filename=f"{file_stem(measured)}.{kind}")
        return response


def benchmark_csv(measured: Benchmark) -> str:
    """Write a measurement as CSV: facts in lines that begin with ``#``, then one row a variant, batch and threads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # as RFC 4180 has it
    for name, value in facts_of(measured).items():
        writer.writerow([f"# {name}", "" if value is None else defused(value)])
    writer.writerow([*COLUMNS, *(f"proof_{name}" for name in PROOF)])
    for row in measured.rows:
        values = [*(getattr(row, name) for name in COLUMNS), *(row.proof.get(name) for name in PROOF)]
        writer.writerow(["" if value is None else defused(value) for value in values])
    return text.getvalue()


def facts_of(measured: Benchmark) -> dict[str, object]:
    """Return what stands above the table: where, when and how it was measured."""
    machine, settings, file = measured.machine, measured.settings, measured.file_to_verdict
    return {
        "measured_at": measured.measured_at,
        "seconds": measured.seconds,
        "cpu": machine.cpu,
        "flags": " ".join(machine.flags),
        "governor": machine.governor,
        **{f"version_{name}": version for name, version in machine.versions.items()},
        "rounds": settings.rounds,
        "processes": settings.processes,
        "baseline": settings.baseline,
        **{f"windows_{name}": value for name, value in measured.windows.items()},
        "noisy": measured.noisy,
        **({} if file is None else {f"file_to_verdict_{name}": value for name, value in asdict(file).items()}),
        **{f"left_out_{each.candidate}": each.reason for each in measured.left_out},
    }


def file_stem(measured: Benchmark) -> str:
    """Return a name for the file: the network's, and when it was measured."""
    name = f"benchmark-{measured.rows[0].network}-{measured.measured_at[:16]}"
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
