"""What the tests of recovery share: crashed ledgers, damage, and whether a ledger went on."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import counterfoil
from counterfoil.formats import bundle
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Layout, Ledger
from counterfoil.ledger.audit import audit
from tests.ledgers import prove, set_setting

__all__ = ["damage", "receipt_of", "tables", "tail", "unpublished", "went_on"]

TABLES: Final = ("checkpoint", "counter", "head", "identity", "key_entry", "source", "span")


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


def receipt_of(ledger: Ledger, index: int) -> bytes:
    """Get a receipt as a client keeps it."""
    return receipts.format(ledger.receipt(index))
