"""A mirror that is killed, and one whose server lies: what it has is a true log at every moment.

Each attack has its control: a copy that believes what it gets is shown to be deceived.
"""

from __future__ import annotations

import random
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from counterfoil.errors import CounterfoilError
from counterfoil.network import Mirror
from counterfoil.network.fetch import FetchLimits
from counterfoil.network.sources import HttpSource
from tests import c2sp
from tests.faults.mirror_checks import check_log, naive_copy
from tests.faults.rigs import run_rig
from tests.http_rig import raw_server
from tests.logs_on_disk import entries_of, other_entries, policy_of, publish, sign_tree
from tests.shared_data import require

LIMITS = FetchLimits(idle_s=20, total_s=1.5, tries=2, first_pause_s=0.01)
Lie = Callable[[socket.socket, str, bytes], bool]
"""Given a connection, a path and the honest bytes: answers by itself and says so, or does not."""


def test_kills() -> None:
    """100 kills -9 while a log grows: what is left is a whole log each time, and goes on."""
    require(sys.platform == "linux", "forks and kills processes as Linux does")
    report = run_rig("mirror_kill_rig", 100, 1, "")
    assert report["wrong"] == [], report
    assert report["kills"] == 100, report
    assert report["states"] > 10, report
    assert report["midway"] > 1, f"too few kills between a round's first and last file: {report}"


@pytest.mark.campaign
def test_kills_at_length() -> None:
    """3,000 kills, with a new seed each time."""
    report = run_rig("mirror_kill_rig", 3_000, random.randrange(2**32), "")
    assert report["wrong"] == [], report


@pytest.mark.parametrize(("plant", "says"), [("late tiles", "tile"), ("in place", "")])
def test_planted_bugs_are_found(plant: str, says: str) -> None:
    """Control: a mirror that publishes before its tiles, or overwrites in place, goes red."""
    report = run_rig("mirror_kill_rig", 200, 3, plant)
    assert report["wrong"], report
    assert says in str(report["wrong"]), report


@contextmanager
def lying(folder: Path, lie: Lie) -> Iterator[str]:
    """Serve a folder's files, except where `lie` answers."""

    def answer(peer: socket.socket, path: str) -> None:
        file = folder / path.removeprefix("/")
        data = file.read_bytes() if file.is_file() else None
        if data is None:
            peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        elif not lie(peer, path, data):
            send(peer, data)

    with raw_server(answer) as url:
        yield url


def send(peer: socket.socket, data: bytes) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(data), data))


def honest(peer: socket.socket, path: str, data: bytes) -> bool:
    return False


def wrong_bytes(peer: socket.socket, path: str, data: bytes) -> bool:
    if path != "/tile/entries/001":
        return False
    send(peer, data[:-1] + bytes([data[-1] ^ 1]))
    return True


def short_tile(peer: socket.socket, path: str, data: bytes) -> bool:
    if not path.startswith("/tile/0/"):
        return False
    send(peer, data[:-32])
    return True


