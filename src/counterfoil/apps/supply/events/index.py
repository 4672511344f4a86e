"""The index that traces go by: which things took part in which events of a ledger.

Derived from the log, in `supply.db` of its folder; it may be deleted, and is made again. One
transaction brings it up to the log's size, so that it never holds half of a state. It is believed
only as long as the last entry that it saw is still that entry. This module refuses to say that an
event is true: `trace` tells which entries prove that it was said.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from counterfoil.apps.supply.events.linking import Linked, link
from counterfoil.apps.supply.events.model import check
from counterfoil.apps.supply.events.records import (
    SUPPLY_EVENT,
    SUPPLY_MASTER,
    SupplyEvent,
    SupplyMaster,
)
from counterfoil.errors import CounterfoilError, Unavailable
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.ledger import Ledger
from counterfoil.ledger.predicate_types import parse_registered
from counterfoil.proofs.merkle import leaf_hash

__all__ = ["Index", "index_of"]

_FILE: Final = "supply.db"
_VERSION: Final = "7"
_WAIT_S: Final = 60.0
_OURS: Final = (SUPPLY_EVENT.uri, SUPPLY_MASTER.uri)
_MAY_VOID: Final = """
(NOT EXISTS (SELECT 1 FROM whence w WHERE w.event = d.id) OR EXISTS (
SELECT 1 FROM whence w, whence o
WHERE w.event = d.id AND o.event = e.id AND w.origin = o.origin))
"""
"""One's own declarations, and those of the log that the event itself was taken over from: nobody
else takes an event back, or who caused a recall could empty it."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS event (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, at INTEGER NOT NULL,
  kind INTEGER NOT NULL, action INTEGER NOT NULL, step TEXT NOT NULL, disposition TEXT NOT NULL,
  point TEXT NOT NULL, place TEXT NOT NULL, holder TEXT NOT NULL, transformation TEXT NOT NULL,
  event_id TEXT NOT NULL, declares INTEGER, low REAL, high REAL, alarm INTEGER NOT NULL,
  void INTEGER);
CREATE INDEX IF NOT EXISTS event_time ON event (at, id);
CREATE INDEX IF NOT EXISTS event_digest ON event (digest);
CREATE INDEX IF NOT EXISTS event_transformation ON event (transformation)
  WHERE transformation != '';
