"""Decide whether a submission may join the group that is about to be committed.

Reads see the store and, above it, what earlier submissions of the same group will change. This
module refuses to write.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from itertools import chain

from counterfoil.errors import Conflict
from counterfoil.log.submission import AlreadyRecorded, Submission
from counterfoil.ports import LogStore, Span
from counterfoil.ports.store import CounterValue

__all__ = ["Group"]


@dataclass(slots=True)
class Group:
    """The submissions of one commit: their entries, numbers, identities and counters.

    store: what is committed. first: index of the group's first entry.
    next_numbers: (issuer, source) -> a number that is above all that are recorded or about to be;
    kept from group to group, so that a new number needs no look into the store.
    runs: (issuer, source) -> its new numbers, ascending; runs that follow each other are one.
    """

    store: LogStore
    first: int
    next_numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    entries: list[bytes] = field(default_factory=list)
    leaf_hashes: list[bytes] = field(default_factory=list)
    runs: dict[tuple[str, str], list[Span]] = field(default_factory=dict)
    identities: dict[bytes, int] = field(default_factory=dict)
    counters: dict[str, CounterValue] = field(default_factory=dict)
    key_entries: list[int] = field(default_factory=list)

    def add(self, submission: Submission) -> int:
        """Take a submission up and return the index of its first entry.

        Raises AlreadyRecorded, or Conflict with code log.expect or log.moved; then the group is
        unchanged.
        """
        index = self.first + len(self.entries)
        if submission.at not in (None, index):
            raise Conflict(
                "log.moved",
                f"expected to append at {submission.at}, found the log at {index}",
                hint="Decide again on the newer state.",
            )
        for span in submission.spans:
            self._require_new_numbers(span)
        for identity in submission.identities:
            self._require_new_identity(identity)
        for key, (old, _) in submission.expect.items():
            self._require_counter(key, old)
        spans = [replace(span, index=index + span.index) for span in submission.spans]
        identities = {key: index + at for key, at in submission.identities.items()}
        # Nothing below can fail: a group holds a submission as a whole or not at all.
        self.entries.extend(submission.entries)
        self.leaf_hashes.extend(submission.leaf_hashes)
        for span in spans:
            self._join(span)
        self.identities.update(identities)
        self.counters.update({key: new for key, (_, new) in submission.expect.items()})
        self.key_entries.extend(index + at for at in submission.key_entries)
        return index

    @property
    def spans(self) -> list[Span]:
        """All new numbers, by source and number."""
        return list(chain.from_iterable(self.runs.values()))

    def _require_new_numbers(self, span: Span) -> None:
        source = span.issuer, span.source
        if source not in self.next_numbers:
            self.next_numbers[source] = self.store.next_number(*source)
        if span.first >= self.next_numbers[source]:
            return
        held = self.store.find_span(span.issuer, span.source, span.first, span.count)
        runs = self.runs.get(source, [])
        at = bisect_left(runs, span.first + span.count, key=_first)
        if at and runs[at - 1].first + runs[at - 1].count > span.first:
            held = runs[at - 1]
        if held is not None:
            number = max(held.first, span.first)
            raise AlreadyRecorded(held.index + number - held.first, held)

    def _require_new_identity(self, identity: bytes) -> None:
        index = self.identities.get(identity)
        if index is None:
            index = self.store.find_identity(identity)
        if index is not None:
            raise AlreadyRecorded(index, None)

    def _require_counter(self, key: str, old: CounterValue) -> None:
        now = self.counters[key] if key in self.counters else self.store.counter(key)
        if now != old or type(now) is not type(old):
            raise Conflict(
                "log.expect",
                f"expected {key!r} to be {old!r}, found {now!r}",
                hint="Read the counter again, decide again, and append with its new value.",
            )

    def _join(self, span: Span) -> None:
        """Keep runs that follow each other as one; fewer rows to write."""
        source = span.issuer, span.source
        self.next_numbers[source] = max(self.next_numbers[source], span.first + span.count)
        runs = self.runs.setdefault(source, [])
        at = bisect_left(runs, span.first, key=_first)
        if at:
            last = runs[at - 1]
            if (last.first + last.count, last.index + last.count) == (span.first, span.index):
                runs[at - 1] = replace(last, count=last.count + span.count)
                return
        runs.insert(at, span)


def _first(span: Span) -> int:
    return span.first
