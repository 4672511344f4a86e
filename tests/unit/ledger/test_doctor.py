"""The doctor: a well ledger is well, and each ailment is seen, named, and has a hint."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import NotFound
from counterfoil.ledger import Layout, machine
from counterfoil.ledger.backup import backup
from counterfoil.ledger.backup_marker import BackupMarker, write_marker
from counterfoil.ledger.doctor import Check, diagnose
from counterfoil.ports import SystemClock
from tests.busy_ledger import busy_ledger, force
from tests.ledgers import set_setting


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A closed busy ledger, whose recovery key was moved away as it should be."""
    folder = busy_ledger(tmp_path / "ledger")
    (Layout(folder).keys / "recovery.key").unlink()
    return folder


class Clock:
    """A clock that is `ahead_ms` ahead of the machine's."""

    def __init__(self, ahead_ms: int) -> None:
        self._ahead_ms = ahead_ms

    def now_ms(self) -> int:
        """Tell the time, Unix ms."""
        return SystemClock().now_ms() + self._ahead_ms


def checks(folder: Path, ahead_ms: int = 0) -> dict[str, Check]:
    """Diagnose a ledger: word -> check."""
    found = diagnose(folder, clock=Clock(ahead_ms))
    assert len({check.word for check in found}) == len(found)
    return {check.word: check for check in found}


def test_a_well_ledger(busy: Path) -> None:
    """Of a well ledger nothing is bad, and each check says what it saw."""
    found = checks(busy)
    assert {check.status for check in found.values()} <= {"ok", "warn"}
    ill = {word for word, check in found.items() if check.status != "ok"}
    assert ill <= {"sqlite", "disk", "filesystem", "witness"}  # of this machine; and none watches
    assert all(check.detail for check in found.values())
    assert found["keys"].to_json() == {
        "word": "keys",
        "status": "ok",
        "detail": found["keys"].detail,
        "hint": "",
    }
    with pytest.raises(NotFound):
        diagnose(busy.parent)


def test_a_ledger_in_use(busy: Path) -> None:
    """A ledger that a process has open is named with its owner, and nothing is bad."""
    set_setting(busy, "publish_interval_s", "60")
    with counterfoil.open(busy) as ledger:
        ledger.record({"published": "at once"})
        ledger.publish()
        ledger.record({"not": "published"})
        found = checks(busy)
    assert found["owner"].detail.startswith("process ")
    assert found["tail"].detail.startswith("1 entries")
    assert "bad" not in {check.status for check in found.values()}