def torn(peer: socket.socket, path: str, data: bytes) -> bool:
    if path != "/tile/entries/001":
        return False
    peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + data[: len(data) // 2])  # says no length
    peer.shutdown(socket.SHUT_RDWR)
    return True


def other_origin(peer: socket.socket, path: str, data: bytes) -> bool:
    if path != "/checkpoint":
        return False
    key = c2sp.secret("another.example")
    send(peer, sign_tree(entries_of(700), key=key, origin="another.example"))
    return True


def wrong_root(peer: socket.socket, path: str, data: bytes) -> bool:
    if path != "/checkpoint":
        return False
    send(peer, sign_tree(other_entries(700, 5)))
    return True


def unsigned(peer: socket.socket, path: str, data: bytes) -> bool:
    if path != "/checkpoint":
        return False
    send(peer, data[:-10] + b"AAAAAAA==\n")
    return True


ATTACKS: dict[str, tuple[Lie, set[str]]] = {
    "wrong bytes": (wrong_bytes, {"source.entries"}),
    "short tile": (short_tile, {"source.tiles"}),
    "torn": (torn, {"source.entries"}),
    "other origin": (other_origin, {"trust.unknown-log"}),
    "wrong root": (wrong_root, {"source.tiles"}),
    "unsigned": (unsigned, {"signature.length"}),
}


def refused(url: str, folder: Path) -> str:
    """Mirror once from a server that lies; gives the code of the refusal."""
    source = HttpSource(url, LIMITS)
    try:
        with Mirror(folder, policy_of(), source) as opened, pytest.raises(CounterfoilError) as err:
            opened.round()
    finally:
        source.close()
    return err.value.code


@pytest.mark.parametrize("name", ATTACKS)
def test_a_lying_server_changes_nothing(name: str, tmp_path: Path) -> None:
    """Whatever it serves, the last good state stays; an honest server brings the rest."""
    lie, codes = ATTACKS[name]
    log, copy = tmp_path / "log", tmp_path / "copy"
    publish(log, entries_of(300))
    with lying(log, honest) as url:
        mirrored(url, copy)
    before = (copy / "checkpoint").read_bytes()
    publish(log, entries_of(700))
    with lying(log, lie) as url:
        assert refused(url, copy) in codes
    assert (copy / "checkpoint").read_bytes() == before
    assert check_log(copy) == []
    with lying(log, honest) as url:
        assert mirrored(url, copy) == 700
    assert check_log(copy) == []


@pytest.mark.parametrize("name", ["wrong bytes", "short tile", "torn", "wrong root", "unsigned"])
def test_a_copy_that_believes_is_deceived(name: str, tmp_path: Path) -> None:
    """Control: the same lie, believed, leaves something that is no log."""
    publish(tmp_path / "log", entries_of(700))
    with lying(tmp_path / "log", ATTACKS[name][0]) as url:
        naive_copy(url, tmp_path / "copy")
    if name == "unsigned":
        assert (tmp_path / "copy" / "checkpoint").read_bytes().endswith(b"AAAAAAA==\n")
    else:
        assert check_log(tmp_path / "copy")
    with lying(tmp_path / "log", honest) as url:
        naive_copy(url, tmp_path / "honest")
    assert check_log(tmp_path / "honest") == []


def mirrored(url: str, folder: Path) -> int:
    source = HttpSource(url, LIMITS)
    try:
        with Mirror(folder, policy_of(), source) as opened:
            return opened.round().size
    finally:
        source.close()


def test_swapped_tiles_and_an_old_checkpoint(tmp_path: Path) -> None:
    """Two bundles in each other's place, and an old checkpoint, are refused over the wire, too."""
    log, copy = tmp_path / "log", tmp_path / "copy"
    old = publish(log, entries_of(300))
    publish(log, entries_of(700))
    one, two = ((log / "tile" / "entries" / name).read_bytes() for name in ("000", "001"))

    def swapped(peer: socket.socket, path: str, data: bytes) -> bool:
        if path in ("/tile/entries/000", "/tile/entries/001"):
            send(peer, two if path.endswith("000") else one)
            return True
        return False

    def stale(peer: socket.socket, path: str, data: bytes) -> bool:
        if path == "/checkpoint":
            send(peer, old)
            return True
        return False

    with lying(log, swapped) as url:
        assert refused(url, copy) == "source.entries"
        naive_copy(url, tmp_path / "naive")
        assert check_log(tmp_path / "naive")
    with lying(log, honest) as url:
        assert mirrored(url, copy) == 700
    with lying(log, stale) as url:
        assert refused(url, copy) == "mirror.older"
        naive_copy(url, tmp_path / "copied")
        assert b"\n300\n" in (tmp_path / "copied" / "checkpoint").read_bytes()
    assert check_log(copy) == []


def test_endless_and_slow_answers_end(tmp_path: Path) -> None:
    """A tile without end and one that drips are given up; the control reads on and on."""
    log, copy = tmp_path / "log", tmp_path / "copy"
    publish(log, entries_of(700))
    over = threading.Event()
    sent = 0

    def endless(peer: socket.socket, path: str, data: bytes) -> bool:
        nonlocal sent
        if path != "/tile/1/000.p/2":
            return False
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(2_000):
            peer.sendall(bytes(65536))
            sent += 65536
        return True

    def slow(peer: socket.socket, path: str, data: bytes) -> bool:
        if path != "/tile/1/000.p/2":
            return False
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n")
        try:
            while not over.wait(0.05):
                peer.sendall(b"x")
        except OSError:
            over.set()
        return True

    with lying(log, endless) as url:
        assert refused(url, copy) == "source.too-large"
        kept = sent
        sent = 0
        naive_copy(url, tmp_path / "naive")
        assert sent >= 16 << 20 > kept / 2
    with lying(log, slow) as url:
        assert refused(url, copy) == "source.unreachable"
        over.set()
    assert not (copy / "checkpoint").exists()
