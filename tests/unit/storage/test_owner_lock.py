"""One process owns a ledger, and everybody can see which."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from counterfoil.errors import Conflict, Unavailable
from counterfoil.storage import OwnerLock, read_owner
from counterfoil.storage.owner_lock import LOCK_FILE, is_owned
from tests.shared_data import program
from tests.statements import refused

HOLD = """
import sys, time
from pathlib import Path
from counterfoil.storage import OwnerLock
lock = OwnerLock(Path(sys.argv[1]))
print("owned", flush=True)
time.sleep(60)
"""


def test_one_owner(tmp_path: Path) -> None:
    """The second who wants a ledger is told who has it; after the release it is free."""
    lock = OwnerLock(tmp_path)
    with pytest.raises(
        Conflict, match=f"process {os.getpid()} on {socket.gethostname()}"
    ) as caught:
        OwnerLock(tmp_path)
    assert caught.value.code == "ledger.owned"
    lock.release()
    lock.release()
    OwnerLock(tmp_path).release()


def test_the_owner_says_who_it_is(tmp_path: Path) -> None:
    """The lock names the process, its machine, and what else the owner wants known."""
    lock = OwnerLock(tmp_path)
    owner = read_owner(tmp_path)
    assert (owner["pid"], owner["host"]) == (os.getpid(), socket.gethostname())
    assert abs(owner["since_s"] - time.time()) < 60
    lock.announce({"at": "somewhere"})
    assert read_owner(tmp_path)["at"] == "somewhere"
    lock.announce({})
    assert "at" not in read_owner(tmp_path)
    lock.release()
    assert read_owner(tmp_path) == {}


@pytest.mark.parametrize("text", [b"", b"[1]", b"nonsense", b"\xff", b'{"pid": 1'])
def test_whatever_stands_in_the_file(tmp_path: Path, text: bytes) -> None:
    """The lock is the kernel's: what the file says is for people, and may be anything."""
    (tmp_path / LOCK_FILE).write_bytes(text)
    assert read_owner(tmp_path) == {}
    lock = OwnerLock(tmp_path)
    (tmp_path / LOCK_FILE).write_bytes(text)
    with pytest.raises(Conflict, match=r"process \? on \?"):
        OwnerLock(tmp_path)
    lock.release()


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    """A killed owner leaves a ledger that can be owned at once."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "owned\n"
        with pytest.raises(Conflict, match=f"process {child.pid} "):
            OwnerLock(tmp_path)
        child.kill()
        child.wait()
    assert read_owner(tmp_path)["pid"] == child.pid
    OwnerLock(tmp_path).release()


def test_a_forked_child_does_not_keep_it(tmp_path: Path) -> None:
    """What a fork inherits does not hold the lock after its parent let go."""
    lock = OwnerLock(tmp_path)
    handle = os.dup(lock._handle)  # what a forked child has
    lock.release()
    OwnerLock(tmp_path).release()
    os.close(handle)


def test_where_nothing_can_be_locked(tmp_path: Path) -> None:
    """A folder that is not there, or takes no file, is said to be the trouble."""
    with refused("ledger.lock", Unavailable):
        OwnerLock(tmp_path / "nowhere")
    (tmp_path / LOCK_FILE).mkdir()
    with refused("ledger.lock", Unavailable):
        OwnerLock(tmp_path)


def test_a_file_system_without_locks(tmp_path: Path) -> None:
    """Where the kernel cannot lock, as on some network disks, nobody is said to own the ledger."""
    strace = [program("strace"), "-qq", "-o", "/dev/null", "-e", "inject=flock:error=ENOLCK"]
    script = HOLD.replace("time.sleep(60)", "")
    ran = subprocess.run(
        [*strace, sys.executable, "-c", script, tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "expected to lock" in ran.stderr
    assert "ledger.lock" in ran.stderr
    assert ran.stdout == ""


def test_owned_or_not(tmp_path: Path) -> None:
    """Anybody can ask whether a ledger is owned, without taking it."""
    assert not is_owned(tmp_path)
    lock = OwnerLock(tmp_path)
    assert is_owned(tmp_path)
    lock.release()
    assert not is_owned(tmp_path)
    OwnerLock(tmp_path).release()


def test_no_handles_are_lost(tmp_path: Path) -> None:
    """Trying again and again leaves no file open."""
    lock = OwnerLock(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with pytest.raises(Conflict):
            OwnerLock(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    lock.release()


def test_a_full_disk_does_not_matter(tmp_path: Path) -> None:
    """The lock holds also where its text cannot be written."""
    lock = OwnerLock(tmp_path)
    keep, lock._handle = lock._handle, os.open(tmp_path / LOCK_FILE, os.O_RDONLY)
    lock.announce({"more": "text"})
    os.close(lock._handle)
    lock._handle = keep
    assert "more" not in json.loads((tmp_path / LOCK_FILE).read_bytes())
    with pytest.raises(BlockingIOError), (tmp_path / LOCK_FILE).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    lock.release()


def test_given_up_on_a_dead_disk(tmp_path: Path) -> None:
    """Whoever gives a ledger up lets go of it also where its disk takes no more writes."""
    lock = OwnerLock(tmp_path)
    read_only = os.open(tmp_path / LOCK_FILE, os.O_RDONLY)
    os.dup2(read_only, lock._handle)
    os.close(read_only)
    fcntl.flock(lock._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    lock.release()
    OwnerLock(tmp_path).release()
