"""Hold what a crash left on the disk against what was acknowledged before it.

The checks look with other eyes than the code under test: RFC 6962 word for word, and a C2SP
reader of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from counterfoil.errors import CounterfoilError
from counterfoil.log import LogReader, check_start
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.storage.tile_files import TileFiles
from tests.c2sp_reader import read_log
from tests.faults.crash_child import content
from tests.log_rig import files_of, open_note
from tests.rfc6962 import mth

__all__ = ["Acknowledged", "check_folder"]


class Acknowledged:
    """What a ledger's clients were told: (source, number) -> (index, run)."""

    def __init__(self) -> None:
        self.places: dict[tuple[str, int], tuple[int, int]] = {}

    def hear(self, facts: Iterable[Mapping[str, Any]]) -> None:
        """Take up what a process told."""
        for fact in facts:
            if fact["kind"] == "ack":
                for k in range(fact["count"]):
                    place = fact["index"] + k, fact["run"]
                    self.places[fact["source"], fact["number"] + k] = place


def check_folder(folder: Path, told: Acknowledged) -> list[str]:
    """Open a ledger's folder as a new process would, and name everything that is wrong.

    What the code under test notices itself begins with `detected:`; the rest it did not.
    """
    try:
        with closing(SqliteStore(folder / "ledger.db")) as store:
            return _check(store, TileFiles(folder), told)
    except CounterfoilError as err:
        return [f"detected: {err}"]


def _check(store: SqliteStore, tiles: TileFiles, told: Acknowledged) -> list[str]:
    check_start(store, tiles, open_note)
    head = store.head()
    entries = list(LogReader(tiles, store).entries(0, head.size))
    wrong = [f"detected: database: {line}" for line in store.integrity_faults()]
    if len(entries) != head.size:
        return [*wrong, f"expected {head.size} entries, found {len(entries)}"]
    if head.size:
        tree = open_note(head.note)
        if (tree.size, tree.root) != (head.size, mth(entries)):
            wrong.append("the signed root is not the root of the entries")
    wrong += _check_numbers(store, entries)
    wrong += _check_told(entries, told)
    wrong += _check_published(tiles, entries)
    return wrong


def _check_numbers(store: SqliteStore, entries: list[bytes]) -> list[str]:
    """Check that the numbering leads to the entries, and leaves none out."""
    places: dict[int, tuple[str, int]] = {}
    for issuer, source, _ in store.sources():
        for span in store.spans(issuer, source):
            for k in range(span.count):
                places[span.index + k] = source, span.first + k
    wrong = []
    for index, entry in enumerate(entries):
        run, written, number, _ = entry.split(b"/", 3)
        named = written.decode(), int(number)
        if places.pop(index, None) != named:
            wrong.append(f"entry {index} is {named}, the numbering says otherwise")
        if entry != content(int(run), *named):
            wrong.append(f"entry {index} is damaged")
    return wrong[:5] + [f"the numbering names entries beyond the log: {places}"] * bool(places)


def _check_told(entries: list[bytes], told: Acknowledged) -> list[str]:
    """Check that every acknowledged entry stands where its client was told."""
    wrong = []
    for (source, number), (index, run) in told.places.items():
        if index >= len(entries) or entries[index] != content(run, source, number):
            wrong.append(f"acknowledged, and lost: number {number} of {source} at {index}")
    return wrong[:5]


def _check_published(tiles: TileFiles, entries: list[bytes]) -> list[str]:
    """Check that any client can read what is published, and that it is a prefix of the log."""
    if (signed := tiles.published()) is None:
        return []
    try:
        open_note(signed)
        published = read_log(files_of(tiles))
    except (AssertionError, CounterfoilError) as err:
        return [f"what is published is not whole: {err}"]
    return [] if published == entries[: len(published)] else ["published is another history"]
