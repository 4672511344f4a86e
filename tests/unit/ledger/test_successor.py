"""Successors: a new log that says where the old one ended, and never takes its name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import CounterfoilError, FatalLogError, InputError, Refused, Unavailable
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Layout
from counterfoil.ledger.audit import audit
from counterfoil.ledger.backup import backup
from counterfoil.ledger.recover import recover
from counterfoil.storage import KeyFiles
from tests.busy_ledger import busy_ledger
from tests.ledgers import OWNER, prove
from tests.unit.ledger.recovering import receipt_of


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A closed busy ledger."""
    return busy_ledger(tmp_path / "ledger")


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


def test_a_successor_below_a_file(busy: Path, tmp_path: Path) -> None:
    """A successor that cannot be made is named, and leaves nothing."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Unavailable) as caught:
        recover(tmp_path / "file" / "new", source=busy, successor=True)
    assert caught.value.code == "ledger.create"
