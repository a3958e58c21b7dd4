"""The tus protocol, spoken to a real server over a socket."""

import base64
import http.client
import json
import os
import socket
import threading
import time
from contextlib import closing, suppress

import pytest
from flask import Flask

from dashboard.errors import answer_errors
from dashboard.upload_store import UploadStore
from dashboard.uploads import SIMULTANEOUS, metadata_name, register_uploads
from engine.errors import DamagedFileError, StorageLimitError, WorkspaceError

LIMIT = 1_000_000
CONTENT = bytes(range(256)) * 1000
LENGTH = len(CONTENT)


class Server:
    """An upload server, and what it was given."""

    def __init__(self, folder, serve_app):
        self.store = UploadStore(folder, expiry_s=3600)
        self.received = []
        self.failure = None
        self.server = Flask("uploads")
        self.server.config["MAX_CONTENT_LENGTH"] = 1000  # uploads have a limit of their own
        self.free = 4 * LIMIT
        register_uploads(self.server, self.store, self.keep, self.check_room, LIMIT)
        answer_errors(self.server)
        self.port = int(serve_app(self).rsplit(":", 1)[1])

    def keep(self, path, name):
        if self.failure:
            raise self.failure
        self.received.append((name, path.read_bytes()))
        path.unlink()
        return {"recording": f"r{len(self.received)}", "name": name, "duplicate": False}

    def check_room(self, name, size_bytes, promised_bytes):
        if size_bytes > self.free - promised_bytes:
            raise StorageLimitError(name, size_bytes, self.free - promised_bytes)

    def ask(self, method, address, body=None, **headers):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            return self.converse(connection, method, address, body, headers)

    def converse(self, connection, method, address, body, headers):
        named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before the body was sent
            connection.request(method, address, body, {"Tus-Resumable": "1.0.0", **named})
        answer = connection.getresponse()
        answer.body = answer.read()
        return answer

    def begin(self, length=LENGTH, name="run 3.csv"):
        metadata = f"filename {base64.b64encode(name.encode()).decode()},filetype dGV4dC9jc3Y="
        answer = self.ask("POST", "/uploads", Upload_Length=length, Upload_Metadata=metadata)
        assert answer.status == 201, answer.body
        return answer.headers["Location"]

    def patch(self, address, offset, body, **headers):
        media_type = {"Content_Type": "application/offset+octet-stream"}
        return self.ask("PATCH", address, body, Upload_Offset=offset, **{**media_type, **headers})

    def outcome(self, address):
        return json.loads(self.ask("GET", f"{address}/outcome").body)


@pytest.fixture
def uploads(tmp_path, serve_app):
    return Server(tmp_path / "uploads", serve_app)


def test_what_is_possible_is_told(uploads):
    answer = uploads.ask("OPTIONS", "/uploads")

    assert answer.status == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,termination,expiration"
    assert answer.headers["Tus-Max-Size"] == str(LIMIT)


def test_a_file_arrives_whole_under_its_name(uploads):
    address = uploads.begin()
    answer = uploads.patch(address, 0, CONTENT)

    assert answer.status == 204
    assert answer.headers["Upload-Offset"] == str(len(CONTENT))
    assert uploads.received == [("run 3.csv", CONTENT)]
    assert uploads.outcome(address) == {"recording": "r1", "name": "run 3.csv", "duplicate": False}


def test_an_upload_goes_on_where_it_stopped(uploads):
    address = uploads.begin()
    uploads.patch(address, 0, CONTENT[:1234])

    answer = uploads.ask("HEAD", address)
    assert answer.headers["Upload-Offset"] == "1234"
    assert answer.headers["Upload-Length"] == str(len(CONTENT))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Upload-Expires"].endswith("GMT")

    uploads.patch(address, 1234, CONTENT[1234:])
    assert uploads.received == [("run 3.csv", CONTENT)]


def test_bytes_before_a_broken_connection_are_kept(uploads):
    address = uploads.begin()
    with socket.create_connection(("127.0.0.1", uploads.port)) as connection:
        head = (
            f"PATCH {address} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(CONTENT)}\r\n\r\n"
        )
        connection.sendall(head.encode() + CONTENT[:5000])
    wait_for(lambda: uploads.ask("HEAD", address).headers["Upload-Offset"] == "5000")

    wait_for(lambda: uploads.patch(address, 5000, CONTENT[5000:]).status == 204)
    assert uploads.received == [("run 3.csv", CONTENT)]


