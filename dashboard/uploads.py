"""Uploads in the tus 1.0 protocol: resumable, straight to disk, each becoming a recording when its last byte is in.

The size of an upload's file is its offset, so a killed server loses no byte that it acknowledged; its length, name
and outcome stand in a JSON file beside it. ``assets/uploads.js`` is the browser's end.

References
----------
.. [1] tus resumable upload protocol 1.0.0 (https://tus.io/protocols/resumable-upload), with its extensions creation,
   termination and expiration.
"""

import base64
import binascii
import errno
import logging
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path, PurePosixPath
from typing import IO, Any

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import ClientDisconnected

from dashboard.errors import json_error
from dashboard.logs import report
from dashboard.upload_store import Refused, UploadStore
from engine.errors import SettingsError, StorageLimitError, VibenchError

logger = logging.getLogger(__name__)

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
MEDIA_TYPE = "application/offset+octet-stream"
CHUNK_BYTES = 2**20
LONGEST_NAME = 200
#: Half of the server's threads; the others stay free for pages while slow uploads hold theirs.
SIMULTANEOUS = 8

#: Takes a complete file, which it may move away, and its name; returns what the page is told, as plain JSON.
OnComplete = Callable[[Path, str], dict[str, Any]]
#: Takes the name and size of a file, and the bytes promised to others; raises StorageLimitError if it does not fit.
CheckRoom = Callable[[str, int, int], None]


def register_uploads(
    server: Flask, store: UploadStore, on_complete: OnComplete, check_room: CheckRoom, limit_bytes: int
) -> None:
    """Serve ``/uploads``.

    Parameters
    ----------
    server : Flask
        Gets the routes.
    store : UploadStore
        Keeps what is on its way.
    on_complete : callable
        Makes a recording of a complete file; a `VibenchError` that it raises is told to the page.
    check_room : callable
        Refuses a file for which there will be no room, before its first byte is sent.
    limit_bytes : int
        Largest file.
    """
    tus = Blueprint("uploads", __name__, url_prefix="/uploads")
    uploads = Uploads(store, on_complete, check_room, limit_bytes)
    tus.before_request(check_version)
    tus.after_request(add_version)
    tus.register_error_handler(Refused, answer_refused)
    tus.add_url_rule("", view_func=uploads.describe, methods=["OPTIONS"])
    tus.add_url_rule("", view_func=uploads.create, methods=["POST"])
    tus.add_url_rule("/<upload>", view_func=uploads.describe, methods=["OPTIONS"])
    tus.add_url_rule("/<upload>", view_func=uploads.ask_offset, methods=["HEAD"])
    tus.add_url_rule("/<upload>", view_func=uploads.append, methods=["PATCH"])
    tus.add_url_rule("/<upload>", view_func=uploads.terminate, methods=["DELETE"])
    tus.add_url_rule("/<upload>/outcome", view_func=uploads.outcome, methods=["GET"])
    server.register_blueprint(tus)


def check_version() -> None:
    """Refuse a client that speaks another version of the protocol."""
    if request.method not in ("OPTIONS", "GET") and request.headers.get("Tus-Resumable") != VERSION:
        raise Refused(412, "tus-version", f"Uploads speak tus {VERSION}.", {"Tus-Version": VERSION})


def add_version(response: Response) -> Response:
    """Name the version of the protocol, as every answer must."""
    response.headers["Tus-Resumable"] = VERSION
    return response


def answer_refused(refused: Refused) -> Response:
    """Answer a refusal in the one form that errors have."""
    response = json_error(refused.code, str(refused), refused.status)
    response.headers.extend(refused.headers)
    return response


