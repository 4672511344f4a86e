"""Damage a ledger's files one bit at a time, and see whether an audit names it.

A bit that no reader ever reads may be flipped without being found; whether it is one is decided
by reading everything again: all tables, by their rows and by their indexes.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from counterfoil.errors import CounterfoilError
from counterfoil.formats.tile import bundles_between, tiles_between
from counterfoil.ledger import Layout
from counterfoil.ledger.audit import AuditReport, audit
from counterfoil.log import parse_signed
from counterfoil.storage import SqliteStore

__all__ = ["PAGE_BYTES", "Damaged", "flips", "needed_tiles", "pages_of", "tiles_of"]

PAGE_BYTES = 8192

_INDEXED = "SELECT issuer, name FROM source INDEXED BY sqlite_autoindex_source_1"


class Damaged:
    """A copy of a sound ledger whose files are damaged and made whole again.

    folder: the copy. sound: where it was copied from.
    """

    def __init__(self, sound: Path, folder: Path) -> None:
        shutil.copytree(sound, folder)
        self.sound, self.folder = sound, folder
        self._everything = read_everything(folder)

    def flip(self, name: str, at: int, bit: int) -> None:
        """Flip one bit of a file."""
        data = bytearray((self.folder / name).read_bytes())
        data[at] ^= 1 << bit
        (self.folder / name).write_bytes(data)

    def heal(self, name: str) -> None:
        """Put a file back as it was, and remove what SQLite left beside it."""
        shutil.copyfile(self.sound / name, self.folder / name)
        for path in self.folder.glob("ledger.db-*"):
            path.unlink()

    def audit(self, *, full: bool) -> AuditReport:
        """Audit what is there now."""
        return audit(self.folder, full=full)

    def is_harmless(self) -> bool:
        """Tell whether everything reads as it did before, but for times within their order.

        The time of a kept checkpoint is its operator's word: no signature covers it, and only
        its order is checked.
        """
        with suppress(CounterfoilError, sqlite3.Error, UnicodeDecodeError):
            return _timeless(read_everything(self.folder)) == _timeless(self._everything)
        return False


def read_everything(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Read every row of every table of a ledger's database, as its store and SQLite see them."""
    path = Layout(folder).database
    store = SqliteStore(path, read_only=True)
    try:
        found: dict[str, list[tuple[Any, ...]]] = {"stored head": [(store.head(),)]}
    finally:
        store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        names = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
        found["schema"] = names
        for name, sql in names:
            if sql is not None:
                query = f"SELECT * FROM {name.decode()}"  # noqa: S608 - a table of ours
                found[name.decode()] = connection.execute(query).fetchall()
        found["by index"] = connection.execute(_INDEXED).fetchall()
    return found


def _timeless(read: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Take the times out of kept checkpoints that are not the head's."""
    size = read["head"][0][1]
    kept = [row if row[0] == size else row[:2] for row in read["checkpoint"]]
    return {**read, "checkpoint": kept}


def tiles_of(folder: Path) -> list[str]:
    """List the published files: tiles, bundles and the checkpoint."""
    files = [path for path in sorted((folder / "tile").rglob("*")) if path.is_file()]
    return [*(path.relative_to(folder).as_posix() for path in files), "checkpoint"]


def needed_tiles(folder: Path) -> list[str]:
    """List the tiles that the published tree needs; older partial ones may be deleted."""
    size = parse_signed((folder / "checkpoint").read_bytes()).size
    return [str(tile) for tile in [*bundles_between(0, size), *tiles_between(0, size)]]


def pages_of(folder: Path) -> range:
    """Number the pages of a ledger's database, from 0."""
    return range(Layout(folder).database.stat().st_size // PAGE_BYTES)


def flips(data: bytes, count: int, seed: int) -> Iterator[tuple[int, int]]:
    """Choose bits as (byte, bit): half of them where a byte is not zero, as used ones are."""
    chosen = random.Random(seed)
    used = [at for at, byte in enumerate(data) if byte] or [0]
    for number in range(count):
        at = chosen.choice(used) if number % 2 == 0 else chosen.randrange(len(data))
        yield at, chosen.randrange(8)