def test_bytes_for_another_offset_are_refused(uploads):
    address = uploads.begin()
    uploads.patch(address, 0, CONTENT[:100])

    for offset in (0, 99, 101):
        answer = uploads.patch(address, offset, CONTENT[:10])
        assert answer.status == 409
        assert answer.headers["Upload-Offset"] == "100"


def test_more_bytes_than_announced_are_refused(uploads):
    address = uploads.begin(length=10)

    assert uploads.patch(address, 0, b"x" * 11).status == 413
    assert uploads.ask("HEAD", address).headers["Upload-Offset"] == "0"


def test_more_bytes_than_announced_are_refused_without_a_length_too(uploads):
    address = uploads.begin(length=10)
    answer = uploads.patch(address, 0, iter([b"x" * 6, b"x" * 6]))

    assert answer.status == 413
    assert uploads.store.data(address.rsplit("/", 1)[1]).stat().st_size <= 10


def test_a_file_beyond_the_limit_is_refused_with_a_sentence(uploads):
    answer = uploads.ask("POST", "/uploads", Upload_Length=LIMIT + 1, Upload_Metadata="filename YQ==")

    assert answer.status == 413
    assert "larger than the 1 MB" in json.loads(answer.body)["error"]["message"]


def test_a_file_that_the_disk_has_no_room_for_is_refused(uploads, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage())
    answer = uploads.ask("POST", "/uploads", Upload_Length=100, Upload_Metadata="filename YQ==")

    assert answer.status == 507
    assert "disk is full" in json.loads(answer.body)["error"]["message"]


def test_a_file_that_will_not_fit_beside_what_others_were_promised_is_refused_before_its_first_byte(uploads):
    uploads.free = 2 * LENGTH - 1
    first = uploads.begin()
    headers = {"Upload_Length": LENGTH, "Upload_Metadata": "filename cnVuLmNzdg=="}

    answer = uploads.ask("POST", "/uploads", **headers)
    assert answer.status == 413
    error = json.loads(answer.body)["error"]
    assert error == {"code": "storage-limit", "message": str(StorageLimitError("run.csv", LENGTH, LENGTH - 1))}

    uploads.patch(first, 0, CONTENT)  # kept now, and promised no more
    assert uploads.ask("POST", "/uploads", **headers).status == 201


class Usage:
    free = 99


@pytest.mark.parametrize("version", ["0.2.2", ""])
def test_another_version_of_the_protocol_is_refused(uploads, version):
    for method, address in (("POST", "/uploads"), ("HEAD", "/uploads/x"), ("PATCH", "/uploads/x")):
        answer = uploads.ask(method, address, Tus_Resumable=version)
        assert answer.status == 412
        assert answer.headers["Tus-Version"] == "1.0.0"


def test_another_media_type_is_refused(uploads):
    assert uploads.patch(uploads.begin(), 0, CONTENT, Content_Type="text/csv").status == 415


@pytest.mark.parametrize("upload", ["0" * 48, "nope", "%2e%2e%2fvibench.db", "0" * 48 + ".json"])
@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_an_unknown_upload_is_not_found(uploads, method, upload):
    headers = {"Content_Type": "application/offset+octet-stream", "Upload_Offset": 0}

    assert uploads.ask(method, f"/uploads/{upload}", **headers).status == 404
    assert list(uploads.store.folder.iterdir()) == []


def test_a_lock_whose_upload_was_removed_meanwhile_is_swept(uploads):
    with uploads.store.locked("0" * 48):
        pass

    uploads.begin()

    assert list(uploads.store.folder.glob("*.lock")) == []


@pytest.mark.parametrize("length", ["", "-1", "1.5", "x", "٣", "9" * 19])
def test_a_length_that_is_none_is_refused(uploads, length):
    answer = uploads.ask("POST", "/uploads", Upload_Length=length.encode(), Upload_Metadata="filename YQ==")

    assert answer.status == 400


@pytest.mark.parametrize("metadata", ["filename %%%", "filename /w=="])
def test_a_name_that_is_no_text_is_refused(uploads, metadata):
    assert uploads.ask("POST", "/uploads", Upload_Length=1, Upload_Metadata=metadata).status == 400


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\run.mat", "run.mat"),
        ("<b>run</b>.mat", "b>.mat"),
        ("a\r\nb\x00c.csv", "abc.csv"),
        ("", "recording"),
        ("..", ".."),
        ("x" * 300 + ".wav", "x" * 196 + ".wav"),
    ],
)
def test_a_name_is_text_and_never_a_path(given, kept):
    assert metadata_name(f"filename {base64.b64encode(given.encode()).decode()}") == kept


