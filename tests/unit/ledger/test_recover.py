"""The lawful ways back: rebuilt, mended, restored, succeeded; and the unlawful ones are refused."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

import counterfoil
from counterfoil.errors import (
    Conflict,
    CounterfoilError,
    FatalLogError,
    NotFound,
    Refused,
    Unavailable,
)
from counterfoil.formats import json_text, statement
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE
from counterfoil.formats.statement import Statement, Subject
from counterfoil.ledger import Layout, create_ledger
from counterfoil.ledger.audit import audit
from counterfoil.ledger.backup import backup
from counterfoil.ledger.recover import rebuild_index, recover
from counterfoil.ports import SystemClock
from tests.busy_ledger import busy_ledger, force
from tests.ledgers import OWNER, copy_ledger, envelope_by, key_of
from tests.unit.ledger.recovering import damage, tables, tail, went_on


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A closed busy ledger."""
    return busy_ledger(tmp_path / "ledger")


# Rebuilt ------------------------------------------------------------------------------------------


def test_the_database_is_remade_as_it_was(busy: Path) -> None:
    """A rebuilt database equals the original, table by table, and the old one is kept."""
    before, entries = tables(busy), tail(busy)
    report = recover(busy)
    assert tables(busy) == {
        **before,
        "head": [(*before["head"][0][:5], tables(busy)["head"][0][5])],
    }
    assert tail(busy) == entries[-len(tail(busy)) :]
    assert (report.way, report.tail_saved, report.lost) == ("rebuilt", 0, None)
    assert report.size == report.published_size
    assert report.moved_aside is not None
    assert Path(report.moved_aside).exists()
    assert json.loads(json.dumps(report.to_json()))["way"] == "rebuilt"
    went_on(busy)


@pytest.mark.parametrize("fault", ["missing", "garbage", "emptied", "half"])
def test_without_a_readable_database(busy: Path, fault: str) -> None:
    """A database that is gone or damaged is made anew from the tiles, and it is said so."""
    before = tables(busy)
    path = Layout(busy).database
    if fault == "missing":
        path.unlink()
    elif fault == "garbage":
        path.write_bytes(b"\x5a" * 30_000)
    elif fault == "emptied":
        path.write_bytes(b"")
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CounterfoilError):
        counterfoil.open(busy)
    report = rebuild_index(busy)
    if fault != "half":
        assert any("could not be read" in notice for notice in report.notices)
    after = tables(busy)
    for table in ("counter", "identity", "key_entry", "source", "span"):
        assert after[table] == before[table]
    assert after["head"][0][:4] == before["head"][0][:4]  # size, frontier, note
    assert (report.moved_aside is None) == (fault == "missing")
    went_on(busy)


def test_an_old_database_put_back(busy: Path) -> None:
    """An old database that was put back is refused at start, and made anew from the tiles."""
    old = Layout(busy).database.read_bytes()
    with counterfoil.open(busy) as ledger:
        ledger.record_many([{"n": number} for number in range(700)])
        size = ledger.size
    Layout(busy).database.write_bytes(old)
    with pytest.raises(FatalLogError) as caught:
        counterfoil.open(busy)
    assert caught.value.code == "log.rolled-back"
    assert ("audit.rolled-back", "database: head") in [
        (finding.code, finding.place) for finding in audit(busy).findings
    ]
    report = recover(busy)
    assert report.size == size
    went_on(busy)


def test_recovering_twice(busy: Path) -> None:
    """A second recovery finds the first one's work, and both old databases are kept."""
    recover(busy)
    recover(busy)
    assert len(list(busy.glob("ledger.db.damaged-*"))) == 2
    went_on(busy)


def test_a_kept_checkpoint_that_is_damaged(busy: Path) -> None:
    """A kept checkpoint that the log did not sign is not taken over."""
    with closing(sqlite3.connect(Layout(busy).database)) as connection:
        connection.execute("UPDATE checkpoint SET note = x'00' WHERE size < 10")
        connection.commit()
    recover(busy)
    with counterfoil.open(busy, read_only=True) as ledger:
        sizes = [kept.size for kept in ledger.checkpoints()]
        assert min(sizes) >= 10
        assert sizes[-1] == ledger.size


