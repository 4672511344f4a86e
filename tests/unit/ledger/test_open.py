"""Opening: the first owns, the others write through it, and nobody is left with half a ledger."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import (
    Conflict,
    CounterfoilError,
    InputError,
    NotFound,
    Refused,
    Unavailable,
)
from counterfoil.ledger import Ledger, create_ledger
from counterfoil.ledger import open as opening
from counterfoil.ledger.forward_client import ForwardingRecorder
from counterfoil.ledger.recorder import LocalRecorder
from counterfoil.ports import SystemClock
from counterfoil.storage import OwnerLock
from counterfoil.testing.clock import ManualClock
from tests.ledgers import OWNER, prove, set_setting
from tests.statements import refused


def test_made_when_asked(tmp_path: Path) -> None:
    """A ledger is made with what is said of it, and opened as it is from then on."""
    with counterfoil.open(
        str(tmp_path / "shop"),
        create=True,
        name="Shop",
        organisation="https://shop.example",
        post_quantum=True,
    ) as ledger:
        assert ledger.config.name == "Shop"
        assert len(ledger.policy.logs) == 2
        ledger.record({"a": 1})
    with counterfoil.open(tmp_path / "shop", create=True, name="Other") as again:
        assert (again.config.name, again.size) == ("Shop", 4)


def test_not_made_unasked(tmp_path: Path) -> None:
    """Opening what is not there makes nothing."""
    for read_only in (False, True):
        with refused("ledger.missing", NotFound):
            counterfoil.open(tmp_path / "shop", read_only=read_only)
    assert list(tmp_path.iterdir()) == []


def test_many_make_one(tmp_path: Path) -> None:
    """Workers that start together and make the ledger if it is missing all get the same one."""
    (tmp_path / "there").mkdir()
    for name in ("new", "there"):
        start, origins = threading.Barrier(5, timeout=30), list[str]()

        def work(name: str = name, start: threading.Barrier = start) -> None:
            start.wait()
            with counterfoil.open(tmp_path / name, create=True) as ledger:
                ledger.record({"from": name})
                origins.append(ledger.origin)  # noqa: B023 - each round has its own threads
                start.wait()

        threads = [threading.Thread(target=work) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(origins) == 5
        assert len(set(origins)) == 1
        with counterfoil.open(tmp_path / name) as ledger:
            assert ledger.size == 8


def test_read_only(ledger: Ledger) -> None:
    """A reader sees what the owner commits, changes nothing, and says so."""
    with counterfoil.open(ledger.layout.folder, read_only=True) as reader:
        ledger.record({"a": 1})
        assert reader.get(3).content == {"a": 1}
        ledger.publish()
        assert prove(reader, 3).content == b'{"a":1}'
        for verb in (
            lambda: reader.record({}),
            lambda: reader.record_many([{}]),
            lambda: reader.record_block([{}]),
            lambda: reader.record_statement("x:y", {}),
            lambda: reader.append(b"{}"),
            lambda: reader.publish(),
        ):
            with refused("ledger.read-only", Refused):
                verb()
        with refused("ledger.not-owner", Refused):
            _ = reader.key_admin


def test_owner_and_guests(folder: Path) -> None:
    """The first opener owns; the second forwards; when the first closes the next one owns."""
    with counterfoil.open(folder) as first:
        with counterfoil.open(folder) as second:
            assert isinstance(first._recorder, LocalRecorder)
            assert isinstance(second._recorder, ForwardingRecorder)
        with counterfoil.open(folder) as third:
            assert third.record({}).index == 3
    with counterfoil.open(folder) as fourth:
        assert isinstance(fourth._recorder, LocalRecorder)


def test_an_owner_that_does_not_listen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the owner is no ledger's process, such as a recovery, the opener hears who it is."""
    monkeypatch.setattr(opening, "_OPEN_TRIES", 3)
    handles = len(list(Path("/proc/self/fd").iterdir()))
    lock = OwnerLock(folder)
    with pytest.raises(Conflict, match=f"process {os.getpid()}"):
        counterfoil.open(folder)
    lock.release()
    assert len(list(Path("/proc/self/fd").iterdir())) == handles
    counterfoil.open(folder).close()