def test_only_one_request_writes_an_upload(uploads):
    address = uploads.begin()
    with uploads.store.locked(address.rsplit("/", 1)[1]):
        assert uploads.patch(address, 0, CONTENT).status == 423
        assert uploads.ask("DELETE", address).status == 423

    assert uploads.patch(address, 0, CONTENT).status == 204


def test_slow_uploads_leave_threads_for_the_pages(uploads):
    addresses = [uploads.begin(name=f"{number}.csv") for number in range(SIMULTANEOUS + 1)]
    release = threading.Event()

    def slow_body():
        yield CONTENT[:10]
        release.wait(10)
        yield CONTENT[10:]

    senders = [threading.Thread(target=uploads.patch, args=(address, 0, slow_body())) for address in addresses[:-1]]
    for sender in senders:
        sender.start()
    try:
        wait_for(lambda: len(list(uploads.store.folder.glob("*.lock"))) == SIMULTANEOUS)
        refused = uploads.patch(addresses[-1], 0, b"")
    finally:
        release.set()
        for sender in senders:
            sender.join()

    assert refused.status == 503
    assert refused.headers["Retry-After"] == "1"
    assert len(uploads.received) == SIMULTANEOUS
    assert uploads.patch(addresses[-1], 0, CONTENT).status == 204


def test_a_terminated_upload_is_forgotten(uploads):
    address = uploads.begin()

    assert uploads.ask("DELETE", address).status == 204
    assert uploads.ask("HEAD", address).status == 404
    assert list(uploads.store.folder.iterdir()) == []


def test_an_upload_that_nobody_continues_expires(uploads):
    address = uploads.begin()
    uploads.patch(address, 0, CONTENT[:100])
    old = time.time() - 3601
    os.utime(uploads.store.data(address.rsplit("/", 1)[1]), (old, old))

    assert uploads.ask("HEAD", address).status == 404
    uploads.begin()  # sweeps
    assert len(list(uploads.store.folder.glob("*.part"))) == 1


def test_an_empty_file_is_complete_at_once(uploads):
    address = uploads.begin(length=0)

    assert uploads.outcome(address)["recording"] == "r1"
    assert uploads.received == [("run 3.csv", b"")]


def test_a_file_that_cannot_be_read_says_why(uploads):
    uploads.failure = DamagedFileError("run 3.csv", "it ends early")
    address = uploads.begin()

    assert uploads.patch(address, 0, CONTENT).status == 204
    error = uploads.outcome(address)["error"]
    assert error == {"code": "damaged-file", "message": str(uploads.failure)}
    assert not uploads.store.data(address.rsplit("/", 1)[1]).exists()


def test_a_failure_that_nobody_foresaw_is_told_by_number(uploads, caplog):
    uploads.failure = RuntimeError("inner detail")
    address = uploads.begin()
    uploads.patch(address, 0, CONTENT)
    message = uploads.outcome(address)["error"]["message"]

    assert "inner detail" not in message
    (number,) = [record.correlation for record in caplog.records if record.levelname == "ERROR"]
    assert number in message


def test_a_file_for_which_there_is_no_room_is_kept_until_there_is(uploads):
    uploads.failure = WorkspaceError("The workspace is full.")
    address = uploads.begin()
    assert uploads.patch(address, 0, CONTENT).status == 204
    assert uploads.outcome(address)["error"]["message"] == "The workspace is full."

    uploads.failure = None
    assert uploads.outcome(address)["recording"] == "r1"


def test_a_server_that_died_before_the_last_byte_was_read_makes_up_for_it(uploads):
    address = uploads.begin()
    uploads.store.data(address.rsplit("/", 1)[1]).write_bytes(CONTENT)

    assert uploads.ask("HEAD", address).headers["Upload-Offset"] == str(len(CONTENT))
    assert uploads.outcome(address)["recording"] == "r1"
    assert uploads.outcome(address)["recording"] == "r1"  # told again, not made again


def test_an_unfinished_upload_has_no_outcome(uploads):
    assert uploads.outcome(uploads.begin())["error"]["code"] == "upload-incomplete"


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
