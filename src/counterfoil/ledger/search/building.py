"""Bring one index file up to the log's size, as the one process that writes it.

An index is believed only when its watermark and the entries after it lead to the log's own tree:
one that is of another log, or of a history that was rolled back, is made again. The log's head is
always read after the index's watermark, so a log that grows meanwhile never looks rolled back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counterfoil.errors import FatalLogError, Unavailable
from counterfoil.ledger.opening import Reading
from counterfoil.ledger.search.documents import Documents
from counterfoil.ledger.search.fields import entry_fields
from counterfoil.ledger.unwrap import Signers
from counterfoil.ports import Head
from counterfoil.proofs.frontier import Frontier
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.storage import IndexState, SearchIndex, discard_index, index_lock

__all__ = ["TAIL_MAX", "CaughtUp", "Progress", "build", "current", "is_index_fault"]

Progress = Callable[[int, int], None]
"""Told (done, total) entries, now and then; what it raises stops the work."""

TAIL_MAX: Final = 4096
"""Entries that are rather read one by one than waited for, or indexed in another place."""

_CHUNK_ENTRIES: Final = 8192
_CHUNK_CHARS: Final = 8 << 20
_REPORT_ENTRIES: Final = 1024
_POLL_S: Final = 0.05
_PATIENCE_S: Final = 10.0  # without any progress of the process that writes the index


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """An open index of entries [0, indexed) of a log of `size` entries."""

    index: SearchIndex
    indexed: int
    size: int


def is_index_fault(err: Unavailable) -> bool:
    """Tell whether an error is of an index, not of the log or of who listens to the progress."""
    return err.code.startswith("index.")


def current(path: Path, reading: Reading, tail_max: int) -> CaughtUp | None:
    """Open an index that lacks at most `tail_max` entries of this very log; None otherwise."""
    index = None
    found = None
    try:
        index = SearchIndex(path)
        state = index.state()
        head = reading.store.head()
        if (
            state.origin == reading.config.origin
            and 0 <= head.size - state.size <= tail_max
            and _leads_to(state, reading, head)
        ):
            found = CaughtUp(index, state.size, head.size)
    except Unavailable as err:
        if not is_index_fault(err):
            raise
    finally:
        if index is not None and found is None:
            index.close()
    return found


def build(path: Path, reading: Reading, progress: Progress) -> CaughtUp:
    """Make or catch up an index, or wait for who does.

    Raises Unavailable as `SearchIndex` does and with code index.busy, FatalLogError with code
    log.damaged when the entries do not lead to the log's tree.
    """
    waited_from = time.monotonic()
    seen: int | None = None
    while True:
        with index_lock(path) as ours:
            if ours:
                return _write(path, reading, progress)
        if (found := current(path, reading, TAIL_MAX)) is not None:
            return found
        size = _size_of(path)
        if size != seen:
            waited_from, seen = time.monotonic(), size
            total = reading.store.head().size
            progress(min(max(size, 0), total), total)
        if time.monotonic() - waited_from > _PATIENCE_S:
            raise Unavailable(
                "index.busy",
                f"expected {path} to be caught up by the process that writes it, found it at "
                f"{max(size, 0)} entries for {_PATIENCE_S:g} s",
                hint="Wait, or stop that process.",
            )
        time.sleep(_POLL_S)


def _leads_to(state: IndexState, reading: Reading, head: Head) -> bool:
    frontier = Frontier(state.size, state.frontier)
    frontier.extend([leaf_hash(e) for e in reading.reader.entries(state.size, head.size)])
    return frontier.hashes == head.frontier


def _size_of(path: Path) -> int:
    try:
        index = SearchIndex(path)
    except Unavailable:
        return -1
    try:
        return index.state().size
    except Unavailable:
        return -1
    finally:
        index.close()


def _write(path: Path, reading: Reading, progress: Progress) -> CaughtUp:
    """Catch up as the one writer; what is damaged or of another history is made again."""
    for again in (True, False):
        try:
            index = SearchIndex(path, create=True)
            try:
                size = _extend(index, reading, progress)
            except BaseException:
                index.close()
                raise
            if size is not None:
                return CaughtUp(index, size, size)
            index.close()
        except Unavailable as err:
            if err.code != "index.damaged" or not again:
                raise
        discard_index(path)
    raise FatalLogError(
        "log.damaged",
        "expected the log's entries to lead to its tree, found another",
        hint="`counterfoil audit` names all damage; `counterfoil recover` mends from a copy.",
    )


def _extend(index: SearchIndex, reading: Reading, progress: Progress) -> int | None:
    """Index entries up to the log's head; None when the index is of another history."""
    state = index.state()
    head = reading.store.head()
    if state.origin not in ("", reading.config.origin) or state.size > head.size:
        return None
    frontier = Frontier(state.size, state.frontier)
    signers = Signers(reading.reader.entries)
    while frontier.size < head.size or not state.origin:
        before = frontier.size
        state = _add_chunk(index, reading, head, frontier, signers, progress)
        if frontier.size == before:  # a new log, or one that ends before its head
            break
    return head.size if frontier.hashes == head.frontier else None


def _add_chunk(
    index: SearchIndex,
    reading: Reading,
    head: Head,
    frontier: Frontier,
    signers: Signers,
    progress: Progress,
) -> IndexState:
    documents = Documents()
    leaves: list[bytes] = []
    for at, data in enumerate(reading.reader.entries(frontier.size, head.size), frontier.size):
        if at % _REPORT_ENTRIES == 0:
            progress(at, head.size)
        entry = entry_fields(at, data, signers)
        documents.add(entry)
        leaves.append(bytes.fromhex(entry.leaf))
        if len(leaves) >= _CHUNK_ENTRIES or documents.chars >= _CHUNK_CHARS:
            break
    frontier.extend(leaves)
    state = IndexState(reading.config.origin, frontier.size, frontier.hashes)
    index.add(documents.entries, documents.zones(), documents.wide_blocks, state)
    return state
