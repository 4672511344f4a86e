"""The spool: what is recorded while the node is away is sent once it is back, in order and once."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

import counterfoil
from counterfoil.access import Limits
from counterfoil.errors import Conflict, InputError, Refused, Unavailable
from counterfoil.ledger import Ledger
from counterfoil.ops.serving import listen_on
from counterfoil.ports import Said
from counterfoil.remote import RemoteLedger, Spooled, connect
from counterfoil.remote.spool import Spool
from tests.http_rig import raw_server
from tests.ledgers import copy_ledger
from tests.nodes import served
from tests.shared_data import ROOT

FOREIGN = "https://own.example/kind/v1"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with counterfoil.open(copy_ledger(tmp_path / "shop")) as opened:
        yield opened


class Place:
    """An address at which a node is, or is not."""

    def __init__(self) -> None:
        probe = listen_on("127.0.0.1:0")
        self.address = probe.address
        probe.socket.close()

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @contextmanager
    def node(self, ledger: Ledger, limits: Limits | None = None) -> Iterator[None]:
        with served(ledger, limits=limits, fast=True, listen=self.address):
            yield


@pytest.fixture
def place() -> Place:
    return Place()


def client(place: Place, spool: Path, **options: Any) -> RemoteLedger:
    return connect(place.url, "writer", spool=spool, **options)


def contents(ledger: Ledger, source: str) -> list[Any]:
    """Give what stands in a series, in the log's order."""
    numbers = sorted((index, number) for number, index in ledger.numbered(source))
    return [(number, ledger.get(index).content) for index, number in numbers]


