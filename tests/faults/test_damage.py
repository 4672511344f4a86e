"""Damage is found and named: in every tile, bundle and database page; and old states put back.

Each page and file is hit by some bits here, and by one bit of every byte in the campaign.
"""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import FatalLogError
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Layout
from counterfoil.ledger.audit import audit
from counterfoil.log.audit import HashAudit
from tests.busy_ledger import busy_ledger, small_ledger
from tests.faults.damage_rig import PAGE_BYTES, Damaged, flips, needed_tiles, pages_of, tiles_of

BITS_A_TILE = 4
BITS_A_PAGE = 4


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Damaged:
    """A busy ledger that is damaged and healed by turns."""
    folder = tmp_path_factory.mktemp("damage")
    return Damaged(busy_ledger(folder / "sound"), folder / "damaged")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Damaged:
    """A small ledger, for looking at every byte."""
    folder = tmp_path_factory.mktemp("damage")
    return Damaged(small_ledger(folder / "sound"), folder / "damaged")


def check_tile(damaged: Damaged, name: str, at: int, bit: int) -> None:
    """Flip a bit of a published file, and check that the hash audit names that file first."""
    damaged.flip(name, at, bit)
    try:
        report = damaged.audit(full=False)
        assert report.findings, f"bit {bit} of byte {at} of {name} was not found"
        assert report.findings[0].place == name
    finally:
        damaged.heal(name)


def check_page(damaged: Damaged, at: int, bit: int) -> bool:
    """Flip a bit of the database; the full audit names it, or it has no effect. Tells which."""
    damaged.flip("ledger.db", at, bit)
    try:
        report = damaged.audit(full=True)
        if not report.findings:
            assert damaged.is_harmless(), f"bit {bit} of byte {at} of ledger.db was not found"
            return False
        assert report.findings[0].place.startswith(("database: ", "ledger.db"))
        assert report.entries_checked == report.published_size
        return True
    finally:
        damaged.heal("ledger.db")


def test_bits_of_every_tile(damaged: Damaged) -> None:
    """A flipped bit in any tile, bundle or checkpoint is named with its file."""
    for seed, name in enumerate(tiles_of(damaged.folder)):
        data = (damaged.folder / name).read_bytes()
        for at, bit in flips(data, BITS_A_TILE, seed):
            check_tile(damaged, name, at, bit)


def test_bits_of_every_page(damaged: Damaged) -> None:
    """A flipped bit in any page of the database is named, or provably without effect."""
    data = Layout(damaged.folder).database.read_bytes()
    named = 0
    for page in pages_of(damaged.folder):
        start = page * PAGE_BYTES
        for at, bit in flips(data[start : start + PAGE_BYTES], BITS_A_PAGE, page):
            named += check_page(damaged, start + at, bit)
    assert named > len(pages_of(damaged.folder))  # most bits that are used


@pytest.mark.campaign
def test_every_byte_of_every_tile(small: Damaged) -> None:
    """One flipped bit in each byte of each published file is named with its file."""
    for name in tiles_of(small.folder):
        for at in range((small.folder / name).stat().st_size):
            check_tile(small, name, at, at % 8)


