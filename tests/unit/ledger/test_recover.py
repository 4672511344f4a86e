"""The lawful ways back: rebuilt, mended, restored, succeeded; and the unlawful ones are refused."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import (
    Conflict,
    CounterfoilError,
    FatalLogError,
    InputError,
    NotFound,
    Refused,
    Unavailable,
)
from counterfoil.formats import bundle
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Layout, Ledger, create_ledger
from counterfoil.ledger.audit import audit
from counterfoil.ledger.backup import backup
from counterfoil.ledger.recover import rebuild_index, recover
from counterfoil.ports import SystemClock
from counterfoil.storage import KeyFiles
from tests.busy_ledger import busy_ledger
from tests.ledgers import OWNER, prove, set_setting

TABLES = ("checkpoint", "counter", "head", "identity", "key_entry", "source", "span")


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A closed busy ledger."""
    return busy_ledger(tmp_path / "ledger")


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Read every table of a ledger's database but the tail."""
    with closing(sqlite3.connect(Layout(folder).database)) as connection:
        return {
            name: connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608
            for name in TABLES
        }


def tail(folder: Path) -> list[bytes]:
    """Read the entries that stand in a ledger's database from its last full bundle on."""
    with closing(sqlite3.connect(Layout(folder).database)) as connection:
        rows = connection.execute(
            "SELECT entries FROM segment WHERE first >= (SELECT trimmed FROM head) ORDER BY first"
        ).fetchall()
    return [entry for (data,) in rows for entry in bundle.parse(data)]


def went_on(folder: Path) -> None:
    """Check that a ledger can be written, and that it is sound afterwards."""
    with counterfoil.open(folder) as ledger:
        recorded = ledger.record({"after": "recovery"})
        assert recorded.index == ledger.size - 1
        assert prove(ledger, recorded.index).index == recorded.index
        again = ledger.record_many([{"row": 0, "amount_minor": 0}], source="file:rows", first=0)
        assert again.new == 0  # the numbers are known again
    assert audit(folder, full=True).findings == ()


def unpublished(folder: Path, count: int = 300) -> tuple[int, list[bytes]]:
    """Make a ledger with a tail that is not published, as a crash leaves it; gives its entries."""
    set_setting(folder, "publish_interval_s", "60")
    crashed = folder.with_name("crashed")
    with counterfoil.open(folder) as ledger:
        ledger.record({"published": "at once"})
        ledger.publish()
        published = ledger.size
        ledger.record_many([{"n": number} for number in range(count)])
        shutil.copytree(folder, crashed, ignore=shutil.ignore_patterns("owner.*"))
        entries = list(ledger.entries())
    shutil.rmtree(folder)
    crashed.rename(folder)
    set_setting(folder, "publish_interval_s", "0.01")
    return published, entries


def damage(path: Path, at: int = 100) -> None:
    """Flip a bit of a file, not of those it is linked with."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.unlink()
    path.write_bytes(data)


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


def test_the_tail_is_saved(busy: Path) -> None:
    """Entries that were acknowledged and never published are saved from the old database."""
    published, entries = unpublished(busy)
    report = recover(busy)
    assert (report.published_size, report.size) == (published, len(entries))
    assert report.tail_saved == len(entries) - published > 300
    with counterfoil.open(busy) as ledger:
        assert list(ledger.entries()) == entries
    went_on(busy)


def test_the_tail_in_a_wal_is_saved(busy: Path) -> None:
    """Entries that a crash left in the WAL are saved, too."""
    published, entries = unpublished(busy)
    wal = Layout(busy).database.with_name("ledger.db-wal")
    assert wal.stat().st_size > 0
    report = recover(busy)
    assert report.size == len(entries) > published
    assert report.moved_aside is not None
    assert Path(report.moved_aside + "-wal").exists()
    assert not wal.exists()


def test_a_tail_that_is_damaged(busy: Path) -> None:
    """A tail that cannot be saved is not dropped silently: the loss must be accepted."""
    published, entries = unpublished(busy)
    path = Layout(busy).database
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM segment WHERE first > ?", (published,))
        connection.commit()
    with pytest.raises(Refused) as caught:
        recover(busy)
    assert caught.value.code == "recover.tail-lost"
    assert str(len(entries)) in caught.value.message
    report = recover(busy, accept_loss=True)
    assert report.lost == (published, len(entries))
    assert report.size == published
    went_on(busy)


def test_a_tail_in_a_database_set_aside(busy: Path) -> None:
    """A crash between two steps of a recovery loses no tail: the set-aside database is read too."""
    _, entries = unpublished(busy)
    path = Layout(busy).database
    for suffix in ("", "-wal"):
        part = path.with_name(path.name + suffix)
        part.rename(part.with_name(f"ledger.db.damaged-20260101T000000Z{suffix}"))
    report = recover(busy)
    assert report.size == len(entries)
    went_on(busy)


def test_recovering_twice(busy: Path) -> None:
    """A second recovery finds the first one's work, and both old databases are kept."""
    recover(busy)
    recover(busy)
    assert len(list(busy.glob("ledger.db.damaged-*"))) == 2
    went_on(busy)


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

    def stop(what: str, done: int, total: int) -> None:
        if what == "index":
            raise Unavailable("test.stop", "expected to go on, found a test")

    with pytest.raises(Unavailable):
        recover(busy, progress=stop)
    assert Layout(busy).database.read_bytes() == before
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


