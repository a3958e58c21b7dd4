"""A diagnosis to take along: as the JSON that the command line prints, and as CSV for a spreadsheet."""

import csv
import io
import json
import re

import numpy as np
from flask import Flask, Response, request

from dashboard.errors import json_error
from dashboard.pages.diagnose.examination import diagnosed
from dashboard.spreadsheet import defused
from engine.diagnosis import Diagnosis
from engine.errors import ModelNotFoundError, RecordingNotFoundError, VibenchError
from workspace.workspace import Workspace

NOT_FOUND = (RecordingNotFoundError, ModelNotFoundError)


def register_downloads(server: Flask, workspace: Workspace) -> None:
    """Serve ``/diagnoses/RECORDING.json`` and ``.csv``, each with ``?model=NETWORK/VARIANT``, as attachments."""

    @server.get("/diagnoses/<recording_id>.<any(json, csv):kind>")
    def download_diagnosis(recording_id: str, kind: str) -> Response:
        try:
            diagnosis = diagnosed(workspace, recording_id, request.args.get("model", ""))
        except VibenchError as error:
            return json_error(error.code, str(error), 404 if isinstance(error, NOT_FOUND) else 422)
        if kind == "json":
            content, mimetype = json.dumps(diagnosis.to_json(), ensure_ascii=False), "application/json"
        else:
            content, mimetype = diagnosis_csv(diagnosis), "text/csv"
        response = Response(content, mimetype=mimetype)
        response.headers.set("Content-Disposition", "attachment", filename=f"{file_stem(diagnosis)}.{kind}")
        return response


def diagnosis_csv(diagnosis: Diagnosis) -> str:
    """Write a diagnosis as CSV: facts in lines that begin with ``#``, then one row a window.

    Columns are ``start_s``, ``class`` (the most probable one), and a calibrated probability for each class.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # as RFC 4180 has it
    for name, value in facts_of(diagnosis).items():
        writer.writerow([f"# {name}", "" if value is None else defused(value)])
    writer.writerow(["start_s", "class", *diagnosis.classes])
    best = diagnosis.probabilities.argmax(axis=1)
    starts, probabilities = np.round(diagnosis.start_s, 6), np.round(diagnosis.probabilities, 6)
    for start, number, row in zip(starts.tolist(), best, probabilities.tolist(), strict=True):
        writer.writerow([start, diagnosis.classes[number], *row])
    return text.getvalue()


def facts_of(diagnosis: Diagnosis) -> dict[str, object]:
    """Return what stands above the table: the recording, the network and the verdict."""
    verdict = diagnosis.verdict
    return {
        **diagnosis.recording,
        **{f"model_{name}": value for name, value in diagnosis.model.items()},
        "verdict": verdict and verdict.label,
        "confidence": verdict and verdict.confidence,
        "window_length": diagnosis.window_length,
        "window_hop": diagnosis.window_hop,
        "cautions": "; ".join(caution.message for caution in diagnosis.cautions),
    }


def file_stem(diagnosis: Diagnosis) -> str:
    """Return a name for the file: letters, digits and dashes of the recording's name and the variant's."""
    name = f"{diagnosis.recording['name']}-{diagnosis.model['name']}-{diagnosis.model['variant']}"
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
