"""Record every line or row of a file or stream, each once, however often it is run.

A file is read through once before its first row is recorded, so that a bad line 1,500 records
nothing. A few chunks are in flight at a time: memory is flat, whatever the size. This module
refuses to guess what a row means: `ledger.sources` says that.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from counterfoil.errors import CounterfoilError
from counterfoil.ledger import Ledger, RecordedMany
from counterfoil.ledger.sources import (
    CHUNK_MAX_BYTES,
    RowChunk,
    RowSource,
    open_source,
    stream_source,
)
from counterfoil.ops.batch_personal import Whose, read_personal, split_rows
from counterfoil.ops.place import AcceptNewWitness, LedgerFolder, find_ledger, open_for_writing
from counterfoil.ports import STANDARD_STREAM, Channel, Param, Progress, no_progress

__all__ = ["Batch", "batch"]

_CHUNK_ROWS: Final = 1000
_IN_FLIGHT: Final = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch recorded.

    source: the series of its rows. media: ndjson, csv or parquet. rows: read. new: of them, or of
    the blocks, those that were not in the log before. blocks: None where each row is a record.
    first_index, last_index: of its entries. size: of the log afterwards. seconds: in all.
    rows_per_s: rows read and recorded a second, after the check.
    """

    source: str
    media: str
    rows: int
    new: int
    blocks: int | None
    first_index: int
    last_index: int
    size: int
    seconds: float
    rows_per_s: int


@dataclass(slots=True)
class _Tally:
    """What has been recorded so far."""

    rows: int = 0
    new: int = 0
    blocks: int = 0
    first: int = -1
    last: int = -1

    def add(self, low: int, high: int, rows: int, new: int) -> None:
        """Count entries from index `low` to `high`."""
        self.rows, self.new = self.rows + rows, self.new + new
        self.first = low if self.first < 0 else min(self.first, low)
        self.last = max(self.last, high)


def batch(
    file: Annotated[
        Path,
        Param(
            "NDJSON, CSV or Parquet file, or - for NDJSON from standard input.",
            "FILE",
            holds="file",
        ),
    ],
    *,
    ledger: LedgerFolder = None,
    source: Annotated[
        str | None,
        Param("Name of the series; else the file's digest, and for - a new one each time.", "NAME"),
    ] = None,
    block: Annotated[
        bool, Param("Record tables of many rows as one statement each, with row receipts.")
    ] = False,
    personal: Annotated[
        tuple[str, ...],
        Param(
            "Seal a field: its path, the field that holds the person's id, the class of data.",
            "FIELD=ID:CLASS",
        ),
    ] = (),
    check: Annotated[
        bool, Param("Begin before the whole file has been read and found good.")
    ] = True,
    accept_new_witness: AcceptNewWitness = False,
    progress: Progress = no_progress,
    channel: Channel,
) -> Batch:
    """Record each line or row of a file as a record of its own.

    Run it again after it was interrupted: what is recorded already is not recorded twice.
    Raises InputError naming the line or row that is wrong, or with code batch.personal, NotFound
    with code source.missing, Conflict with code source.changed or record.number-taken, and as
    `Ledger.record`.
    """
    began = time.monotonic()
    folder = find_ledger(ledger)
    whose = read_personal(personal, source, block=block)
    rows = _open(file, source, channel, progress)
    total = rows.rows
    if check and file != STANDARD_STREAM:  # before the ledger is owned: others may write meanwhile
        total = _check(rows, whose, progress)
    started = time.monotonic()
    with open_for_writing(folder, accept_new_witness=accept_new_witness) as opened:
        tally = _Tally()
        work = _blocks(opened, rows) if block else _rows(opened, rows, whose)
        _record(work, tally, total, progress, again=file != STANDARD_STREAM or source is not None)
        size = opened.size
    now = time.monotonic()
    return Batch(
        source=_series(rows.id, block=block),
        media=rows.media,
        rows=tally.rows,
        new=tally.new,
        blocks=tally.blocks if block else None,
        first_index=tally.first,
        last_index=tally.last,
        size=size,
        seconds=round(now - began, 3),
        rows_per_s=round(tally.rows / max(now - started, 1e-6)),
    )


def _open(file: Path, source: str | None, channel: Channel, progress: Progress) -> RowSource:
    if file == STANDARD_STREAM:
        name = f"stream:{secrets.token_hex(8)}" if source is None else source
        return stream_source(channel.source, name=name)
    return open_source(
        file, name=source, on_bytes=lambda done: progress(done, None, "bytes digested")
    )


def _check(rows: RowSource, whose: Whose, progress: Progress) -> int:
    count = 0
    try:
        for chunk in rows.chunks(_CHUNK_ROWS):
            split_rows(chunk, whose)
            count += len(chunk.contents)
            progress(chunk.bytes_read, rows.size, "bytes checked")
    except CounterfoilError as err:
        err.hint = f"{err.hint} Nothing was recorded.".strip()
        raise
    return count


_Step = tuple[int, int, int, int]
"""(lowest index, highest index, rows, new entries) of what has become durable."""


def _record(
    work: Iterator[_Step], tally: _Tally, total: int | None, progress: Progress, *, again: bool
) -> None:
    """Record step by step; whatever ends it, say how much is recorded and how to go on."""
    try:
        for low, high, rows, new in work:
            tally.add(low, high, rows, new)
            tally.blocks += 1
            progress(tally.rows, total, "rows recorded")
    except KeyboardInterrupt:
        how = "run it again to go on" if again else "name the stream with --source to go on"
        raise KeyboardInterrupt(f"at least {tally.rows:,} rows are recorded; {how}") from None
    except CounterfoilError as err:
        if tally.rows:
            err.hint = f"{err.hint} {tally.rows:,} rows before it are recorded.".strip()
        raise


def _rows(ledger: Ledger, source: RowSource, whose: Whose) -> Iterator[_Step]:
    waiting: deque[Future[RecordedMany]] = deque()
    failure: CounterfoilError | None = None
    try:
        for chunk in source.chunks(_CHUNK_ROWS):
            contents, seal = split_rows(chunk, whose)
            waiting.append(ledger.record_rows(contents, source.id, chunk.first, seal))
            if len(waiting) >= _IN_FLIGHT:
                yield _step(waiting.popleft().result())
    except CounterfoilError as err:
        failure = err
    while waiting:  # rows before a bad one are recorded all the same, and counted
        done = waiting.popleft()
        if failure is None or done.exception() is None:
            yield _step(done.result())
    if failure is not None:
        raise failure


def _step(done: RecordedMany) -> _Step:
    return min(done.indices), max(done.indices), done.count, done.new


def _blocks(ledger: Ledger, source: RowSource) -> Iterator[_Step]:
    series = _series(source.id, block=True)
    for number, rows in enumerate(_tables(source.chunks(_CHUNK_ROWS), ledger.config.block_rows)):
        done = ledger.record_block(rows, source=series, number=number)
        yield done.index, done.index, len(rows), int(not done.duplicate)


def _tables(chunks: Iterable[RowChunk], rows: int) -> Iterator[list[bytes]]:
    """Cut rows into tables by number and weight alone: the same rows give the same tables."""
    table: list[bytes] = []
    weight = 0
    for content in (content for chunk in chunks for content in chunk.contents):
        table.append(content)
        weight += len(content)
        if len(table) == rows or weight >= CHUNK_MAX_BYTES:
            yield table
            table, weight = [], 0
    if table:
        yield table


def _series(source: str, *, block: bool) -> str:
    """Name the series: tables are numbered apart from rows, which may be recorded too."""
    return f"{source}#blocks" if block else source