# Restored -----------------------------------------------------------------------------------------


def receipt_of(ledger: Ledger, index: int) -> bytes:
    """Get a receipt as a client keeps it."""
    return receipts.format(ledger.receipt(index))


def test_a_lost_folder_is_restored(busy: Path, tmp_path: Path) -> None:
    """A lost folder comes back from a backup when the last known state is in it, with its keys."""
    backup(busy, tmp_path / "copy", with_keys=True)
    known = {"the last checkpoint": (busy / "checkpoint").read_bytes()}
    shutil.rmtree(busy)
    report = recover(busy, source=tmp_path / "copy", last_known=known)
    assert (report.way, report.notices) == ("restored", ())
    assert not (busy / "backup.json").exists()
    went_on(busy)
    with pytest.raises(Refused):
        counterfoil.open(tmp_path / "copy")


def test_a_lost_folder_without_keys(busy: Path, tmp_path: Path) -> None:
    """Without its keys a restored ledger can be read, and says what is missing."""
    backup(busy, tmp_path / "copy")
    keys = tmp_path / "keys"
    shutil.copytree(Layout(busy).keys, keys)
    known = {"the last checkpoint": (busy / "checkpoint").read_bytes()}
    shutil.rmtree(busy)
    report = recover(busy, source=tmp_path / "copy", last_known=known)
    assert any("no keys" in notice for notice in report.notices)
    with counterfoil.open(busy, read_only=True) as ledger:
        assert prove(ledger, 5).index == 5
    shutil.copytree(keys, Layout(busy).keys)
    went_on(busy)


def test_nothing_known(busy: Path, tmp_path: Path) -> None:
    """A backup is never silently taken for the log: somebody must know how far the log had come."""
    backup(busy, tmp_path / "copy", with_keys=True)
    shutil.rmtree(busy)
    with pytest.raises(Refused) as caught:
        recover(busy, source=tmp_path / "copy")
    assert caught.value.code == "recover.nothing-known"
    assert not busy.exists()


def test_newer_known(busy: Path, tmp_path: Path) -> None:
    """A backup does not become the log again when a client has a later receipt."""
    backup(busy, tmp_path / "copy", with_keys=True)
    with counterfoil.open(busy) as ledger:
        late = receipt_of(ledger, ledger.record({"late": 1}).index)
    shutil.rmtree(busy)
    with pytest.raises(Refused) as caught:
        recover(busy, source=tmp_path / "copy", last_known={"a late receipt": late})
    assert caught.value.code == "recover.newer-known"
    assert "a late receipt" in caught.value.message
    assert not busy.exists()


def test_the_own_checkpoint_knows(busy: Path, tmp_path: Path) -> None:
    """Where only the folder's checkpoint is left, it decides: newer than the backup is refused."""
    backup(busy, tmp_path / "copy", with_keys=True)
    signed = (busy / "checkpoint").read_bytes()
    with counterfoil.open(busy) as ledger:
        ledger.record({"late": 1})
    later = (busy / "checkpoint").read_bytes()
    for note, refused in ((later, True), (signed, False)):
        shutil.rmtree(busy)
        busy.mkdir()
        (busy / "checkpoint").write_bytes(note)
        if refused:
            with pytest.raises(Refused):
                recover(busy, source=tmp_path / "copy")
        else:
            assert recover(busy, source=tmp_path / "copy").way == "restored"
            went_on(busy)


