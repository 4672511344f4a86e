"""Backups: whole, marked, incremental, made beside the owner, and never a newer by an older one."""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import FatalLogError, InputError, NotFound, Refused, Unavailable
from counterfoil.ledger import Layout, create_ledger
from counterfoil.ledger.audit import audit
from counterfoil.ledger.backup import backup
from counterfoil.ledger.backup_marker import read_marker
from counterfoil.ledger.recover import recover
from counterfoil.ports import SystemClock
from counterfoil.storage.folder_copy import Done, FolderCopy
from tests.busy_ledger import busy_ledger
from tests.ledgers import copy_ledger, prove, set_setting


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A closed busy ledger."""
    return busy_ledger(tmp_path / "ledger")


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file of a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_backup_is_whole(busy: Path, tmp_path: Path) -> None:
    """A backup passes the full audit, has every payload, and proves every record."""
    report = backup(busy, tmp_path / "copy")
    assert audit(tmp_path / "copy", full=True).findings == ()
    assert report.size == report.committed == audit(busy).size
    assert report.payloads_linked + report.payloads_copied == 2
    assert report.keys == 0
    assert not Layout(tmp_path / "copy").keys.exists()
    with counterfoil.open(tmp_path / "copy", read_only=True) as copy:
        assert copy.size == report.size
        assert prove(copy, 100).grade == "signed by the log alone"
    assert json.loads(json.dumps(report.to_json()))["root"] == report.root


def test_a_backup_is_not_written(busy: Path, tmp_path: Path) -> None:
    """A backup is never opened for writing, and says what to do instead."""
    backup(busy, tmp_path / "copy")
    with pytest.raises(Refused) as caught:
        counterfoil.open(tmp_path / "copy")
    assert caught.value.code == "ledger.is-backup"
    assert "recover" in caught.value.hint
    (tmp_path / "copy" / "backup.json").write_text("damaged")
    with pytest.raises(Refused):
        counterfoil.open(tmp_path / "copy", create=True)


def test_a_second_run_copies_what_is_new(busy: Path, tmp_path: Path) -> None:
    """A second run into the same folder keeps what is there, and the copy is whole again."""
    first = backup(busy, tmp_path / "copy")
    with counterfoil.open(busy) as ledger:
        ledger.record_many([{"n": number} for number in range(700)])
        ledger.record({"large": "y" * 60_000})
    second = backup(busy, tmp_path / "copy")
    assert second.size == first.size + 707
    assert second.tiles_kept >= 16  # all full bundles and tiles of the first run
    assert second.tiles_linked <= 9
    assert (second.payloads_kept, second.payloads_linked) == (2, 1)
    assert audit(tmp_path / "copy", full=True).findings == ()
    marker = read_marker(tmp_path / "copy")
    assert marker is not None
    assert (marker.size, marker.root, marker.state) == (second.size, second.root, "complete")


def test_without_links(busy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On another disk, where files cannot be linked, they are copied."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "link", refuse)
    report = backup(busy, tmp_path / "copy")
    assert report.tiles_linked == 0
    assert report.tiles_copied > 10
    assert report.bytes_copied > 100_000
    assert audit(tmp_path / "copy", full=True).findings == ()


def test_keys_only_when_asked_for(busy: Path, tmp_path: Path) -> None:
    """Private keys are copied only when asked for, and only their owner may read them."""
    report = backup(busy, tmp_path / "copy", with_keys=True)
    keys = sorted(Layout(tmp_path / "copy").keys.iterdir())
    assert report.keys == len(keys) == len(list(Layout(busy).keys.iterdir()))
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_a_backup_while_the_owner_writes(busy: Path, tmp_path: Path) -> None:
    """Backups beside a process that writes, publishes and trims are each consistent."""
    stop = threading.Event()
    with counterfoil.open(busy) as ledger:

        def write() -> None:
            while not stop.wait(0.02):
                ledger.record_many([{"n": number} for number in range(700)])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(2):
                report = backup(busy, tmp_path / "copy")
                assert audit(tmp_path / "copy", full=True).findings == ()
                assert report.committed >= report.size
        finally:
            stop.set()
            writer.join()


def test_the_tail_is_in_the_backup(busy: Path, tmp_path: Path) -> None:
    """Entries that are committed and not published yet are in the backup's database."""
    set_setting(busy, "publish_interval_s", "60")
    with counterfoil.open(busy) as ledger:
        ledger.record({"published": "at once"})
        ledger.publish()
        ledger.record_many([{"n": number} for number in range(300)])
        report = backup(busy, tmp_path / "copy")
        assert report.committed == ledger.size > report.size
    assert audit(tmp_path / "copy", full=True).size == report.committed