def test_an_entry_that_is_none(busy: Path) -> None:
    """An entry that cannot be read does not keep the database from being made, and is named."""
    with counterfoil.open(busy) as ledger:
        index = force(ledger, b"junk")
    assert any(f"entry {index}" in notice for notice in recover(busy).notices)


def test_an_owned_ledger(busy: Path) -> None:
    """A ledger that a process has open is not recovered under its feet."""
    with counterfoil.open(busy), pytest.raises(Conflict) as caught:
        recover(busy)
    assert caught.value.code == "ledger.owned"


def test_no_ledger(tmp_path: Path) -> None:
    """Where there is no ledger and no copy, nothing is made."""
    with pytest.raises(NotFound):
        recover(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(NotFound) as caught:
        recover(tmp_path / "nowhere", source=tmp_path / "no-copy")
    assert caught.value.code == "recover.source"


def test_progress_and_stop(busy: Path) -> None:
    """Progress is told; what it raises stops the recovery, and nothing was changed."""
    before = Layout(busy).database.read_bytes()
    told: list[str] = []
    recover(busy, progress=lambda what, done, total: told.append(what))
    assert set(told) == {"audit", "restore", "index"}
    before = Layout(busy).database.read_bytes()

    for phase in ("audit", "index"):

        def stop(what: str, done: int, total: int, phase: str = phase) -> None:
            if what == phase:
                raise Unavailable("test.stop", "expected to go on, found a test")

        with pytest.raises(Unavailable):
            recover(busy, progress=stop)
        assert Layout(busy).database.read_bytes() == before
        assert not Layout(busy).database.with_name("ledger.db.new").exists()
    went_on(busy)


# Mended -------------------------------------------------------------------------------------------


def test_damaged_tiles_without_a_copy(busy: Path) -> None:
    """Damaged tiles are refused, named, and left as they are, where no copy can mend them."""
    damage(busy / "tile/entries/003")
    with pytest.raises(FatalLogError) as caught:
        recover(busy)
    assert caught.value.code == "recover.damaged"
    assert "tile/entries/003" in caught.value.message
    assert not Layout(busy).database.with_name("ledger.db.new").exists()


def test_tiles_are_mended_from_a_copy(busy: Path, tmp_path: Path) -> None:
    """Damaged and missing tiles and payloads come back from a copy; nothing else is touched."""
    backup(busy, tmp_path / "copy")
    damage(busy / "tile/entries/003")
    damage(busy / "tile/0/001")
    (busy / "tile/entries/005").unlink()
    shutil.rmtree(busy / "tile/1")
    payloads = [path for path in sorted(Layout(busy).payloads.rglob("*")) if path.is_file()]
    payloads[0].unlink()
    damage(payloads[1])
    report = recover(busy, source=tmp_path / "copy")
    assert report.way == "mended"
    assert report.tiles_restored == (
        "tile/0/001",
        "tile/1/000.p/8",
        "tile/entries/003",
        "tile/entries/005",
    )
    assert report.payloads_restored == 2
    for path in report.tiles_restored:
        assert (busy / path).read_bytes() == (tmp_path / "copy" / path).read_bytes()
    went_on(busy)
    assert audit(tmp_path / "copy", full=True).findings == ()


def test_an_older_copy_mends_what_it_has(busy: Path, tmp_path: Path) -> None:
    """An older copy mends what it has; a newer partial tile is cut from a full or wider one."""
    backup(busy, tmp_path / "copy")
    with counterfoil.open(busy) as ledger:
        ledger.record({"one": "more"})
    damage(busy / "tile/entries/003")
    assert recover(busy, source=tmp_path / "copy").tiles_restored == ("tile/entries/003",)
    went_on(busy)


def test_a_newer_mirror_mends_partial_tiles(busy: Path, tmp_path: Path) -> None:
    """A partial tile is cut from the wider or full one that a newer mirror has."""
    for count, path in ((1, "tile/entries/008.p"), (700, "tile/0/008.p")):
        folder, newer = tmp_path / f"old-{count}", tmp_path / f"newer-{count}"
        shutil.copytree(busy, folder)
        shutil.copytree(busy, newer)
        with counterfoil.open(newer) as ledger:
            ledger.record_many([{"n": number} for number in range(count)])
        for name in ("checkpoint", "ledger.db"):
            (newer / name).unlink()
        widths = [int(part.name) for part in (folder / path).iterdir()]
        wanted = f"{path}/{max(widths)}"
        (folder / wanted).unlink()
        (newer / wanted).unlink(missing_ok=True)
        report = recover(folder, source=newer)
        assert report.tiles_restored == (wanted,)
        went_on(folder)


def test_a_damaged_copy_mends_nothing(busy: Path, tmp_path: Path) -> None:
    """Tiles of a copy that do not lead to the signed root are not taken."""
    backup(busy, tmp_path / "copy")
    damage(busy / "tile/entries/003")
    damage(tmp_path / "copy" / "tile/entries/003", 200)
    with pytest.raises(FatalLogError) as caught:
        recover(busy, source=tmp_path / "copy")
    assert caught.value.code == "recover.damaged"


def test_a_damaged_payload_of_a_copy_is_not_taken(busy: Path, tmp_path: Path) -> None:
    """A payload whose bytes changed in the copy stays missing, and that is said."""
    backup(busy, tmp_path / "copy")
    copied = [p for p in sorted(Layout(tmp_path / "copy").payloads.rglob("*")) if p.is_file()]
    shutil.rmtree(Layout(busy).payloads)
    damage(copied[0])
    (copied[1].parent / ".half.new").write_bytes(b"half")
    report = recover(busy, source=tmp_path / "copy")
    assert report.payloads_restored == 1
    assert any("payload of the copy" in notice for notice in report.notices)


def test_a_copy_of_another_log(busy: Path, tmp_path: Path) -> None:
    """A copy of another ledger is refused before anything is read from it."""
    create_ledger(tmp_path / "another", SystemClock())
    backup(tmp_path / "another", tmp_path / "copy")
    with pytest.raises(Refused) as caught:
        recover(busy, source=tmp_path / "copy")
    assert caught.value.code == "recover.other-log"


def test_a_newer_copy_brings_the_newer_state(busy: Path, tmp_path: Path) -> None:
    """A folder that went back is brought to the newest state that a mirror has."""
    old = tmp_path / "old"
    shutil.copytree(busy, old)
    with counterfoil.open(busy) as ledger:
        ledger.record_many([{"n": number} for number in range(700)])
        size = ledger.size
    backup(busy, tmp_path / "copy")
    report = recover(old, source=tmp_path / "copy")
    assert (report.way, report.size) == ("mended", size)
    went_on(old)


def test_counters_of_registered_kinds(tmp_path: Path) -> None:
    """What a statement of a registered kind changes is known to an audit, and after a recovery."""
    folder = copy_ledger(tmp_path / "ledger")
    held = {"person": "00" * 16, "action": "place", "why": "court", "expect": {"hold": (None, 5)}}
    with counterfoil.open(folder) as ledger:
        ledger.record_statement("hold", held)
        signed = key_of(folder)
        said = {"issuer": OWNER, "source": "s", "number": 0, **held, "expect": {"hold": [5, 6]}}
        predicate = msgspec.Raw(json_text.format(said))
        subject = (Subject(digest={"sha256": "00" * 32}, name="hold"),)
        payload = statement.format(Statement(subject, "https://counterfoil.dev/hold/v1", predicate))
        ledger.append(envelope_by(payload, STATEMENT_PAYLOAD_TYPE, signed))
        assert ledger.counter("hold") == 6
    assert audit(folder, full=True).findings == ()
    rebuild_index(folder)
    with counterfoil.open(folder) as ledger:
        assert ledger.counter("hold") == 6
