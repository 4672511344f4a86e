"""Copies are made and brought back; a ledger is looked over."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import CounterfoilError, NotFound
from counterfoil.ledger import open_ledger
from counterfoil.ops import receipts
from counterfoil.ops.backups import backup
from counterfoil.ops.health import doctor
from counterfoil.ops.recovery import recover


@pytest.fixture
def sold(shop: Path) -> Path:
    """Give a ledger with more than one tile."""
    with open_ledger(shop) as ledger:
        ledger.record_many([{"n": n} for n in range(600)])
    return shop


def test_a_lost_ledger_comes_back_from_its_copy(sold: Path, tmp_path: Path) -> None:
    """A copy with its keys, and a receipt that somebody kept, bring the whole log back."""
    receipts.get("400", out=tmp_path / "kept.json", ledger=sold)
    heard: set[str] = set()

    def hear(done: int, total: int | None, unit: str) -> None:
        heard.add(unit)

    copied = backup(sold, tmp_path / "copy", with_keys=True, progress=hear)
    assert (copied.keys > 0, "tiles copied" in heard) == (True, True)
    sold.rename(tmp_path / "lost")
    kept = (tmp_path / "kept.json",)
    back = recover(sold, from_=tmp_path / "copy", last_known=kept, progress=hear)
    assert (back.way, back.size) == ("restored", copied.size)
    with open_ledger(sold) as ledger:
        assert ledger.record({"n": 600}).index == copied.size


def test_a_database_is_made_again_from_the_tiles(sold: Path) -> None:
    """Without a copy the folder's own tiles are enough for the database."""
    (sold / "ledger.db").write_bytes(b"x" * 4096)
    assert recover(sold).way == "rebuilt"
    assert doctor(ledger=sold).exit_status == 0


def test_a_sick_ledger_is_told(sold: Path, tmp_path: Path) -> None:
    """The doctor's status says whether something is bad, and each check what it found."""
    well = doctor(ledger=sold)
    assert well.exit_status == 0
    assert {check["status"] for check in well.to_json()["checks"]} <= {"ok", "warn"}
    (sold / "checkpoint").write_bytes(b"torn")
    assert doctor(ledger=sold).exit_status == 1
    with pytest.raises(NotFound):
        doctor(ledger=tmp_path / "none")
    with pytest.raises(CounterfoilError):
        recover(tmp_path / "none")