class Uploads:
    """The requests of the protocol, one method each."""

    def __init__(self, store: UploadStore, on_complete: OnComplete, check_room: CheckRoom, limit_bytes: int) -> None:
        self._store, self._on_complete, self._check_room = store, on_complete, check_room
        self._limit_bytes = limit_bytes
        self._creating = threading.Lock()
        self._writing = threading.BoundedSemaphore(SIMULTANEOUS)

    def describe(self, upload: str = "") -> Response:  # noqa: ARG002 - the answer is the same for all
        """Tell what is possible here."""
        headers = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(self._limit_bytes)}
        return Response(status=204, headers=headers)

    def create(self) -> Response:
        """Begin an upload."""
        length = header_number("Upload-Length")
        if length > self._limit_bytes:
            limit = f"{self._limit_bytes / 1e6:,.0f} MB"
            raise Refused(
                413, "upload-too-large", f"The file is larger than the {limit} that this server takes. Cut it."
            )
        name = metadata_name(request.headers.get("Upload-Metadata", ""))
        self._store.sweep()
        if shutil.disk_usage(self._store.folder).free < length:
            raise disk_full()
        with self._creating:  # so that two that begin at once aren't promised the same room
            try:
                self._check_room(name, length, self._store.promised())
            except StorageLimitError as error:
                raise Refused(413, error.code, str(error)) from error
            upload = self._store.create(length, name)
        return Response(status=201, headers={"Location": f"/uploads/{upload}", **self._expiry(upload)})

    def ask_offset(self, upload: str) -> Response:
        """Tell how many bytes are here."""
        facts = self._store.facts(upload)
        headers = {"Upload-Offset": str(self._store.offset(upload, facts)), "Upload-Length": str(facts["length"])}
        return Response(headers={"Cache-Control": "no-store", **headers, **self._expiry(upload)})

    def append(self, upload: str) -> Response:
        """Take further bytes; the last one makes the recording before it is answered."""
        if request.mimetype != MEDIA_TYPE:
            raise Refused(415, "upload-media-type", f"An upload's bytes come as {MEDIA_TYPE}.")
        self._store.facts(upload)  # an unknown id gets no lock, which nobody would remove
        if not self._writing.acquire(blocking=False):
            raise Refused(503, "uploads-busy", "Too many uploads at once; this one waits.", {"Retry-After": "1"})
        try:
            with self._store.locked(upload):
                offset = receive(self._store, upload)
                if offset == self._store.facts(upload)["length"]:
                    with suppress(Refused):  # the bytes are here all the same; whoever asks for the outcome hears why
                        finish(self._store, upload, self._on_complete)
        finally:
            self._writing.release()
        return Response(status=204, headers={"Upload-Offset": str(offset), **self._expiry(upload)})

    def terminate(self, upload: str) -> Response:
        """Forget an upload."""
        self._store.facts(upload)
        with self._store.locked(upload):
            self._store.remove(upload)
        return Response(status=204)

    def outcome(self, upload: str) -> Response:
        """Tell what became of a complete upload."""
        facts = self._store.facts(upload)
        if "outcome" not in facts:
            # The server may have died between the last byte and the reading of the file.
            with self._store.locked(upload):
                facts = finish(self._store, upload, self._on_complete)
        return jsonify(facts["outcome"])

    def _expiry(self, upload: str) -> dict[str, str]:
        return {"Upload-Expires": formatdate(self._store.expires(upload), usegmt=True)}


def receive(store: UploadStore, upload: str) -> int:
    """Append the request's body to an upload, return the new offset; what came before a failure is kept."""
    facts = store.facts(upload)
    offset, asked = store.offset(upload, facts), header_number("Upload-Offset")
    if asked != offset:
        message = f"{offset} bytes of this upload are here, not {asked}."
        raise Refused(409, "upload-offset", message, {"Upload-Offset": str(offset)})
    room = int(facts["length"]) - offset
    if (request.content_length or 0) > room:
        raise Refused(413, "upload-too-long", "More bytes came than the upload announced.")
    request.max_content_length = room + 1  # the general limit is for forms; one more byte tells too much from enough
    if room == 0:
        return offset
    with store.data(upload).open("ab") as file:
        try:
            offset += copy(request.stream, file, room)
        except ClientDisconnected:
            logger.info("upload interrupted", extra={"upload": upload[:8]})
            offset = file.tell()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise disk_full() from error
            raise
        finally:
            file.flush()
            os.fdatasync(file.fileno())
    return offset


def copy(source: IO[bytes], target: IO[bytes], room: int) -> int:
    """Copy at most ``room`` bytes, return how many; a byte beyond them is refused."""
    copied = 0
    while chunk := source.read(min(CHUNK_BYTES, room - copied + 1)):
        target.write(chunk[: room - copied])
        copied += len(chunk)
        if copied > room:
            raise Refused(413, "upload-too-long", "More bytes came than the upload announced.")
    return copied


def finish(store: UploadStore, upload: str, on_complete: OnComplete) -> dict[str, Any]:
    """Make what the complete file is for, and keep the outcome for whoever asks; called while `locked` is held."""
    facts = store.facts(upload)
    if "outcome" in facts:
        return facts
    if store.offset(upload, facts) < facts["length"]:
        raise Refused(409, "upload-incomplete", "This upload is not complete yet.")
    try:
        facts["outcome"] = on_complete(store.data(upload), facts["name"])
    except SettingsError as error:
        # No room for it: the bytes stay, and asking for the outcome again tries again.
        raise Refused(507, error.code, str(error)) from error
    except VibenchError as error:
        facts["outcome"] = {"error": {"code": error.code, "message": str(error)}}
    except Exception as error:  # noqa: BLE001 - the page must hear of it, whatever it is
        sentence = (
            f"Vibench made a mistake with this file. Its log tells more under the number {report(error, 'upload')}."
        )
        facts["outcome"] = {"error": {"code": "unexpected", "message": sentence}}
    store.write_facts(upload, facts)
    store.data(upload).unlink(missing_ok=True)
    return facts


def header_number(name: str) -> int:
    """Return a header that must hold a number of bytes."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Refused(400, "upload-header", f"{name} must say a number of bytes.")
    return int(text)


def metadata_name(metadata: str) -> str:
    """Return the file's name from ``Upload-Metadata``: text for people, without folders or control characters."""
    pairs = dict(pair.strip().partition(" ")[::2] for pair in metadata.split(","))
    try:
        name = base64.b64decode(pairs.get("filename", ""), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise Refused(400, "upload-header", "Upload-Metadata must hold the file's name in Base64.") from None
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(character for character in last if character.isprintable())[-LONGEST_NAME:] or "recording"


def disk_full() -> Refused:
    """Return the refusal for a disk without room; the client may continue once there is some."""
    sentence = "The server's disk is full. Delete recordings that are no longer needed, then resume."
    return Refused(507, "disk-full", sentence)