def test_while_the_node_is_away(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    """Records of all kinds wait durably, then stand in the log in order, each once, as of then."""
    with client(place, tmp_path / "spool.db") as remote:
        first = cast("Spooled", remote.record({"n": 0}, at_ms=5))
        assert first.spooled
        assert isinstance(first, Spooled)
        for look in ("index", "leaf"):
            with pytest.raises(Unavailable) as caught:
                getattr(first, look)
            assert caught.value.code == "remote.spooled"
        remote.record_many([{"n": 1}, {"n": 2}])
        remote.record_statement(FOREIGN, {"a": 1})
        remote.record_statements([Said(FOREIGN, {"a": 2})]).result()
        remote.record({"placed": 1}, source="orders", number=9)
        assert remote.pending == 5
        assert remote.trouble is not None
        assert "remote.away" in remote.trouble
        with pytest.raises(Unavailable) as caught:
            remote.flush(0.05)
        assert caught.value.code == "remote.spooled"
        with place.node(ledger):
            remote.flush(30)
            assert (remote.pending, remote.refused()) == (0, [])
            later = remote.record({"n": 5})
            assert not later.spooled
            assert later.number == 5
    found = contents(ledger, first.source)
    assert [number for number, _ in found] == [0, 1, 2, 3, 4, 5]
    assert [said.get("n", said.get("a")) for _, said in found] == [0, 1, 2, 1, 2, 5]
    assert contents(ledger, "orders") == [(9, {"placed": 1})]
    assert ledger.search("n=0").hits[0].at_ms == 5


def test_a_client_that_was_killed(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    """What a killed process had spooled is sent by the next one that opens the spool."""
    spool = tmp_path / "spool.db"
    code = (
        "import os, sys, counterfoil\n"
        "remote = counterfoil.connect(sys.argv[1], 'writer', spool=sys.argv[2])\n"
        "print(remote.record({'n': 0}).source, flush=True)\n"
        "remote.record({'n': 1})\n"
        "os._exit(9)\n"
    )
    command = [sys.executable, "-c", code, place.url, str(spool)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 9, ran.stderr
    assert stat.S_IMODE(spool.stat().st_mode) == 0o600
    with place.node(ledger), client(place, spool) as remote:
        assert remote.record({"n": 2}).number == 2
        remote.flush(30)
    assert contents(ledger, ran.stdout.strip()) == [(n, {"n": n}) for n in range(3)]


def test_a_lost_answer(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    """What the node has, and did not get to say so, is sent again and stands there once."""
    with closing(Spool(tmp_path / "spool.db")) as spool:
        series = spool.series
        spool.put("record", series, None, 1, lambda n: _record(series, n))
    with place.node(ledger):
        with connect(place.url, "writer") as other:  # as the answer that was lost
            other.record({"n": 0}, source=series, number=0)
        with client(place, tmp_path / "spool.db") as remote:
            remote.flush(30)
            assert remote.record({"n": 1}).number == 1
    assert contents(ledger, series) == [(0, {"n": 0}), (1, {"n": 1})]


def _record(source: str, number: int) -> bytes:
    return b'{"content":{"n":%d},"source":"%s","number":%d}' % (number, source.encode(), number)


def test_lines_that_break(ledger: Ledger, tmp_path: Path) -> None:
    """A node that hangs up in the middle of everything is a node that is away."""
    with (
        raw_server(lambda line, _path: line.close()) as url,
        connect(url, "writer", spool=tmp_path / "spool.db") as remote,
    ):
        assert remote.record({"n": 0}).spooled
        assert remote.pending == 1
    with (
        served(ledger, fast=True) as url,
        connect(url, "writer", spool=tmp_path / "spool.db") as remote,
    ):
        remote.flush(30)
    assert ledger.search("n=0").hits


def test_refusals(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    """Who waits hears a refusal, and its number is given out again; else it is set aside."""
    with client(place, tmp_path / "spool.db") as remote:
        remote.record({"n": 0}, nonce="not hexadecimal")
        remote.record({"n": 1})
        remote.record_statement("no-such-kind", {})
        remote.record({"n": 3})
        with place.node(ledger):
            remote.flush(30)
            aside = remote.refused()
            assert [one.code for one in aside] == ["predicate.malformed", "statement.kind"]
            assert b"not hexadecimal" in aside[0].body
            with pytest.raises(InputError) as caught:
                remote.record({"n": 4}, nonce="x")
            assert caught.value.code == "predicate.malformed"
            assert remote.record({"n": 4}).number == 4
            with pytest.raises(InputError):
                remote.record(cast("Any", 5))
        assert len(remote.refused()) == 2
    assert {number for number, _ in contents(ledger, aside[0].source)} == {1, 3, 4}


def test_a_disk_that_fails(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    """What the spool's file refuses for a while is said to who waits, and sent once it is well."""
    path = tmp_path / "spool.db"
    with client(place, path) as remote, closing(sqlite3.connect(path, timeout=30)) as disk:
        remote.record({"n": 0})
        disk.execute("ALTER TABLE item RENAME TO gone")
        for _ in range(600):
            if "spool.file" in str(remote.trouble):
                break
            time.sleep(0.05)
        else:
            pytest.fail(f"found {remote.trouble}")
        disk.execute("ALTER TABLE gone RENAME TO item")
        with place.node(ledger):
            remote.flush(30)
            disk.execute(
                "CREATE TRIGGER full BEFORE DELETE ON item BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
            told = remote.record_later({"n": 1}, nonce="not hexadecimal").result(30)
            assert cast("Spooled", told).spooled
            disk.execute("DROP TRIGGER full")
            remote.flush(30)
            assert [one.number for one in remote.refused()] == [1]
            assert not remote.record({"n": 2}).duplicate


def test_a_key_that_does_not_count(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    """A key that is refused keeps everything here; with one that counts it is all sent."""
    with place.node(ledger):
        with connect(place.url, "unknown", spool=tmp_path / "spool.db") as wrong:
            assert wrong.record({"n": 0}).spooled
            assert wrong.record({"n": 1}).spooled
            assert wrong.pending == 2
        with connect(place.url, "reader", spool=tmp_path / "spool.db") as reader:
            assert reader.record({"n": 2}).spooled
            assert "access.role" in str(reader.trouble)
        with client(place, tmp_path / "spool.db") as remote:
            remote.flush(30)
            assert remote.refused() == []
    assert len(ledger.search("n>=0").hits) == 3


def test_another_ledger(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    """What was spooled for one ledger is never sent to another."""
    with place.node(ledger), client(place, tmp_path / "spool.db") as remote:
        remote.record({"n": 0})
    with counterfoil.open(tmp_path / "other", create=True) as other:
        size = other.size
        with place.node(other), client(place, tmp_path / "spool.db") as remote:
            assert remote.record({"n": 1}).spooled
            assert "spool.other-ledger" in str(remote.trouble)
        assert other.size == size


def test_bounds(place: Place, tmp_path: Path) -> None:
    """A spool that is full says so, and keeps what it has."""
    with client(place, tmp_path / "a.db", spool_items=2) as remote:
        remote.record({"n": 0})
        remote.record({"n": 1})
        with pytest.raises(Unavailable) as caught:
            remote.record({"n": 2})
        assert caught.value.code == "spool.full"
        assert remote.pending == 2
    with client(place, tmp_path / "b.db", spool_bytes=1000) as remote:
        remote.record({"n": "x" * 500})
        with pytest.raises(Unavailable) as caught:
            remote.record({"n": "x" * 500})
        assert caught.value.code == "spool.full"
        with pytest.raises(InputError) as wrong:
            remote.record({"n": "x" * 1500})
        assert wrong.value.code == "spool.size"


def test_one_process_at_a_time(place: Place, tmp_path: Path) -> None:
    """A second client of a spool is refused: it would give out the same numbers."""
    with client(place, tmp_path / "spool.db"):
        with pytest.raises(Conflict) as caught:
            client(place, tmp_path / "spool.db")
        assert caught.value.code == "spool.in-use"
    with client(place, tmp_path / "spool.db", source=None):
        pass
    with pytest.raises(Refused) as refused:
        client(place, tmp_path / "spool.db", source="till-1")
    assert refused.value.code == "spool.other-series"
    (tmp_path / "no-spool.db").write_bytes(b"x" * 5000)
    with pytest.raises(Unavailable) as broken:
        client(place, tmp_path / "no-spool.db")
    assert broken.value.code == "spool.file"


FORKING = """
import os, sys, warnings
from counterfoil.errors import Refused
from counterfoil.remote import connect
warnings.simplefilter("ignore")
url, path = sys.argv[1:]
for spool in (False, path):
    with connect(url, "operator", spool=spool) as remote:
        remote.record({"by": "parent"})
        size = remote.size
        if (child := os.fork()) == 0:
            try:
                for ask in (lambda: remote.record({"by": "child"}), lambda: remote.flush(5)):
                    try:
                        ask()
                    except Refused as err:
                        assert err.code == "ledger.forked"
                    else:
                        os._exit(1)
                assert remote.size == size
                remote.close()
            except BaseException:
                os._exit(1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        remote.record({"by": "parent"})
        remote.flush(30)
"""


def test_a_fork(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    """A fork of the process reads on connections of its own, and is refused to record."""
    with place.node(ledger):
        command = [sys.executable, "-c", FORKING, place.url, str(tmp_path / "spool.db")]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert len(ledger.search("by=parent").hits) == 4


def test_a_series_that_others_began(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    """A spool of a named series goes on after what stands in the log."""
    ledger.record({"n": 0}, source="till-1")
    with place.node(ledger), client(place, tmp_path / "spool.db", source="till-1") as remote:
        assert remote.record({"n": 1}).number == 1
    with client(place, tmp_path / "spool.db", source="till-1") as remote:
        assert cast("Spooled", remote.record({"n": 2})).number == 2
    with (
        client(place, tmp_path / "new.db", source="till-1", patience_s=0.1) as remote,
        pytest.raises(Unavailable),
    ):
        remote.record({"n": 3})  # nobody can tell its number


def test_many_threads_and_a_busy_node(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    """Threads record at once while the node tells some to come again: all stand there once."""
    with (
        place.node(ledger, Limits(in_flight=1)),
        client(place, tmp_path / "spool.db") as remote,
        ThreadPoolExecutor(8) as threads,
    ):
        busy = threading.Event()

        def keep_busy() -> None:
            with connect(place.url, "writer") as other:
                while not busy.is_set():
                    other.record_many([{"other": n} for n in range(50)])

        hammer = threading.Thread(target=keep_busy)
        hammer.start()
        made = list(threads.map(lambda n: remote.record({"n": n}), range(100)))
        busy.set()
        hammer.join()
        remote.flush(60)
    assert sorted(one.number for one in made) == list(range(100))
    found = contents(ledger, made[0].source)
    assert [number for number, _ in found] == list(range(100))
    assert {said["n"] for _, said in found} == set(range(100))


def test_nothing_stays_readable(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    """What was sent is wiped from the spool's file when it is closed."""
    with client(place, tmp_path / "spool.db") as remote:
        remote.record({"name": "Ada Needle"})
        assert b"Ada Needle" in _files(tmp_path)
        with place.node(ledger):
            remote.flush(30)
    assert b"Ada Needle" not in _files(tmp_path)


def _files(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.glob("spool.db*"))
