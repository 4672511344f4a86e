"""Search a ledger: narrow by the index, read what is left, compare, page by page.

What the index does not hold yet is read, so a hit is never missed for being new.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import msgspec

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger.opening import Reading
from counterfoil.ledger.people.erasures import Erasures
from counterfoil.ledger.search.building import Progress
from counterfoil.ledger.search.fields import entry_fields
from counterfoil.ledger.search.match import asks_who_signed, matches
from counterfoil.ledger.search.plan import Plan, candidates, plan
from counterfoil.ledger.search.query import Comparison, Query, Value, parse
from counterfoil.ledger.search.source import Source, with_source
from counterfoil.ledger.tabular import TableRow, Tabular
from counterfoil.ledger.unwrap import Signers
from counterfoil.ledger.view import RecordView, view
from counterfoil.proofs.merkle import leaf_hash

__all__ = ["LIMIT_MAX", "Scan", "SearchPage", "find_leaf", "search"]

LIMIT_MAX: Final = 1000
"""Most hits of one page."""

_REPORT_ENTRIES: Final = 4096
_LEAF: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SearchPage(Tabular):
    """One page of hits, in the order that was asked for.

    next: give it as `after` for the next page, which may turn out empty; None at the end.
    indexed, size: entries that the index holds, and that the log had. total: how many hits there
    are in all, only where it costs nothing to know. notice: what the reader should know about the
    index, or empty.
    """

    hits: tuple[RecordView, ...]
    next: int | None
    indexed: int
    size: int
    total: int | None
    notice: str

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from counterfoil.ledger.notebook import search_card

        return search_card(self)

    def table_rows(self) -> Iterator[TableRow]:
        """List the hits."""
        return ((hit, {}) for hit in self.hits)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def search(
    reading: Reading,
    query: str = "",
    *,
    limit: int = 50,
    after: int | None = None,
    newest_first: bool = True,
    progress: Progress | None = None,
) -> SearchPage:
    """Find the entries that satisfy a query; see `query` for its language.

    query: empty lists all. limit: 1 to 1000 hits. after: `next` of the page before.
    Raises InputError with code search.query, search.limit or search.after, FatalLogError with
    code log.damaged.
    """
    if not 1 <= limit <= LIMIT_MAX:
        raise InputError("search.limit", f"expected a limit of 1 to {LIMIT_MAX}, found {limit}")
    if after is not None and after < 0:
        raise InputError("search.after", f"expected an index to go on after, found {after}")
    parsed = parse(query)

    def page(source: Source) -> SearchPage:
        first, end = 0, source.size
        if after is not None:
            first, end = (0, min(after, end)) if newest_first else (after + 1, end)
        scan = Scan(reading, parsed, source, progress)
        hits = tuple(islice(scan.hits(plan(parsed, first, end), newest_first), limit))
        more = hits[-1].index if len(hits) == limit else None
        total = len(hits) if after is None and more is None else None
        return SearchPage(hits, more, source.indexed, source.size, total, source.notice)

    return with_source(reading, progress, page)


def find_leaf(reading: Reading, leaf: str, progress: Progress | None = None) -> int:
    """Find the index of the entry with a leaf hash.

    leaf: 64 hexadecimal digits. Raises InputError with code search.leaf, NotFound with code
    entry.leaf.
    """
    wanted = leaf.lower()
    if not _LEAF.fullmatch(wanted):
        raise InputError(
            "search.leaf",
            f"expected a leaf hash of 64 hexadecimal digits, found {leaf[:80]!r}",
        )
    query = Query((Comparison("leaf", True, "=", Value(wanted)),))

    def first_hit(source: Source) -> int | None:
        scan = Scan(reading, query, source, progress)
        found = scan.entries(plan(query, 0, source.size), newest_first=True)
        return next((index for index, _ in found), None)

    found = with_source(reading, progress, first_hit)
    if found is not None:
        return found
    raise NotFound(
        "entry.leaf",
        f"expected an entry with leaf hash {wanted}, found none",
        hint="Check that it is the hash of an entry, and of this ledger.",
    )


class Scan:
    """Reads candidates and keeps what matches."""

    def __init__(
        self, reading: Reading, query: Query, source: Source, progress: Progress | None
    ) -> None:
        self._read, self._query, self._source = reading.reader.entries, query, source
        self._progress, self._erasures = progress, reading.erasures
        self._signers = Signers(self._read) if asks_who_signed(query) else None
        self._done = 0

    def hits(self, found: Plan, newest_first: bool) -> Iterator[RecordView]:
        """List the hits in order."""
        for index, data in self.entries(found, newest_first):
            yield _view(index, data, self._erasures)

    def entries(self, found: Plan, newest_first: bool) -> Iterator[tuple[int, bytes]]:
        """List (index, bytes) of the entries that match, in order."""
        for run in self._runs(found, newest_first):
            low, high = min(run[0], run[-1]), max(run[0], run[-1])
            held = list(self._read(low, high + 1))
            for index in run:
                data = held[index - low]
                if matches(self._query, entry_fields(index, data, self._signers)):
                    yield index, data
            self._report(len(run), found)

    def _runs(self, found: Plan, newest_first: bool) -> Iterator[Sequence[int]]:
        """List the candidates: those of the index, and all that it does not hold."""
        index, indexed = self._source.index, self._source.indexed
        parts = [(index, 0, indexed), (None, indexed, self._source.size)]
        for which, first, end in reversed(parts) if newest_first else parts:
            yield from candidates(which, found, first, end, newest_first)

    def _report(self, count: int, found: Plan) -> None:
        before = self._done // _REPORT_ENTRIES
        self._done += count
        if self._progress is not None and self._done // _REPORT_ENTRIES != before:
            self._progress(self._done, max(found.end - found.first, self._done))


def _view(index: int, data: bytes, erasures: Erasures) -> RecordView:
    try:
        return view(index, data, erasures)
    except InputError:  # it is in the log, and what is in the log can be listed
        leaf = leaf_hash(data).hex()
        return RecordView(index, leaf, "unreadable", None, None, None, None, (), {})