def test_a_backup_in_the_place_of_the_log(busy: Path, tmp_path: Path) -> None:
    """A backup that was moved to where the log was is not taken for it without evidence."""
    backup(busy, tmp_path / "copy", with_keys=True)
    known = {"kept": (busy / "checkpoint").read_bytes()}
    shutil.rmtree(busy)
    shutil.copytree(tmp_path / "copy", busy)
    with pytest.raises(Refused) as caught:
        recover(busy)
    assert caught.value.code == "recover.nothing-known"
    report = recover(busy, last_known=known)
    assert report.way == "rebuilt"
    went_on(busy)


def test_a_tail_in_a_backup_is_restored(busy: Path, tmp_path: Path) -> None:
    """Entries that only the backup's database has come back with it."""
    set_setting(busy, "publish_interval_s", "60")
    with counterfoil.open(busy) as ledger:
        ledger.record({"published": "at once"})
        ledger.publish()
        ledger.record_many([{"n": number} for number in range(300)])
        copied = backup(busy, tmp_path / "copy", with_keys=True)
        known = {"kept": ledger.published()}
    shutil.rmtree(busy)
    report = recover(busy, source=tmp_path / "copy", last_known=known)
    assert (report.published_size, report.size) == (copied.size, copied.committed)
    went_on(busy)


def test_a_killed_restore_is_run_again(busy: Path, tmp_path: Path) -> None:
    """A restore that is stopped half-way is no ledger yet, and is simply run again."""
    backup(busy, tmp_path / "copy", with_keys=True)
    known = {"kept": (busy / "checkpoint").read_bytes()}
    shutil.rmtree(busy)

    def stop(what: str, done: int, total: int) -> None:
        if what == "restore" and done == total:
            raise Unavailable("test.stop", "expected to go on, found a test")

    with pytest.raises(Unavailable):
        recover(busy, source=tmp_path / "copy", last_known=known, progress=stop)
    with pytest.raises(NotFound):
        counterfoil.open(busy)
    assert recover(busy, source=tmp_path / "copy", last_known=known).way == "restored"
    went_on(busy)


def test_evidence_of_another_log(busy: Path, tmp_path: Path) -> None:
    """Evidence that this log did not sign says nothing about it, and is refused by name."""
    create_ledger(tmp_path / "another", SystemClock())
    foreign = (tmp_path / "another" / "checkpoint").read_bytes()
    with pytest.raises(Refused) as caught:
        recover(busy, last_known={"foreign": foreign})
    assert caught.value.code == "recover.evidence"
    assert "foreign" in caught.value.message


def test_forked_evidence(busy: Path, tmp_path: Path) -> None:
    """Two histories that the log signed are not mended: people must decide."""
    other = tmp_path / "other"
    shutil.copytree(busy, other)
    for folder in (busy, other):
        with counterfoil.open(folder) as ledger:
            ledger.record({"in": folder.name})
            ledger.record({"and": "more"})
    known = {"the other history": (other / "checkpoint").read_bytes()}
    with pytest.raises(FatalLogError) as caught:
        recover(busy, last_known=known)
    assert caught.value.code == "recover.forked"
    assert "the other history" in caught.value.message


def test_settings_that_are_lost(busy: Path, tmp_path: Path) -> None:
    """A lost policy comes from the copy; without a copy it is asked for."""
    backup(busy, tmp_path / "copy")
    Layout(busy).policy.unlink()
    with pytest.raises(FatalLogError) as caught:
        recover(busy)
    assert caught.value.code == "log.policy"
    recover(busy, source=tmp_path / "copy")
    went_on(busy)


def test_a_lost_checkpoint(busy: Path) -> None:
    """A lost `checkpoint` is published again from what the database has signed."""
    signed = (busy / "checkpoint").read_bytes()
    (busy / "checkpoint").unlink()
    recover(busy)
    assert (busy / "checkpoint").read_bytes() == signed
    went_on(busy)


