"""Keep under which id this user's readers first saw each log anchored on each chain.

An id holds contract, owner, origin and log key: a second one for the same log on the same chain
means that somebody else registered it, or that its operator began anew. This module refuses to
replace what was seen first.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from counterfoil.errors import Unavailable

__all__ = ["SeenAnchors"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS seen_anchor (
    origin TEXT NOT NULL, chain_id INTEGER NOT NULL, log_id BLOB NOT NULL,
    PRIMARY KEY (origin, chain_id)) STRICT, WITHOUT ROWID
"""


class SeenAnchors:
    """What was seen, in the SQLite file at `path`; made when something is first seen."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def first(self, origin: str, chain_id: int, log_id: bytes) -> bytes:
        """Keep an id unless one is kept, durably; gives the one that is kept now, 32 bytes.

        Raises Unavailable with code seen.unreadable when the file cannot be used.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
                connection.execute("PRAGMA synchronous = EXTRA")
                connection.execute(_SCHEMA)
                known = (origin, chain_id)
                insert = "INSERT OR IGNORE INTO seen_anchor VALUES (?, ?, ?)"
                connection.execute(insert, (*known, log_id))
                query = "SELECT log_id FROM seen_anchor WHERE origin = ? AND chain_id = ?"
                (kept,) = connection.execute(query, known).fetchone()
                return bytes(kept)
        except (sqlite3.Error, OSError) as err:
            raise Unavailable(
                "seen.unreadable",
                f"expected to use {self._path}, but: {err}",
                hint="Move the file away if it is damaged: what was seen is then forgotten.",
            ) from err