def _unlink(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _garble(name: str) -> Callable[[Path], None]:
    def run(folder: Path) -> None:
        (folder / name).write_bytes(b"\x5a" * 9000)

    return run


def _execute(statement: str) -> Callable[[Path], None]:
    def run(folder: Path) -> None:
        with sqlite3.connect(Layout(folder).database, isolation_level=None) as connection:
            connection.execute(statement)
        connection.close()

    return run


def _payload(folder: Path) -> None:
    (Layout(folder).payloads / "ab").mkdir(exist_ok=True)
    (Layout(folder).payloads / "ab" / ("ab" * 32)).write_bytes(b"nobody names me")
    (Layout(folder).payloads / "ab" / ".half.new").write_bytes(b"half")


def _wal(folder: Path) -> None:
    with Layout(folder).database.with_name("ledger.db-wal").open("wb") as file:
        file.truncate(65 << 20)


def _unfinished(folder: Path) -> None:
    write_marker(folder, BackupMarker("x", 1, "", 0, "writing"))


AILMENTS: dict[str, tuple[Callable[[Path], object], dict[str, str]]] = {
    "garbled settings": (
        _garble("counterfoil.toml"),
        {"settings": "bad", "policy": "bad", "start": "bad"},
    ),
    "no policy": (_unlink("policy.txt"), {"policy": "bad"}),
    "no checkpoint": (_unlink("checkpoint"), {"policy": "bad"}),
    "garbled checkpoint": (
        _garble("checkpoint"),
        {"policy": "bad", "start": "bad", "tail": "warn"},
    ),
    "no database": (_unlink("ledger.db"), {"database": "bad", "start": "bad"}),
    "garbled database": (
        _garble("ledger.db"),
        {"database": "bad", "start": "bad", "clock": "warn", "tail": "warn"},
    ),
    "journal mode": (_execute("PRAGMA journal_mode = DELETE"), {"database": "warn"}),
    "long tail": (_execute("UPDATE head SET size = size + 200000"), {"tail": "warn"}),
    "no keys": (lambda folder: shutil.rmtree(folder / "keys"), {"keys": "warn"}),
    "exposed key": (lambda folder: (folder / "keys/log.key").chmod(0o644), {"keys": "bad"}),
    "orphans": (_payload, {"payloads": "warn"}),
    "no payloads": (lambda folder: shutil.rmtree(folder / "payload"), {"payloads": "ok"}),
    "unfinished backup": (_unfinished, {"backup": "warn"}),
}


@pytest.mark.parametrize("ailment", sorted(AILMENTS))
def test_an_ailment_is_seen(busy: Path, ailment: str) -> None:
    """Each ailment changes the status of its checks; the other checks are made all the same."""
    harm, expected = AILMENTS[ailment]
    usual = set(checks(busy))
    harm(busy)
    found = checks(busy)
    assert {word: found[word].status for word in expected} == expected
    assert usual == set(found)


def test_a_long_wal(busy: Path) -> None:
    """A WAL that nobody folds is seen."""
    with counterfoil.open(busy):
        wal = Layout(busy).database.with_name("ledger.db-wal")
        held = wal.read_bytes()
        _wal(busy)
        assert checks(busy)["wal"].status == "warn"
        wal.write_bytes(held)


def test_a_clock_that_is_wrong(busy: Path) -> None:
    """A clock behind the last commit is seen: a little, or so far that writing is refused."""
    assert checks(busy, -2 * 24 * 3600 * 1000)["clock"].status == "bad"
    with counterfoil.open(busy) as ledger:
        ledger.record({"now": 1})
    assert checks(busy, -100_000)["clock"].status == "warn"


def test_a_recovery_key_beside_the_producer_key(tmp_path: Path) -> None:
    """A recovery key that lies beside the producer key should be moved away."""
    assert checks(busy_ledger(tmp_path / "ledger"))["recovery-key"].status == "warn"


def test_a_backup(busy: Path, tmp_path: Path) -> None:
    """A backup is named as one, and has no keys."""
    backup(busy, tmp_path / "copy")
    found = checks(tmp_path / "copy")
    assert "a backup of" in found["backup"].detail
    assert found["keys"].status == "warn"


def test_an_entry_that_is_none(busy: Path) -> None:
    """An entry that cannot be read names no payload, and keeps no other check from being made."""
    with counterfoil.open(busy) as ledger:
        force(ledger, b"junk")
    assert checks(busy)["payloads"].status == "ok"


def test_payloads_of_a_long_log(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Payloads of a long log are counted, not searched for in it."""
    monkeypatch.setattr("counterfoil.ledger.doctor._ORPHANS_ENTRIES_MAX", 10)
    assert "not counted" in checks(busy)["payloads"].detail


# The machine --------------------------------------------------------------------------------------


def test_sqlite_versions() -> None:
    """A SQLite that can lose a commit is warned of, and why."""
    assert machine.sqlite((3, 51, 2))[1] == "warn"
    assert "commit can be lost" in machine.sqlite((3, 40, 1))[2]
    assert machine.sqlite((3, 51, 3))[1] == "ok"


def test_file_systems(tmp_path: Path) -> None:
    """File systems that cannot sync or lock are warned of, by the mount that holds the folder."""
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "disk / ext4 rw 0 0\n"
        f"server:/x {tmp_path} nfs4 rw 0 0\n"
        f"memory {tmp_path}/with\\040space tmpfs rw 0 0\n"
        "short\n"
    )
    assert machine.filesystem(Path("/"), mounts)[2] == "ext4"
    assert machine.filesystem(tmp_path, mounts)[1] == "warn"
    (tmp_path / "with space").mkdir()
    assert machine.filesystem(tmp_path / "with space", mounts)[2].startswith("tmpfs")
    assert machine.filesystem(tmp_path, tmp_path / "none")[2] == "of unknown type"
    mounts.write_text("disk /somewhere/else ext4 rw 0 0\n")
    assert machine.filesystem_type(tmp_path, mounts) is None


def test_disk_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little space is warned of; hardly any is bad."""
    usage = shutil.disk_usage(tmp_path)
    for free, status in ((5 << 30, "ok"), (500 << 20, "warn"), (5 << 20, "bad")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        assert machine.disk(tmp_path)[1] == status


def test_versions_and_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions are told, also of a package that is not there; so is whether search works."""
    assert machine.search()[1] == "ok"
    monkeypatch.setattr(machine, "_PACKAGES", ("counterfoil", "no-such-package"))
    assert "no-such-package not installed" in machine.versions()[2]

    def refuse(_: str) -> sqlite3.Connection:
        connection = connect(":memory:")
        connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
        return connection

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", refuse)
    assert machine.search()[1] == "warn"