def test_a_partial_tile_that_became_full(busy: Path, tmp_path: Path) -> None:
    """A partial tile that a full one replaced while the copy was made is cut from the full one."""
    signed = (busy / "checkpoint").read_bytes()
    database = Layout(busy).database.read_bytes()
    with counterfoil.open(busy) as ledger:
        ledger.record_many([{"n": number} for number in range(700)])
    (busy / "checkpoint").write_bytes(signed)
    Layout(busy).database.write_bytes(database)
    assert not (busy / "tile/entries/008.p").exists()
    report = backup(busy, tmp_path / "copy")
    assert report.tiles_copied == 2  # the bundle and its tile
    assert audit(tmp_path / "copy", full=True).findings == ()


def test_a_killed_run_is_run_again(busy: Path, tmp_path: Path) -> None:
    """A run that is stopped leaves no copy that counts; the next one goes on from there."""
    told: list[str] = []

    def stop(what: str, done: int, total: int) -> None:
        told.append(what)
        if what == "audit":
            raise Unavailable("test.stop", "expected to go on, found a test")

    with pytest.raises(Unavailable):
        backup(busy, tmp_path / "copy", progress=stop)
    assert {"tiles", "payloads", "audit"} == set(told)
    assert not (tmp_path / "copy" / "checkpoint").exists()
    with pytest.raises(Refused):
        counterfoil.open(tmp_path / "copy")
    report = backup(busy, tmp_path / "copy")
    assert report.tiles_kept > 10
    assert audit(tmp_path / "copy", full=True).findings == ()


def test_a_damaged_copy_is_mended(busy: Path, tmp_path: Path) -> None:
    """A file of the copy that was damaged since is found and copied again."""
    backup(busy, tmp_path / "copy")
    path = tmp_path / "copy" / "tile/entries/003"
    data = bytearray(path.read_bytes())
    data[77] ^= 1
    path.unlink()
    path.write_bytes(data)
    backup(busy, tmp_path / "copy")
    assert path.read_bytes() == (busy / "tile/entries/003").read_bytes()
    assert audit(tmp_path / "copy", full=True).findings == ()


@pytest.mark.parametrize(
    "damage", ["tile", "missing tile", "checkpoint", "database", "no checkpoint"]
)
def test_a_damaged_ledger_is_not_copied(busy: Path, tmp_path: Path, damage: str) -> None:
    """A damaged ledger never replaces the last good copy."""
    backup(busy, tmp_path / "copy")
    with counterfoil.open(busy) as ledger:
        ledger.record_many([{"n": number} for number in range(700)])
    before = contents(tmp_path / "copy")
    if damage == "tile":
        (busy / "tile/entries/009").write_bytes(b"\0" * 1000)
    elif damage == "missing tile":
        (busy / "tile/entries/009").unlink()
    elif damage == "checkpoint":
        (busy / "checkpoint").write_bytes(b"hello\n\nworld\n")
    elif damage == "no checkpoint":
        (busy / "checkpoint").unlink()
    else:
        Layout(busy).database.write_bytes(b"\x5a" * 10_000)
    with pytest.raises(FatalLogError) as caught:
        backup(busy, tmp_path / "copy")
    assert caught.value.code == "backup.damaged"
    after = contents(tmp_path / "copy")
    assert {name: after[name] for name in before} == before
    assert audit(tmp_path / "copy", full=True).findings == ()


def test_an_older_ledger_does_not_replace_a_newer_copy(busy: Path, tmp_path: Path) -> None:
    """A ledger that went back is refused: the backup has what it lost."""
    old = tmp_path / "old"
    shutil.copytree(busy, old)
    with counterfoil.open(busy) as ledger:
        ledger.record({"new": 1})
    backup(busy, tmp_path / "copy")
    with pytest.raises(Refused) as caught:
        backup(old, tmp_path / "copy")
    assert caught.value.code == "backup.newer"


def test_a_fork_does_not_replace_a_copy(busy: Path, tmp_path: Path) -> None:
    """A ledger that was put back and went on differs from its last backup, and is refused."""
    old = tmp_path / "old"
    shutil.copytree(busy, old)
    with counterfoil.open(busy) as ledger:
        ledger.record({"new": 1})
    backup(busy, tmp_path / "copy")
    with counterfoil.open(old) as ledger:
        ledger.record({"other": 1})
        ledger.record({"other": 2})
    with pytest.raises(FatalLogError) as caught:
        backup(old, tmp_path / "copy")
    assert "the last backup" in caught.value.message