def test_an_owner_that_comes_and_goes(folder: Path) -> None:
    """Threads that open, record and close at once hinder nobody for good, and lose nothing."""
    failures = list[CounterfoilError]()

    def record(source: str, n: int) -> None:
        with counterfoil.open(folder) as ledger:
            ledger.record({"n": n}, source=source, number=n)

    def work(source: str) -> None:
        for n in range(4):
            for _ in range(50):
                try:
                    record(source, n)
                    break
                except (Unavailable, Conflict) as err:  # the owner went away just then
                    failures.append(err)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = {err.code for err in failures}
    assert codes <= {"ledger.owner-gone", "ledger.owned", "log.closed", "store.unavailable"}
    with counterfoil.open(folder) as ledger:
        assert ledger.size == 3 + 16
        assert {source: count for _, source, count in ledger.sources()[1:]} == {
            f"t{n}": 4 for n in range(4)
        }


def test_a_database_that_is_gone(folder: Path) -> None:
    """Whoever cannot read the ledger does not stay connected to its owner."""
    with counterfoil.open(folder) as owner:
        handles = len(list(Path("/proc/self/fd").iterdir()))
        (folder / "ledger.db").rename(folder / "away.db")
        with refused("store.missing"):
            counterfoil.open(folder)
        deadline = time.monotonic() + 5
        while len(list(Path("/proc/self/fd").iterdir())) > handles and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(list(Path("/proc/self/fd").iterdir())) == handles
        (folder / "away.db").rename(folder / "ledger.db")
        assert owner.record({}).index == 3


def test_opening_twice_in_one_process(folder: Path) -> None:
    """One process may open a ledger twice: it then writes through itself."""
    with counterfoil.open(folder) as one, counterfoil.open(folder) as two:
        assert [one.record({}).number, two.record({}).number, one.record({}).number] == [0, 1, 2]


def test_opening_from_many_threads_keeps_the_umask(tmp_path: Path) -> None:
    """Opening never changes what permissions other threads give to their files."""
    folders = [tmp_path / f"{n}" for n in range(4)]
    for folder in folders:
        create_ledger(folder, SystemClock(), organisation=OWNER)
    before = os.umask(0o027)
    os.umask(0o027)
    try:
        stop, modes = threading.Event(), set[int]()

        def watch() -> None:
            while not stop.is_set():
                path = tmp_path / "probe"
                path.touch()
                modes.add(path.stat().st_mode & 0o777)
                path.unlink()

        def cycle(folder: Path) -> None:
            for _ in range(3):
                counterfoil.open(folder).close()

        watching = threading.Thread(target=watch)
        watching.start()
        threads = [threading.Thread(target=cycle, args=(folder,)) for folder in folders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stop.set()
        watching.join()
        assert modes == {0o640}
    finally:
        assert os.umask(before) == 0o027


def test_settings_that_are_wrong(folder: Path) -> None:
    """A ledger with impossible settings is not opened, and stays free."""
    set_setting(folder, "batch_members", "0")
    for read_only in (False, True):
        with pytest.raises(InputError, match="batch_members"):
            counterfoil.open(folder, read_only=read_only)
    OwnerLock(folder).release()


def test_a_clock_that_went_back(folder: Path) -> None:
    """A ledger does not go on by a clock that went back by more than five minutes."""
    with counterfoil.open(folder) as ledger:
        committed_ms = ledger.checkpoints()[-1].at_ms
    with counterfoil.open(folder, clock=ManualClock(committed_ms - 1000)) as ledger:
        assert ledger.get(ledger.record({}).index).at_ms == committed_ms
    with counterfoil.open(folder, clock=ManualClock(committed_ms - 301_000)) as ledger:
        with refused("clock.back", Refused):
            ledger.record({})
        assert ledger.size == 4