def test_no_tiles_at_all(busy: Path) -> None:
    """A folder without tiles cannot be rebuilt from them."""
    shutil.rmtree(busy / "tile")
    with pytest.raises(FatalLogError) as caught:
        recover(busy)
    assert caught.value.code == "recover.damaged"


# Succeeded ----------------------------------------------------------------------------------------


def test_a_successor(busy: Path, tmp_path: Path) -> None:
    """A successor is a new log of the same organisation, which says where the old one ended."""
    backup(busy, tmp_path / "copy", with_keys=True)
    with counterfoil.open(busy) as ledger:
        late = receipt_of(ledger, ledger.record({"late": 1}).index)
        origin, size = ledger.origin, ledger.size
    old_key = KeyFiles(Layout(busy).keys).load_statement_key("producer").keyid
    shutil.rmtree(busy)
    new = tmp_path / "new"
    report = recover(
        new, source=tmp_path / "copy", last_known={"late": late}, successor=True, why="a fire"
    )
    assert (report.way, report.origin, report.size) == ("successor", origin, size)
    with counterfoil.open(new) as ledger:
        kinds = [view.kind for view in ledger.views()]
        frozen = ledger.get(3)
        assert kinds == ["key", "key", "organisation", "log-frozen"]
        assert frozen.content["origin"] == origin
        assert (frozen.content["size"], frozen.content["why"]) == (size, "a fire")
        assert frozen.content["successor"] == ledger.origin == report.successor != origin
        assert frozen.content["checkpoint"] == receipts.parse(late).checkpoint
        assert ledger.config.organisation == OWNER
        assert ledger.keys[0].keyid == old_key
        assert prove(ledger, 3).index == 3
    assert audit(new, full=True).findings == ()


def test_a_successor_without_keys(busy: Path, tmp_path: Path) -> None:
    """Without the old keys a successor has new ones, and says what readers must be told."""
    backup(busy, tmp_path / "copy")
    report = recover(tmp_path / "new", source=tmp_path / "copy", successor=True)
    assert any("new producer key" in notice for notice in report.notices)
    with counterfoil.open(tmp_path / "new") as ledger:
        assert ledger.get(3).kind == "log-frozen"


def test_a_successor_of_a_damaged_folder(busy: Path, tmp_path: Path) -> None:
    """A damaged folder can be succeeded as it is; what is wrong with it is said."""
    (busy / "tile/entries/003").unlink()
    Layout(busy).database.unlink()
    report = recover(tmp_path / "new", source=busy, successor=True)
    assert any("tile/entries/003" in notice for notice in report.notices)


def test_successors_that_are_refused(busy: Path, tmp_path: Path) -> None:
    """A successor needs an empty folder, a copy, and one history that the old log signed."""
    cases: list[tuple[Callable[[], object], type[CounterfoilError], str]] = [
        (lambda: recover(busy, source=busy, successor=True), InputError, "ledger.exists"),
        (lambda: recover(tmp_path / "new", successor=True), InputError, "recover.no-source"),
    ]
    for call, kind, code in cases:
        with pytest.raises(kind) as caught:
            call()
        assert caught.value.code == code
    other = tmp_path / "other"
    shutil.copytree(busy, other)
    for folder in (busy, other):
        with counterfoil.open(folder) as ledger:
            ledger.record({"in": folder.name})
    with pytest.raises(FatalLogError) as forked:
        recover(
            tmp_path / "new",
            source=busy,
            last_known={"other": (other / "checkpoint").read_bytes()},
            successor=True,
        )
    assert forked.value.code == "recover.forked"
    (busy / "checkpoint").unlink()
    Layout(busy).database.unlink()
    with pytest.raises(Refused) as nothing:
        recover(tmp_path / "new", source=busy, successor=True)
    assert nothing.value.code == "recover.nothing-known"
    assert not (tmp_path / "new").exists()


def test_a_read_only_disk(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that cannot be written is named, and the ledger stays as it was."""
    before = Layout(busy).database.read_bytes()

    def refuse(*_: object) -> None:
        raise PermissionError("a read-only disk")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(Unavailable) as caught:
        recover(busy)
    assert caught.value.code == "recover.files"
    assert Layout(busy).database.read_bytes() == before
