"""Derive from a log's entries what its database must hold: numbers, identities, counters, keys.

The same code rebuilds a lost database and tells an audit what an old one should say. It writes
through the store's own commit, so what it makes is what recording would have made. This module
refuses to trust: a number that comes twice is a finding, and the first one stands.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from counterfoil.formats import signed_statement, verdict
from counterfoil.formats.entry import BatchEntry, CoseEntry, VerdictEntry
from counterfoil.formats.envelope import identity
from counterfoil.formats.predicates import Key
from counterfoil.ledger.examine import Examined
from counterfoil.log.findings import Findings, places
from counterfoil.ports import Commit, Head, LogStore, Segment, Span
from counterfoil.ports.store import CounterValue

__all__ = ["IndexBuilder"]

_FLUSH_ROWS: Final = 4096


@dataclass(slots=True)
class _Run:
    """Numbers of one source that stand in a row; it grows with each entry."""

    issuer: str
    source: str
    first: int
    index: int
    next_number: int
    next_index: int


class IndexBuilder:
    """Fills an empty store from entries, in order.

    store: new and empty. findings: where what cannot be is named.
    """

    def __init__(self, store: LogStore, findings: Findings) -> None:
        self._store, self._findings = store, findings
        self._size = store.head().size
        self._run: _Run | None = None  # the last numbers, as long as they follow each other
        self._runs: dict[tuple[str, str], list[Span]] = {}
        self._identities: dict[bytes, int] = {}
        self._counters: dict[str, CounterValue] = {}
        self._key_entries: list[int] = []
        self._rows = 0
        self._doubt = False  # an entry was damaged: counters may have changed unseen
        self.latest_ms = 0

    def skip(self) -> None:
        """Pass over an entry that is damaged."""
        self._doubt = True

    def take(self, seen: Examined) -> None:
        """Take up the next entry. latest_ms: the latest time of the log's own clock so far."""
        parsed, predicate = seen.parsed, seen.predicate
        if isinstance(parsed, BatchEntry):
            self.latest_ms = max(self.latest_ms, parsed.batch.at_ms)
            return
        if isinstance(parsed, VerdictEntry):
            self._identify(seen.index, verdict.identity_of(verdict.format(parsed.signed)))
            return
        if isinstance(parsed, CoseEntry):
            self._identify(seen.index, signed_statement.identity(parsed.statement))
            return
        if seen.header is not None:
            self._number(seen.index, *seen.header)
        else:
            self._identify(seen.index, identity(parsed.envelope))
        for key, (old, new) in seen.expect.items():
            self._change(seen.index, key, old, new)
        if isinstance(predicate, Key):
            self._key_entries.append(seen.index)
            self._rows += 1
            self.latest_ms = max(self.latest_ms, predicate.at_ms or 0)

    def counter(self, key: str) -> CounterValue:
        """Tell a counter as of the entries that were taken up."""
        return self._counters[key] if key in self._counters else self._store.counter(key)

    def flush(self, size: int, *, often: bool = True) -> None:
        """Write what was gathered for the first `size` entries, when it is much or not `often`."""
        if often and self._rows < _FLUSH_ROWS:
            return
        self._commit(Head(size, (), b"", 0, 0), ())

    def finish(self, head: Head, segments: Sequence[Segment]) -> None:
        """Write the rest, with the log's true head and its tail."""
        self._commit(head, segments)

    def _commit(self, head: Head, segments: Sequence[Segment]) -> None:
        self._close_run()
        spans = [span for runs in self._runs.values() for span in runs]
        self._store.commit(
            Commit(
                self._size,
                head,
                segments,
                spans,
                self._identities,
                self._counters,
                self._key_entries,
            )
        )
        self._size = head.size
        self._runs, self._identities = {}, {}
        self._counters, self._key_entries = {}, []
        self._rows = 0

    def _number(self, index: int, issuer: str, source: str, number: int) -> None:
        run = self._run
        if (
            run is not None
            and number == run.next_number
            and index == run.next_index
            and source == run.source
            and issuer == run.issuer
        ):
            run.next_number += 1
            run.next_index += 1
            return
        self._close_run()
        self._run = _Run(issuer, source, number, index, number + 1, index + 1)

    def _close_run(self) -> None:
        if self._run is not None:
            run, self._run = self._run, None
            count = run.next_number - run.first
            self._take_run(Span(run.issuer, run.source, run.first, count, run.index))

    def _take_run(self, run: Span) -> None:
        self._rows += 1
        runs = self._runs.setdefault((run.issuer, run.source), [])
        held = self._held(run, runs)
        if held is None:
            at = bisect_left(runs, run.first, key=lambda span: span.first)
            runs.insert(at, run)
            return
        first = max(run.first, held.first)
        end = min(run.first + run.count, held.first + held.count)
        twice = range(run.index + first - run.first, run.index + end - run.first)
        self._findings.add(
            "audit.number-twice",
            places(twice),
            f"each number of {run.source!r} of {run.issuer} once",
            f"{first} to {end - 1}, which entry {held.index + first - held.first} on holds already",
        )
        self._split(run, first, end)

    def _split(self, run: Span, first: int, end: int) -> None:
        """Take up what is left of a run on both sides of numbers that were taken."""
        before, after = first - run.first, run.first + run.count - end
        if before > 0:
            self._take_run(replace(run, count=before))
        if after > 0:
            index = run.index + end - run.first
            self._take_run(replace(run, first=end, count=after, index=index))

    def _held(self, run: Span, runs: list[Span]) -> Span | None:
        at = bisect_left(runs, run.first + run.count, key=lambda span: span.first)
        if at and runs[at - 1].first + runs[at - 1].count > run.first:
            return runs[at - 1]
        return self._store.find_span(run.issuer, run.source, run.first, run.count)

    def _identify(self, index: int, name: bytes) -> None:
        held = self._identities.get(name)
        if held is None:
            held = self._store.find_identity(name)
        if held is not None:
            self._findings.add(
                "audit.statement-twice", places([index]), "a new statement", f"that of entry {held}"
            )
            return
        self._identities[name] = index
        self._rows += 1

    def _change(self, index: int, key: str, old: CounterValue, new: CounterValue) -> None:
        now = self.counter(key)
        if (now != old or type(now) is not type(old)) and not self._doubt:
            self._findings.add(
                "audit.expect",
                places([index]),
                f"counter {key!r} to be {old!r} before it",
                f"{now!r}",
            )
        self._counters[key] = new
        self._rows += 1