CREATE INDEX IF NOT EXISTS event_void ON event (void) WHERE void IS NOT NULL;
CREATE TABLE IF NOT EXISTS part (
  thing INTEGER NOT NULL, role INTEGER NOT NULL, at INTEGER NOT NULL, event INTEGER NOT NULL,
  action INTEGER NOT NULL, quantity REAL, uom TEXT NOT NULL,
  PRIMARY KEY (thing, role, at, event)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS master (
  name TEXT NOT NULL, vocabulary TEXT NOT NULL, origin TEXT NOT NULL, since INTEGER NOT NULL,
  entry INTEGER NOT NULL, digest TEXT NOT NULL, called TEXT NOT NULL, north REAL, east REAL,
  PRIMARY KEY (name, vocabulary, origin, since, entry)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS part_event ON part (event, role, thing);
CREATE INDEX IF NOT EXISTS event_point ON event (point) WHERE low IS NOT NULL;
CREATE TABLE IF NOT EXISTS whence (event INTEGER PRIMARY KEY, origin TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reading (
  event INTEGER NOT NULL, at INTEGER NOT NULL, celsius REAL NOT NULL,
  PRIMARY KEY (event, at, celsius)) WITHOUT ROWID;
"""


class Index:
    """An open index. Use it as a context manager, or call `close`."""

    def __init__(self, path: Path | None) -> None:
        """Open or make an index; path: None for one in memory. Raises Unavailable, supply.index."""
        try:
            self.database = sqlite3.connect(
                ":memory:" if path is None else path, timeout=_WAIT_S, isolation_level=None
            )
            try:
                self.database.execute("PRAGMA journal_mode = WAL")
                self.database.execute("PRAGMA synchronous = NORMAL")
                self.database.execute("PRAGMA cache_size = -65536")
                self.database.executescript(_SCHEMA)
            except sqlite3.Error:
                self.database.close()
                raise
        except sqlite3.Error as err:
            raise Unavailable(
                "supply.index",
                f"expected to open the index {path}, but: {err}",
                hint="It is derived: delete it, and it is made again.",
            ) from err

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write in one transaction, alone."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    def add(self, found: Iterable[tuple[int, Linked]]) -> None:
        """Add events with the indices of their entries; what is there already stays."""
        for at, one in found:
            row = (
                at, one.key, one.digest, one.at_ms, one.kind, one.action, one.step,
                one.disposition, one.point, one.place, one.holder, one.transformation,
                one.event_id, one.declares, one.low, one.high, one.alarm,
            )  # fmt: skip
            done = self.database.execute(
                "INSERT OR IGNORE INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,NULL)", row
            )
            if done.rowcount == 0:
                continue
            if one.origin:
                self.database.execute("INSERT INTO whence VALUES (?,?)", (at, one.origin))
            self._void(one.digest)
            if one.declares is not None:  # an event that says that the same event was an error
                continue
            self.database.executemany(
                "INSERT OR IGNORE INTO reading VALUES (?,?,?)",
                [(at, when, celsius) for when, celsius in one.readings],
            )
            for part in one.parts:
                self.database.execute(
                    "INSERT OR IGNORE INTO part VALUES (?,?,?,?,?,?,?)",
                    (self.thing(part.thing, make=True), part.role, one.at_ms, at, one.action,
                     part.quantity, part.uom),
                )  # fmt: skip

    def thing(self, name: str, *, make: bool = False) -> int:
        """Find the number of a thing by its canonical name; -1 for one that no event names."""
        row = self.database.execute("SELECT id FROM thing WHERE name = ?", (name,)).fetchone()
        if row is not None:
            return int(row[0])
        if not make:
            return -1
        return int(
            self.database.execute("INSERT INTO thing (name) VALUES (?)", (name,)).lastrowid or 0
        )

    def known(self, keys: Iterable[str]) -> dict[str, int]:
        """Tell which events are in the log already: key -> index of its entry."""
        found = {}
        for key in keys:
            row = self.database.execute("SELECT id FROM event WHERE key = ?", (key,)).fetchone()
            if row is not None:
                found[key] = int(row[0])
        return found

    def _void(self, digest: str) -> None:
        """Note when an event was first declared to be an error by who may."""
        self.database.execute(
            "UPDATE event AS e SET void = (SELECT min(d.declares) FROM event d WHERE d.digest = ?1 "  # noqa: S608 - ours
            f"AND d.declares IS NOT NULL AND {_MAY_VOID}) WHERE e.digest = ?1 AND "
            "e.declares IS NULL",
            (digest,),
        )

    def catch_up(self, ledger: Ledger) -> int:
        """Bring the index up to a ledger's size, and give that. Raises as the ledger does."""
        with self.writing():
            size = ledger.size
            at = self._believed(ledger, size)
            if at == size:
                return size
            last = b""
            for number, data in enumerate(ledger.entries(at, size), at):
                last = data
                said = _said_in(data)
                if isinstance(said, Linked):
                    self.add([(number, said)])
                elif said is not None:
                    self._master(number, said)
            self._note("size", str(size))
            self._note("leaf", leaf_hash(last).hex())
            self._note("origin", ledger.origin)
            self._note("version", _VERSION)
            return size

    def _believed(self, ledger: Ledger, size: int) -> int:
        """Tell up to which entry the index is of this very log; empty it where it is of another."""
        meta = dict(self.database.execute("SELECT key, value FROM meta"))
        at = int(meta.get("size", "0"))
        same = (meta.get("version"), meta.get("origin")) == (_VERSION, ledger.origin)
        if same and 0 < at <= size and leaf_hash(ledger.entry(at - 1)).hex() == meta["leaf"]:
            return at
        for table in ("meta", "thing", "event", "part", "reading", "master"):
            self.database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        return 0

    def _master(self, at: int, said: SupplyMaster) -> None:
        """Note what is said of a thing; where it came from another log, that one's name, too."""
        one, origin = said.master, "" if said.received is None else said.received.origin or "?"
        north, east = one.at or (None, None)
        row = (one.thing, one.vocabulary, origin, said.since_ms, at, one.digest, one.called,
               north, east)  # fmt: skip
        self.database.execute("INSERT OR IGNORE INTO master VALUES (?,?,?,?,?,?,?,?,?)", row)

    def _note(self, key: str, value: str) -> None:
        self.database.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, value))


@contextmanager
def index_of(ledger: Ledger) -> Iterator[Index]:
    """Open a ledger's index, brought up to its size; in memory where its folder is read-only.

    Raises Unavailable with code supply.index.
    """
    path = ledger.layout.folder / _FILE
    try:
        opened = Index(path)
    except Unavailable:
        if os.access(path.parent, os.W_OK):
            raise  # it is broken or busy: in memory the whole log would be read each time
        opened = Index(None)
    with closing(opened):
        try:
            opened.catch_up(ledger)
        except sqlite3.DatabaseError as err:
            raise Unavailable(
                "supply.index",
                f"expected a sound index {path}, but: {err}",
                hint="It is derived: delete it, and it is made again.",
            ) from err
        yield opened


def _said_in(data: bytes) -> Linked | SupplyMaster | None:
    """Take an event or master data out of an entry; None for all else, and for a wrong hash."""
    try:
        parsed = entries.parse(data)
        if not isinstance(parsed, StatementEntry) or parsed.statement.predicate_type not in _OURS:
            return None
        said = parse_registered(parsed.statement)
        if isinstance(said, SupplyMaster):
            return said
        if not isinstance(said, SupplyEvent):
            return None
        event = said.parsed()
        check(event)
        found = link(event)
        return (
            found if said.received is None else replace(found, origin=said.received.origin or "?")
        )
    except CounterfoilError:
        return None  # said by somebody who hashed something else: or no event
