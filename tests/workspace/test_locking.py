import subprocess
import sys

from workspace.locking import file_lock

HOLD = """
import sys, time
from pathlib import Path
from workspace.locking import file_lock
with file_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_is_held_against_threads_of_the_same_process(tmp_path):
    with file_lock(tmp_path / "lock") as first, file_lock(tmp_path / "lock", wait=False) as second:
        assert (first, second) == (True, False)

    with file_lock(tmp_path / "lock", wait=False) as free:
        assert free


def test_a_killed_process_frees_its_lock(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "lock"], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with file_lock(tmp_path / "lock", wait=False) as held:
        assert not held

    holder.kill()
    holder.communicate()

    with file_lock(tmp_path / "lock", wait=False) as held:
        assert held
