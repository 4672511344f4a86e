"""Choose where to search: the index beside the ledger, one of the reader's own, or none.

Only who searches pays for an index, never who records. This module refuses to let a missing,
damaged or busy index stop a search: it says so and reads all entries.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from counterfoil.errors import Unavailable
from counterfoil.ledger.opening import Reading
from counterfoil.ledger.search.building import (
    TAIL_MAX,
    CaughtUp,
    Progress,
    build,
    current,
    is_index_fault,
)
from counterfoil.storage import SearchIndex, discard_index, index_lock

__all__ = ["Source", "catch_up", "with_source"]

_TAIL_READ: Final = 256  # entries that are rather read one by one than indexed first
_TRIES: Final = 2

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Source:
    """What a search reads.

    index: of entries [0, indexed); None where there is none. size: of the log. notice: what the
    reader should know about the index, or empty.
    """

    index: SearchIndex | None
    indexed: int
    size: int
    notice: str


def catch_up(reading: Reading, progress: Progress | None = None) -> int:
    """Index what is not indexed yet; returns the number of indexed entries.

    For a node to call in the background. Raises FatalLogError with code log.damaged.
    """
    return with_source(reading, progress, lambda source: source.indexed, tail_max=0)


def with_source(
    reading: Reading,
    progress: Progress | None,
    work: Callable[[Source], _T],
    *,
    tail_max: int = _TAIL_READ,
) -> _T:
    """Do `work` on the best index there is, caught up; on none when it proves damaged twice.

    tail_max: entries that the index may lack, since reading so few is cheaper than writing them.
    Raises as `work` does, and FatalLogError with code log.damaged when the entries do not lead to
    the log's tree.
    """
    notice = ""
    for _ in range(_TRIES):
        found, notice = _best_index(reading, tail_max, progress or _silent)
        if found is None:
            break
        try:
            return work(Source(found.index, found.indexed, found.size, notice))
        except Unavailable as err:
            if not is_index_fault(err):
                raise
            notice = f"Searching without an index: {err.message}."
            damaged = err.code == "index.damaged"
        finally:
            found.index.close()
        if damaged:
            _discard(found.index.path)
    return work(Source(None, 0, reading.store.head().size, notice))


def _best_index(reading: Reading, tail_max: int, progress: Progress) -> tuple[CaughtUp | None, str]:
    """Open an index, and say what the reader should know about it."""
    beside = reading.layout.index
    if (found := current(beside, reading, tail_max)) is not None:
        return found, ""
    # Never beside a ledger of somebody else, though root could: its owner could not write it then.
    why = "the ledger is not yours"
    if beside.parent.stat().st_uid == os.geteuid():
        try:
            return build(beside, reading, progress), ""
        except Unavailable as err:
            if not is_index_fault(err):
                raise
            why = err.message
    elif (found := current(beside, reading, TAIL_MAX)) is not None:
        return found, ""
    own = _own_path(reading.config.origin)
    try:
        own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as err:
        return None, f"Searching without an index: {why}; {err}."
    try:
        return build(own, reading, progress), f"The search index is at {own}: {why}."
    except Unavailable as err:
        if not is_index_fault(err):
            raise
        return None, f"Searching without an index: {why}; {err.message}."


def _own_path(origin: str) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    name = sha256(origin.encode()).hexdigest()[:32]
    return Path(cache).expanduser() / "counterfoil" / "index" / f"{name}.db"


def _discard(path: Path) -> None:
    with contextlib.suppress(Unavailable), index_lock(path) as ours:
        if ours:
            discard_index(path)


def _silent(done: int, total: int) -> None:
    """Say nothing."""
