"""Run a screening: over processes where there is much to do, and on record where that is asked.

Few names are screened in this process; for many, others are started that each hold the lists. Order
is kept, a few chunks are in flight, and memory stays flat. This module refuses to fork: this
process may hold a ledger's threads.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from counterfoil.errors import CounterfoilError
from counterfoil.formats import receipt as receipt_format
from counterfoil.ops.files import write_file
from counterfoil.ops.finance.own_lists import made_ready
from counterfoil.ops.place import open_for_writing
from counterfoil.ports import STANDARD_STREAM, Progress

if TYPE_CHECKING:
    from counterfoil.apps.finance.names.lists import SanctionsList
    from counterfoil.apps.finance.names.recorded import ScreeningRecord
    from counterfoil.apps.finance.names.screening import Query, Screened, Screener
    from counterfoil.ledger import Ledger, RecordedMany
    from counterfoil.ops.finance.query_files import AskedName

__all__ = ["recorded", "screened_many"]

_CHUNK: Final = 512
_MANY: Final = 4096  # names from which on other processes are worth starting
_WORKERS_MAX: Final = 8
_IN_FLIGHT: Final = 2  # chunks a process has before it
_RECORDING: Final = 4

_Pair = tuple["AskedName", "Screened"]
_screener: Screener | None = None  # of a process that was started to screen


def screened_many(
    lists: Sequence[SanctionsList],
    asked: Iterable[AskedName],
    hit_from: float,
    progress: Progress,
) -> Iterator[_Pair]:
    """Screen names, in order, as they come."""
    rows = iter(asked)
    first = list(islice(rows, _MANY))
    workers = min(_cores(), _WORKERS_MAX)
    if len(first) < _MANY or workers < 2:
        found = _alone(made_ready(lists, hit_from), chain(first, rows))
    else:
        found = _over_processes(lists, chain(first, rows), hit_from, workers)
    for number, pair in enumerate(found, 1):
        if number % _CHUNK == 0:
            progress(number, None, "names screened")
        yield pair


def recorded(
    folder: Path,
    paths: Sequence[Path],
    lists: Sequence[SanctionsList],
    found: Iterator[_Pair],
    queries: Path | None,
    source: str | None,
    hit_from: float,
    receipts: Path | None,
    progress: Progress,
) -> Iterator[tuple[AskedName, Screened, ScreeningRecord]]:
    """Record screenings chunk by chunk, a few ahead; tell of one when it is durable."""
    from counterfoil.apps.finance.names.recorded import (
        Basis,
        ScreeningRecord,
        record_basis,
        screening_said,
        series_of,
    )

    with open_for_writing(folder) as opened:
        basis: Basis = record_basis(opened, list(zip(paths, lists, strict=True)))
        series = source or (None if queries is None else _series(queries))
        name = series_of(series, basis, hit_from)
        waiting: deque[tuple[Future[RecordedMany], list[_Pair]]] = deque()
        done = 0

        def ended() -> Iterator[tuple[AskedName, Screened, ScreeningRecord]]:
            nonlocal done
            future, pairs = waiting.popleft()
            places = future.result().indices
            done += len(pairs)
            progress(done, None, "screenings recorded")
            for (one, its), index in zip(pairs, places, strict=True):
                file = _receipt(opened, index, receipts) if receipts and its.hits else ""
                yield one, its, ScreeningRecord(index, opened.get(index).leaf, file)

        try:
            while pairs := list(islice(found, _CHUNK)):
                said = [
                    screening_said(its, basis, person=one.id, hit_from=hit_from)
                    for one, its in pairs
                ]
                first = pairs[0][0].row - 1
                waiting.append((opened.record_statements(said, source=name, first=first), pairs))
                if len(waiting) >= _RECORDING:
                    yield from ended()
            while waiting:
                yield from ended()
        except CounterfoilError as err:
            err.hint = f"{err.hint} {done:,} screenings before it are recorded.".strip()
            raise


def _alone(screener: Screener, asked: Iterable[AskedName]) -> Iterator[_Pair]:
    rows = iter(asked)
    while some := list(islice(rows, _CHUNK)):
        yield from zip(some, screener.screen(one.query for one in some), strict=True)


def _over_processes(
    lists: Sequence[SanctionsList], asked: Iterable[AskedName], hit_from: float, workers: int
) -> Iterator[_Pair]:
    rows = iter(asked)
    waiting: deque[tuple[Future[list[Screened]], list[AskedName]]] = deque()
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_ready,
        initargs=(lists, hit_from),
    )
    try:
        while some := list(islice(rows, _CHUNK)):
            waiting.append((pool.submit(_screen, [one.query for one in some]), some))
            if len(waiting) >= workers * _IN_FLIGHT:
                future, before = waiting.popleft()
                yield from zip(before, future.result(), strict=True)
        while waiting:
            future, before = waiting.popleft()
            yield from zip(before, future.result(), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)


def _ready(lists: Sequence[SanctionsList], hit_from: float) -> None:
    """Make a process ready that was started to screen."""
    from counterfoil.apps.finance.names.screening import Screener

    global _screener
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _screener = Screener(lists, hit_from=hit_from)


def _end_with_parent() -> None:
    """End when the process that asks is gone, however it went: nobody else would end this one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _screen(queries: list[Query]) -> list[Screened]:
    if _screener is None:  # pragma: no cover - the pool readies a process before it works
        raise RuntimeError("expected a process that was made ready")
    return list(_screener.screen(queries))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _series(queries: Path) -> str | None:
    """Name the series of a file's records by its digest; standard input has a new one each time."""
    if queries == STANDARD_STREAM:
        return None
    with queries.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _receipt(opened: Ledger, index: int, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{index}.receipt.json"
    write_file(file, receipt_format.format(opened.receipt(index)))
    return str(file)
