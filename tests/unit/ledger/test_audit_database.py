"""The audit of a ledger whose database or tiles are not what the log says."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from counterfoil.errors import Unavailable
from counterfoil.ledger import Layout, create_ledger
from counterfoil.ledger.audit import AuditReport, audit
from counterfoil.ports import SystemClock
from tests.busy_ledger import (
    busy_ledger,
)


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A closed busy ledger of a test's own."""
    return busy_ledger(tmp_path / "ledger")


def found(report: AuditReport) -> list[tuple[str, str]]:
    """List what was found, and where."""
    return [(finding.code, finding.place) for finding in report.findings]


# The database -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ("UPDATE span SET at = at + 1 WHERE first = 0 AND count > 100", "numbers of"),
        ("UPDATE source SET name = 'renamed' WHERE name = 'meters'", "source"),
        ("DELETE FROM identity", "statement"),
        ("UPDATE identity SET at = at + 1", "statement"),
        ("UPDATE counter SET value = 4 WHERE key = 'book'", "counter book"),
        ("UPDATE counter SET value = '3' WHERE key = 'book'", "counter book"),
        ("INSERT INTO counter VALUES ('new', 1)", "counter new"),
        ("DELETE FROM key_entry WHERE at = 1", "key statement at 1"),
        ("INSERT INTO key_entry VALUES (7)", "key statement at 7"),
        ("CREATE TABLE more (x)", "schema of table more"),
        ("CREATE TRIGGER t AFTER DELETE ON span BEGIN SELECT 1; END", "schema of trigger t"),
    ],
)
def test_a_changed_table(busy: Path, change: str, place: str) -> None:
    """Every row that the entries do not bear out is named by the full audit, with its table."""
    with closing(sqlite3.connect(Layout(busy).database)) as connection:
        connection.execute(change)
        connection.commit()
    wrong = found(audit(busy, full=True))
    assert wrong
    assert {code for code, _ in wrong} == {"audit.table"}
    assert all(at.startswith("database: ") for _, at in wrong)
    assert any(at.startswith(f"database: {place}") for _, at in wrong)


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "schema", "other"])
def test_without_a_sound_database(busy: Path, tmp_path: Path, damage: str) -> None:
    """A database that is missing or none is named, and the tiles are audited all the same."""
    path = Layout(busy).database
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "garbage":
        path.write_bytes(b"\x5a" * 20_000)
    elif damage == "schema":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 77")
    else:
        shutil.copyfile(Layout(_another(tmp_path)).database, path)
    for full in (False, True):
        report = audit(busy, full=full)
        assert report.entries_checked == report.published_size > 2000
        assert {code.split("-")[0] for code, _ in found(report)} <= {
            "audit.database",
            "audit.rolled",
            "audit.root",
            "audit.head",
            "audit.segment",
            "audit.table",
        }
        assert report.findings


def test_a_damaged_page(busy: Path) -> None:
    """Damage in the structure of the database's pages is named as SQLite names it."""
    data = bytearray(Layout(busy).database.read_bytes())
    data[36:40] = (int.from_bytes(data[36:40], "big") ^ 5).to_bytes(4, "big")  # free pages
    Layout(busy).database.write_bytes(data)
    assert ("audit.database-page", "database: pages") in found(audit(busy))


def test_no_room_for_the_copy(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk of the machine is no damage of the ledger: the audit cannot be made."""

    def fill(*_: object) -> None:
        raise Unavailable("store.full", "expected space, found none")

    monkeypatch.setattr("counterfoil.ledger.snapshot.copy_database", fill)
    with pytest.raises(Unavailable):
        audit(busy)


def test_a_damaged_entry_does_not_spread(busy: Path) -> None:
    """One flipped bit is one finding, also where the entry is the key that signs all the others."""
    for path in ("tile/entries/000", "tile/entries/003", "tile/entries/005"):
        folder = busy.with_name(path.replace("/", "-"))
        shutil.copytree(busy, folder)
        data = bytearray((folder / path).read_bytes())
        data[40] ^= 1
        (folder / path).write_bytes(data)
        report = audit(folder, full=True)
        assert found(report) == [("audit.bundle-changed", path)]


def test_a_lost_bundle_does_not_spread(busy: Path) -> None:
    """A lost bundle is one finding: numbers and batches around it are not called wrong."""
    (busy / "tile/entries/002").unlink()
    report = audit(busy, full=True)
    assert found(report) == [("audit.tile-missing", "tile/entries/002")]


def test_lost_counters_are_not_called_wrong(busy: Path) -> None:
    """Where a lost bundle may have changed a counter, the counter is not called wrong."""
    (busy / "tile/entries/004").unlink()
    assert [code for code, _ in found(audit(busy, full=True))] == ["audit.tile-missing"]


def _another(parent: Path) -> Path:
    """Make another log."""
    create_ledger(parent / "other", SystemClock(), witness=False)
    return parent / "other"
