"""Recovery of a tail: what was acknowledged and not published yet is not lost silently."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import Refused
from counterfoil.formats import bundle
from counterfoil.ledger import Layout
from counterfoil.ledger.recover import recover
from tests.busy_ledger import busy_ledger
from tests.unit.ledger.recovering import damage, unpublished, went_on


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A closed busy ledger."""
    return busy_ledger(tmp_path / "ledger")


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


@pytest.mark.parametrize("fault", ["malformed", "short"])
def test_a_tail_row_that_is_none(busy: Path, fault: str) -> None:
    """A row of the tail that is no bundle, or a shorter one, ends what can be saved."""
    published, entries = unpublished(busy)
    with closing(sqlite3.connect(Layout(busy).database)) as connection:
        data = b"\xff\xff" if fault == "malformed" else bundle.format([b"one entry"])
        connection.execute("UPDATE segment SET entries = ? WHERE first > ?", (data, published))
        connection.commit()
    report = recover(busy, accept_loss=True)
    assert report.lost == (published, len(entries))
    went_on(busy)


def test_tiles_of_a_head_that_was_not_published(busy: Path) -> None:
    """Tiles that a crash left behind of a later head are used if they are whole, else left."""
    for whole in (True, False):
        folder = busy.with_name(f"ledger-{whole}")
        shutil.copytree(busy, folder)
        published, entries = unpublished(folder)
        later = folder.with_name(f"later-{whole}")
        shutil.copytree(folder, later)
        with counterfoil.open(later):
            pass  # publishes
        shutil.copytree(later / "tile", folder / "tile", dirs_exist_ok=True)
        if not whole:
            damage(folder / "tile/0/008", 7000)
        report = recover(folder)
        assert report.size == len(entries)
        assert report.published_size == (len(entries) if whole else published)
        went_on(folder)
