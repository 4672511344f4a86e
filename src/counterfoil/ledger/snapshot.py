"""Hold a ledger still for a moment: a copy of its database, and a published checkpoint to match.

The owner may go on meanwhile. The checkpoint must not be newer than the database, else it would
look as if the database had gone back, nor older than what the database has trimmed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from counterfoil.errors import CounterfoilError
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.tile_sources import TilesUnder
from counterfoil.log import parse_signed
from counterfoil.storage import SqliteStore, TileFiles
from counterfoil.storage.sqlite_copy import copy_database

__all__ = ["freeze", "take_snapshot"]

_TRIES: Final = 10


def freeze(folder: Path) -> TilesUnder:
    """Take a ledger's tiles under the checkpoint that is published now."""
    return TilesUnder(folder, TileFiles(folder).published())


def take_snapshot(layout: Layout, database: Path) -> TilesUnder:
    """Copy a ledger's database to a new file, and freeze the checkpoint that goes with it.

    Raises as `copy_database`; what else is wrong is for an audit to say.
    """
    tiles = freeze(layout.folder)
    copy_database(layout.database, database)
    for _ in range(_TRIES):  # it published and trimmed between the two reads
        if _trimmed(database) <= _stated_size(tiles):
            break
        for path in database.parent.glob(database.name + "*"):  # with what a reader left beside it
            path.unlink()
        tiles = freeze(layout.folder)
        copy_database(layout.database, database)
    return tiles


def _trimmed(database: Path) -> int:
    try:
        store = SqliteStore(database, read_only=True)
        try:
            trimmed: object = store.head().trimmed
        finally:
            store.close()
    except (CounterfoilError, TypeError):
        return 0
    return trimmed if isinstance(trimmed, int) else 0


def _stated_size(tiles: TilesUnder) -> int:
    signed = tiles.published()
    try:
        return parse_signed(signed).size if signed is not None else 0
    except CounterfoilError:
        return 0
