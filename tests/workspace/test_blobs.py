import hashlib
import io
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import StorageLimitError
from workspace.blobs import BlobStore

ADD_FOREVER = """
import os, sys
from pathlib import Path
from engine.variant import sha256_of
from workspace.blobs import BlobStore
store, rows = BlobStore(Path(sys.argv[1])), Path(sys.argv[2]) / "rows"
while True:
    source = Path(sys.argv[2]) / "source"
    source.unlink(missing_ok=True)  # it may be a blob by now
    source.write_bytes(os.urandom(2_000_000))
    with store.changing(sha256_of(source)):
        digest = store.add(source, link=sys.argv[3] == "link")
        with rows.open("a") as file:
            file.write(digest + "\\n")
    print(digest, flush=True)
"""


FILL_A_SMALL_DISK = """
import ctypes, io, os, sys
from pathlib import Path
from engine.errors import WorkspaceError
from workspace.blobs import BlobStore
if ctypes.CDLL(None, use_errno=True).mount(b"none", os.fsencode(sys.argv[1]), b"tmpfs", 0, b"size=1m"):
    sys.exit("unshare gave no right to mount")
store = BlobStore(Path(sys.argv[1]))
try:
    with store.changing("0" * 64):
        store.add_stream(io.BytesIO(bytes(4_000_000)))
except WorkspaceError as error:
    print(error)
print([path.name for path in store.root.rglob("*") if path.is_file() and path.stat().st_size])
"""
MEMORY = Path("/dev/shm")


@pytest.fixture
def store(tmp_path):
    return BlobStore(tmp_path / "blobs")


def everything_in(store):
    return {path.name for path in store.root.rglob("*") if path.is_file()} - {".lock"}


@given(content=st.binary(max_size=5000))
def test_a_blob_is_named_by_its_content(tmp_path_factory, content):
    store = BlobStore(tmp_path_factory.mktemp("blobs"))

    digest = store.add_stream(io.BytesIO(content))

    assert digest == hashlib.sha256(content).hexdigest()
    assert store.path(digest).read_bytes() == content
    assert store.path(digest).parent.name == digest[:2]
    assert store.size() == len(content)


@pytest.mark.parametrize("link", [True, False])
def test_a_file_is_kept_whole_and_stays_where_it_was(store, tmp_path, link):
    source = tmp_path / "105.mat"
    source.write_bytes(b"vibration" * 100_000)

    digest = store.add(source, link=link)

    assert store.path(digest).read_bytes() == source.read_bytes() == b"vibration" * 100_000
    assert everything_in(store) == {digest}


def test_linking_on_one_file_system_copies_nothing_however_often(store, tmp_path):
    source = tmp_path / "upload"
    source.write_bytes(b"x" * 1000)

    digest = store.add(source, link=True)
    store.add(source, link=True)

    assert store.path(digest).samefile(source)
    assert everything_in(store) == {digest}


@pytest.mark.skipif(not MEMORY.is_dir(), reason="needs a second file system to add from")
def test_what_lies_on_another_file_system_is_copied(store):
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        source = Path(folder) / "upload"
        source.write_bytes(b"y" * 1000)

        digest = store.add(source, link=True)

    assert store.path(digest).read_bytes() == b"y" * 1000


def test_the_same_content_is_kept_once(store):
    first, second = store.add_stream(io.BytesIO(b"same")), store.add_stream(io.BytesIO(b"same"))

    assert first == second
    assert store.size() == 4


def test_what_fits_under_the_limit_beside_what_is_kept_and_promised_has_room(tmp_path):
    store = BlobStore(tmp_path / "blobs", limit_bytes=100)
    store.add_stream(io.BytesIO(b"k" * 40))

    store.check_room("run.csv", 50, promised_bytes=10)
    with pytest.raises(StorageLimitError) as refused:
        store.check_room("run.csv", 51, promised_bytes=10)
    assert (refused.value.size_bytes, refused.value.free_bytes) == (51, 50)


def test_deleting_frees_the_space_and_may_be_done_twice(store):
    digest = store.add_stream(io.BytesIO(b"z" * 4096))

    store.delete(digest)
    store.delete(digest)

    assert store.size() == 0
    assert everything_in(store) == set()


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "ab" * 31 + "zz", "ab" * 33, "ab" * 32 + "\n"])
def test_only_a_digest_becomes_a_path(store, name):
    with pytest.raises(ValueError, match="no SHA-256"):
        store.path(name)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare to make a small disk")
def test_a_full_disk_is_told_and_nothing_half_written_stays(tmp_path):
    script = [sys.executable, "-c", FILL_A_SMALL_DISK, tmp_path]
    filled = subprocess.run(["unshare", "--mount", "--map-root-user", *script], capture_output=True, text=True)
    if "unshare" in filled.stderr:
        pytest.skip("this machine lets no process have file systems of its own")

    sentence, left = filled.stdout.splitlines()

    assert sentence.startswith(f"The disk under {tmp_path} is full")
    assert sentence.endswith("make room on it and try again.")
    assert left == "[]"


def test_a_file_that_cannot_be_kept_stays_where_it_was(store, tmp_path):
    source = tmp_path / "upload"
    source.write_bytes(b"x")
    digest = hashlib.sha256(b"x").hexdigest()
    store.path(digest).mkdir(parents=True)  # nothing can be renamed onto a folder

    with pytest.raises(OSError, match="directory"):
        store.add(source, link=True)

    assert source.read_bytes() == b"x"
    assert everything_in(store) == set()


@pytest.mark.parametrize("way", ["copy", "link"])
def test_killing_it_while_it_adds_loses_nothing_it_acknowledged(tmp_path, way):
    acknowledged = set()
    root = tmp_path / "blobs"
    for attempt in range(3):
        adder = subprocess.Popen(
            [sys.executable, "-c", ADD_FOREVER, root, tmp_path, way], stdout=subprocess.PIPE, text=True
        )
        acknowledged.add(adder.stdout.readline().strip())
        time.sleep(0.05 + 0.013 * attempt)
        adder.kill()
        # The last line may be cut short by the kill: it was not acknowledged then.
        acknowledged |= {line.strip() for line in adder.communicate()[0].splitlines() if line.endswith("\n")}

    store = BlobStore(root)
    rows = set((tmp_path / "rows").read_text(encoding="ascii").splitlines())
    store.sweep(rows.__contains__)

    assert acknowledged <= rows
    assert everything_in(store) == rows
    for digest in rows:
        assert hashlib.sha256(store.path(digest).read_bytes()).hexdigest() == digest


def test_sweeping_removes_what_was_half_added_and_keeps_what_a_row_names(store):
    digests = [store.add_stream(io.BytesIO(content)) for content in (b"named", b"half added", b"not even marked")]
    named, half_added, unmarked = digests
    with pytest.raises(KeyboardInterrupt), store.changing(named, half_added):
        raise KeyboardInterrupt
    (store.root / "unfinished-abc").write_bytes(b"half")

    assert store.sweep({named}.__contains__) == 2

    assert everything_in(store) == {named, unmarked}


def test_sweeping_waits_for_nobody(store):
    digest = store.add_stream(io.BytesIO(b"being added"))
    with store.changing(digest):
        assert store.sweep(set().__contains__) == 0

    assert everything_in(store) == {digest}
