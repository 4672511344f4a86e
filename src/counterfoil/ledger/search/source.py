"""Bring the index up to the log's size, where it may be written, and say so where it may not.

Only who searches pays for the index, never who records. An index is believed only after its
watermark and the entries after it lead to the log's own tree: one of another log, or of a history
that was rolled back, is made again. This module refuses to let a missing index stop a search.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from counterfoil.errors import FatalLogError, Unavailable
from counterfoil.ledger.opening import Reading
from counterfoil.ledger.search.documents import Documents
from counterfoil.ledger.search.fields import Signers, entry_fields
from counterfoil.ports import Head
from counterfoil.proofs.frontier import Frontier
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.storage import IndexState, SearchIndex, discard_index, index_lock

__all__ = ["Progress", "Source", "catch_up", "open_source"]

Progress = Callable[[int, int], None]
"""Told (done, total) entries, now and then; what it raises stops the work."""

_CHUNK_ENTRIES: Final = 8192
_CHUNK_CHARS: Final = 8 << 20
_REPORT_ENTRIES: Final = 1024
_TAIL_MAX: Final = 4096  # entries that are read one by one rather than waited for
_POLL_S: Final = 0.05
_PATIENCE_S: Final = 10.0  # without any progress of the process that writes the index


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

    For a node to call in the background. Raises Unavailable as `SearchIndex` does, FatalLogError
    with code log.damaged.
    """
    with open_source(reading, progress) as source:
        return source.indexed


@contextlib.contextmanager
def open_source(reading: Reading, progress: Progress | None = None) -> Iterator[Source]:
    """Open the best index there is, caught up where it can be.

    Raises FatalLogError with code log.damaged when the entries do not lead to the log's tree.
    """
    head = reading.store.head()
    index, notice = _best_index(reading, head, progress or _silent)
    try:
        yield Source(index, index.state().size if index else 0, head.size, notice)
    finally:
        if index is not None:
            index.close()


def _best_index(reading: Reading, head: Head, progress: Progress) -> tuple[SearchIndex | None, str]:
    beside = reading.layout.index
    if (index := _current(beside, reading, head, 0)) is not None:
        return index, ""
    failures: list[str] = []
    if _is_ours(beside.parent):
        try:
            return _build(beside, reading, head, progress), ""
        except Unavailable as err:
            failures.append(err.message)
    elif (index := _current(beside, reading, head, _TAIL_MAX)) is not None:
        return index, ""
    own = _own_path(reading.config.origin)
    try:
        own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _build(own, reading, head, progress), f"The search index is at {own}."
    except Unavailable as err:
        failures.append(err.message)
    except OSError as err:
        failures.append(str(err))
    return None, f"Searching without an index: {'; '.join(failures)}."


def _is_ours(folder: Path) -> bool:
    """Tell whether to keep the index beside the ledger.

    Never in a folder of somebody else, though root could: its owner could not write it then.
    """
    return folder.stat().st_uid == os.geteuid() and os.access(folder, os.W_OK)


def _own_path(origin: str) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    name = sha256(origin.encode()).hexdigest()[:32]
    return Path(cache).expanduser() / "counterfoil" / "index" / f"{name}.db"


def _current(path: Path, reading: Reading, head: Head, tail_max: int) -> SearchIndex | None:
    """Open an index that lacks at most `tail_max` entries of this very log; None otherwise."""
    try:
        index = SearchIndex(path)
    except Unavailable:
        return None
    try:
        state = index.state()
        if (
            state.origin == reading.config.origin
            and 0 <= head.size - state.size <= tail_max
            and _leads_to(state, reading, head)
        ):
            return index
    except Unavailable:
        pass
    index.close()
    return None


def _leads_to(state: IndexState, reading: Reading, head: Head) -> bool:
    frontier = Frontier(state.size, state.frontier)
    frontier.extend([leaf_hash(e) for e in reading.reader.entries(state.size, head.size)])
    return frontier.hashes == head.frontier


def _build(path: Path, reading: Reading, head: Head, progress: Progress) -> SearchIndex:
    """Catch an index up to `head`, or wait for who does.

    Raises Unavailable, and FatalLogError with code log.damaged.
    """
    waited_from, seen = time.monotonic(), -1
    while True:
        with index_lock(path) as ours:
            if ours:
                return _write(path, reading, head, progress)
        if (index := _current(path, reading, head, _TAIL_MAX)) is not None:
            return index
        size = _size_of(path)
        if size != seen:
            waited_from, seen = time.monotonic(), size
            progress(min(max(size, 0), head.size), head.size)
        if time.monotonic() - waited_from > _PATIENCE_S:
            raise Unavailable(
                "index.busy",
                f"expected {path} to be caught up by the process that writes it, found it at "
                f"{max(seen, 0)} of {head.size} entries for {_PATIENCE_S:g} s",
                hint="Wait, or stop that process.",
            )
        time.sleep(_POLL_S)


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


def _write(path: Path, reading: Reading, head: Head, progress: Progress) -> SearchIndex:
    """Catch up as the one writer; an index that is damaged or of another history is made again."""
    for again in (True, False):
        try:
            index = SearchIndex(path, create=True)
            try:
                if _extend(index, reading, head, progress):
                    return index
            except BaseException:
                index.close()
                raise
            index.close()
        except Unavailable as err:
            if err.code != "index.damaged" or not again:
                raise
        discard_index(path)
    raise FatalLogError(
        "log.damaged",
        f"expected the {head.size} entries to lead to the log's tree, found another",
        hint="`counterfoil audit` names all damage; `counterfoil recover` mends from a copy.",
    )


def _extend(index: SearchIndex, reading: Reading, head: Head, progress: Progress) -> bool:
    """Index entries up to `head`; False when the index is of another history."""
    state = index.state()
    origin = reading.config.origin
    if state.origin not in ("", origin) or state.size > head.size:
        return False
    frontier = Frontier(state.size, state.frontier)
    signers = Signers(reading.reader.entries)
    while frontier.size < head.size or not state.origin:
        _add_chunk(index, reading, head, frontier, signers, progress)
        state = index.state()
    return frontier.hashes == head.frontier


def _add_chunk(
    index: SearchIndex,
    reading: Reading,
    head: Head,
    frontier: Frontier,
    signers: Signers,
    progress: Progress,
) -> None:
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


def _silent(done: int, total: int) -> None:
    """Say nothing."""