def test_destinations_that_are_refused(busy: Path, tmp_path: Path) -> None:
    """A destination that holds something else, another log, or the ledger itself is refused."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("no folder")
    create_ledger(tmp_path / "another", SystemClock())
    backup(tmp_path / "another", tmp_path / "copy")
    for destination, code in (
        (tmp_path / "full", "backup.not-a-backup"),
        (tmp_path / "file", "backup.not-a-backup"),
        (tmp_path / "copy", "backup.other-log"),
    ):
        with pytest.raises(Refused) as refused:
            backup(busy, destination)
        assert refused.value.code == code
    for destination in (busy, busy / "inside", busy.parent):
        with pytest.raises(InputError) as caught:
            backup(busy, destination)
        assert caught.value.code == "backup.destination"
    with pytest.raises(NotFound):
        backup(tmp_path / "nowhere", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_destination_below_a_file(busy: Path, tmp_path: Path) -> None:
    """A destination that cannot be made is named."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Unavailable) as caught:
        backup(busy, tmp_path / "file" / "copy")
    assert caught.value.code == "backup.files"


def test_a_payload_that_is_erased_meanwhile(
    busy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A payload that is gone when its turn comes is not copied, and nothing is wrong."""
    copy = FolderCopy.copy

    def vanish(self: FolderCopy, source: Path, target: Path, *, mode: int = 0o644) -> Done:
        if "payload" in source.parts:
            raise FileNotFoundError(source)
        return copy(self, source, target, mode=mode)

    monkeypatch.setattr(FolderCopy, "copy", vanish)
    assert backup(busy, tmp_path / "copy").payloads_linked == 0
    assert audit(tmp_path / "copy", full=True).findings == ()


def test_a_garbled_checkpoint_of_a_copy(busy: Path, tmp_path: Path) -> None:
    """A copy whose checkpoint cannot be read any more is made whole by the next run."""
    backup(busy, tmp_path / "copy")
    (tmp_path / "copy" / "checkpoint").write_bytes(b"garbled")
    backup(busy, tmp_path / "copy")
    assert audit(tmp_path / "copy", full=True).findings == ()


def test_a_marker_of_a_crash_is_taken_over(busy: Path, tmp_path: Path) -> None:
    """A copy whose marker cannot be read any more is copied again, not refused."""
    backup(busy, tmp_path / "copy")
    (tmp_path / "copy" / "backup.json").write_text("{}")
    assert backup(busy, tmp_path / "copy").tiles_kept > 10


def test_a_full_disk(busy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that cannot be written is named, and nothing counts as copied."""
    (tmp_path / "copy").mkdir()
    original = os.link

    def fill(source: Path, target: Path) -> None:
        if "008" in str(target):
            shutil.rmtree(tmp_path / "copy" / "tile")
            (tmp_path / "copy" / "tile").write_text("in the way")
        original(source, target)

    monkeypatch.setattr(os, "link", fill)
    with pytest.raises((Unavailable, FileNotFoundError)) as caught:
        backup(busy, tmp_path / "copy")
    assert isinstance(caught.value, Unavailable)
    assert caught.value.code == "copy.write"
    assert not (tmp_path / "copy" / "checkpoint").exists()


def test_anchors_travel(tmp_path: Path) -> None:
    """What anchoring knows, its chain and its keys are in a backup, and come back from it."""
    folder = copy_ledger(tmp_path / "ledger")
    set_setting(folder, "anchor_chains", '["embedded"]')
    with counterfoil.open(folder) as ledger:
        ledger.record({"n": 1})
        (first,) = ledger.anchor()
    backup(folder, tmp_path / "backup", with_keys=True)
    folder.rename(tmp_path / "gone")
    last = (tmp_path / "gone" / "checkpoint").read_bytes()
    recover(folder, source=tmp_path / "backup", last_known={"checkpoint": last})
    with counterfoil.open(folder) as ledger:
        assert [claim.transaction for claim in ledger.receipt(0).anchors] == [first.transaction]
        ledger.record({"n": 2})
        (second,) = ledger.anchor()
    assert (second.chain_id, second.owner, second.contract) == (
        first.chain_id,
        first.owner,
        first.contract,
    )
    assert second.phase == "final"
