"""Recovery from a copy: a lost folder is restored, or succeeded by a new log."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import (
    FatalLogError,
    NotFound,
    Refused,
    Unavailable,
)
from counterfoil.ledger import Layout, create_ledger
from counterfoil.ledger.backup import backup
from counterfoil.ledger.recover import recover
from counterfoil.ports import SystemClock
from tests.busy_ledger import busy_ledger
from tests.ledgers import prove, set_setting
from tests.unit.ledger.recovering import receipt_of, went_on


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A closed busy ledger."""
    return busy_ledger(tmp_path / "ledger")


# Restored -----------------------------------------------------------------------------------------


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