@pytest.mark.campaign
def test_every_byte_of_every_page(small: Damaged) -> None:
    """One flipped bit in each byte of the database that is used, and in every eighth other."""
    data = Layout(small.folder).database.read_bytes()
    for at, byte in enumerate(data):
        if byte or at % 8 == 0:
            check_page(small, at, (at // 8 + at) % 8)


def test_deleted_tiles(damaged: Damaged) -> None:
    """A tile that is deleted is named, each alone; so is the checkpoint."""
    for name in [*needed_tiles(damaged.folder), "checkpoint"]:
        (damaged.folder / name).unlink()
        places = [finding.place for finding in damaged.audit(full=False).findings]
        assert places == [name]
        damaged.heal(name)


def test_truncated_tiles(damaged: Damaged) -> None:
    """A tile that is cut short, by one byte, to half or to nothing, is named."""
    for name in tiles_of(damaged.folder):
        path = damaged.folder / name
        data = path.read_bytes()
        for length in (len(data) - 1, len(data) // 2, 0):
            path.write_bytes(data[:length])
            assert damaged.audit(full=False).findings[0].place == name
        damaged.heal(name)


def test_swapped_tiles(damaged: Damaged) -> None:
    """Two neighbours of one kind that changed places are both named."""
    for one, two in pairwise(needed_tiles(damaged.folder)):
        if Path(one).parent != Path(two).parent:
            continue
        first, second = damaged.folder / one, damaged.folder / two
        held = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(held)
        assert {finding.place for finding in damaged.audit(full=False).findings} == {one, two}
        damaged.heal(one)
        damaged.heal(two)


def test_an_old_database_put_back(tmp_path: Path) -> None:
    """A ledger whose old database was put back refuses to start, and the audit says why."""
    folder = busy_ledger(tmp_path / "ledger")
    old = Layout(folder).database.read_bytes()
    with counterfoil.open(folder) as ledger:
        ledger.record({"one": "more"})
    Layout(folder).database.write_bytes(old)
    with pytest.raises(FatalLogError) as caught:
        counterfoil.open(folder)
    assert caught.value.code == "log.rolled-back"
    found = [(finding.code, finding.place) for finding in audit(folder, full=True).findings]
    assert ("audit.rolled-back", "database: head") in found


def test_an_old_folder_put_back(tmp_path: Path) -> None:
    """An old copy of the whole folder looks sound; a receipt that a client kept shows the truth."""
    folder = busy_ledger(tmp_path / "ledger")
    shutil.copytree(folder, tmp_path / "old")
    with counterfoil.open(folder) as ledger:
        kept = receipts.format(ledger.receipt(ledger.record({"one": "more"}).index))
    shutil.rmtree(folder)
    (tmp_path / "old").rename(folder)
    assert audit(folder, full=True).findings == ()
    report = audit(folder, against={"a client's receipt": kept})
    assert [(f.code, f.place) for f in report.findings] == [
        ("audit.rolled-back", "a client's receipt")
    ]
    with counterfoil.open(folder) as ledger:  # it goes on as if nothing had been
        ledger.record({"another": "story"})
    report = audit(folder, against={"a client's receipt": kept})
    assert [(f.code, f.place) for f in report.findings] == [("audit.forked", "a client's receipt")]


# Controls: planted bugs that must be seen ---------------------------------------------------------


def test_an_audit_that_skips_level_one(damaged: Damaged, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: an audit that never reads tiles of level 1 misses their damage."""
    name = needed_tiles(damaged.folder)[-1]
    assert name.startswith("tile/1/")
    stale = set(tiles_of(damaged.folder)) - {*needed_tiles(damaged.folder), "checkpoint"}
    for older in stale:  # compared with the tile, it would tell
        (damaged.folder / older).unlink()
    check_tile(damaged, name, 40, 3)
    read = HashAudit._stored_tile

    def skip(self: HashAudit, level: int, number: int, width: int) -> list[bytes] | None:
        return read(self, level, number, width) if level == 0 else None

    monkeypatch.setattr(HashAudit, "_stored_tile", skip)
    with pytest.raises(AssertionError, match="was not found"):
        check_tile(damaged, name, 40, 3)
    for older in stale:
        damaged.heal(older)


def test_an_audit_that_skips_tables(damaged: Damaged, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: an audit that does not compare tables misses a changed counter."""
    data = Layout(damaged.folder).database.read_bytes()
    at = data.index(b"book") + 3
    assert check_page(damaged, at, 1)
    monkeypatch.setattr("counterfoil.ledger.audit.audit_tables", lambda *_: None)
    with pytest.raises(AssertionError, match="was not found"):
        check_page(damaged, at, 1)
