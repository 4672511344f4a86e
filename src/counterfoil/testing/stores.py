"""The promises of `ports.LogStore`, as checks that every store must pass.

Subclass `LogStoreConformance` in a test module and give `open_store`; pytest collects the rest.
The checks look through the port only. This module refuses to import a test framework, or a store.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from itertools import pairwise
from typing import Any

from counterfoil.errors import Conflict, CounterfoilError
from counterfoil.ports import Commit, Head, LogStore, Span, StoredCheckpoint
from counterfoil.testing.checks import check, refuses
from counterfoil.testing.commits import append, check_holds, next_commit, place, typed

__all__ = ["LogStoreConformance"]


class LogStoreConformance:
    """What a log relies on. Each check opens a store of its own."""

    def open_store(self) -> LogStore:
        """Open the store at the place of the running test: empty at first, later what it holds."""
        raise NotImplementedError

    @contextmanager
    def opened(self, entries: int = 0) -> Iterator[LogStore]:
        """Open the store and append `entries` entries, in commits of at most 100."""
        with closing(self.open_store()) as store:
            while (missing := entries - store.head().size) > 0:
                append(store, min(missing, 100))
            yield store

    def test_new_store_is_empty(self) -> None:
        """A new store holds nothing, and says so without an error."""
        with self.opened() as store:
            check("head", Head(0, (), b"", 0, 0), store.head())
            found = [*store.segments(0, 10), *store.sources(), *store.spans("i", "s")]
            check("contents", [], found + store.key_entries())
            check("checkpoints", [], store.checkpoints())
            check("next number", 0, store.next_number("i", "s"))
            check("span", None, store.find_span("i", "s", 0, 1))
            check("identity", None, store.find_identity(bytes(32)))
            check("counter", None, store.counter("stock"))

    def test_commit_changes_everything_it_names(self) -> None:
        """All that a commit names can be read after it, and after the store is opened again."""
        with self.opened() as store:
            commit = next_commit(
                store.head(),
                [b"a", b"b", b"c"],
                spans=[Span("i", "s", 7, 2, 0)],
                identities={b"x" * 32: 2},
                counters={"stock": 5, "state": "open"},
                key_entries=[1],
            )
            store.commit(commit)
            check_holds(store, commit)
        with self.opened() as store:
            check_holds(store, commit)

    def test_commit_to_another_size_is_refused(self) -> None:
        """A commit whose base is not the log's size raises Conflict and changes nothing."""
        with self.opened(3) as store:
            before = store.head()
            late = next_commit(
                Head(2, before.frontier[:1], b"", 0, 0),
                [b"other"],
                spans=[Span("i", "s", 9, 1, 2)],
                identities={b"y" * 32: 2},
                counters={"stock": 1},
                key_entries=[2],
            )
            refuses(Conflict, lambda: store.commit(late))
            check("head", before, store.head())
            left = (store.find_span("i", "s", 9, 1), store.find_identity(b"y" * 32))
            check("span, identity", (None, None), left)
            check("counter, key entries", (None, []), (store.counter("stock"), store.key_entries()))
            append(store, 1)
            check("size", 4, store.head().size)

    def test_two_writers_cannot_both_win(self) -> None:
        """Of two stores that commit on the same size one gets Conflict, and opens it again."""
        with self.opened(1) as one, closing(self.open_store()) as two:
            ours = next_commit(one.head(), [b"ours"])
            theirs = next_commit(two.head(), [b"theirs"])
            one.commit(ours)
            refuses(Conflict, lambda: two.commit(theirs))
            check("head of both", ours.head, two.head())

    def test_failed_commit_changes_nothing(self) -> None:
        """A commit of which one part cannot be stored leaves no part of it behind."""
        with self.opened(2) as store:
            taken = next_commit(store.head(), [b"c"], identities={b"x" * 32: 2})
            store.commit(taken)
            unfit: dict[str, dict[str, Any]] = {
                "an identity that is taken": {"identities": {b"x" * 32: 3}},
                "a counter beyond 64 bits": {"counters": {"big": 2**63}},
            }
            for name, changes in unfit.items():
                spans = [Span("i", name, 0, 1, 3)]
                commit = next_commit(
                    store.head(), [b"d", b"e"], spans=spans, key_entries=[4], **changes
                )
                refuses(CounterfoilError, partial(store.commit, commit))
                check(f"head after {name}", taken.head, store.head())
                check("segments", 3, sum(s.count for s in store.segments(0, 9)))
                check("span", None, store.find_span("i", name, 0, 1))
                check("counter, key entries", (None, []), (store.counter("big"), []))
            append(store, 2)
            check("size", 5, store.head().size)

    def test_spans_are_found_by_any_number(self) -> None:
        """Every number of a run leads to its entry, those in gaps and of others to none."""
        with self.opened() as store:
            runs = [Span("i", "s", 0, 3, 0), Span("i", "s", 10, 2, 3), Span("i", "t", 4, 1, 5)]
            store.commit(next_commit(store.head(), [b"x"] * 6, spans=runs))
            after = Span("i", "s", 12, 2, 6)  # follows the second run, in number and in place
            moved = Span("i", "s", 3, 1, 8)  # follows the first in number only
            store.commit(next_commit(store.head(), [b"x"] * 3, spans=[after, moved]))
            places = {0: 0, 1: 1, 2: 2, 3: 8, 10: 3, 11: 4, 12: 6, 13: 7}
            for number in range(16):
                check(f"place of {number}", places.get(number), place(store, "s", number))
            check("place of 4 of t", 5, place(store, "t", 4))
            check("span of another issuer", None, store.find_span("j", "s", 0, 9))
            check("swapped names", None, store.find_span("s", "i", 0, 99))

    def test_find_span_gives_the_lowest(self) -> None:
        """Of several runs that share a number the lowest is found, and none beside them."""
        with self.opened() as store:
            runs = [Span("i", "s", 5, 2, 0), Span("i", "s", 9, 1, 2)]
            store.commit(next_commit(store.head(), [b"x"] * 3, spans=runs))
            for first, count, expected in (
                (0, 5, None),
                (0, 6, 5),
                (0, 99, 5),
                (6, 9, 5),
                (7, 2, None),
                (7, 3, 9),
                (10, 9, None),
            ):
                found = store.find_span("i", "s", first, count)
                check(f"run in {count} from {first}", expected, found and found.first)

    def test_sources_are_counted(self) -> None:
        """A source knows its statements and the number after its highest."""
        with self.opened() as store:
            runs = [Span("i", "s", 5, 2, 0), Span("i", "s", 0, 1, 2), Span("j", "ü/🌍", 0, 1, 3)]
            store.commit(next_commit(store.head(), [b"x"] * 4, spans=runs))
            check("sources", {("i", "s", 3), ("j", "ü/🌍", 1)}, set(store.sources()))
            numbers = (store.next_number("i", "s"), store.next_number("j", "ü/🌍"))
            check("next numbers", (7, 1), numbers)
            listed = [(s.first, s.count, s.index) for s in store.spans("i", "s")]
            check("runs of s", [(0, 1, 2), (5, 2, 0)], listed)

    def test_counters_keep_their_type(self) -> None:
        """The number 1 and the text "1" stay apart; None deletes; the last value counts."""
        with self.opened() as store:
            values = {"a": 1, "b": "1", "c": -(2**63) + 1, "d": "", "e": "ü🌍", "f": 0}
            store.commit(next_commit(store.head(), [b"x"], counters=values))
            for key, value in values.items():
                check(f"{key} and its type", (value, type(value)), typed(store.counter(key)))
            changed = {"a": "one", "b": None, "unknown": None}
            store.commit(next_commit(store.head(), [b"y"], counters=changed))
            left = [store.counter(key) for key in ("a", "b", "c", "unknown")]
            check("counters", ["one", None, -(2**63) + 1, None], left)

    def test_key_entries_are_ascending(self) -> None:
        """The indices of key statements come back ascending."""
        with self.opened() as store:
            store.commit(next_commit(store.head(), [b"x"] * 4, key_entries=[3, 0]))
            store.commit(next_commit(store.head(), [b"x"], key_entries=[4]))
            check("key entries", [0, 3, 4], store.key_entries())

    def test_segments_cover_exactly_the_range(self) -> None:
        """Segments of a range hold all its entries, in order, and none beside it."""
        with self.opened() as store:
            while store.head().size < 700:
                append(store, 11 if store.head().size > 40 else 1)
            for first, end in ((0, 700), (255, 257), (256, 512), (1, 2), (300, 699), (5, 5)):
                found = list(store.segments(first, end))
                edges = [(s.first, s.first + s.count) for s in found]
                touching = all(a < end and b > first for a, b in edges)
                in_a_row = all(a[1] == b[0] for a, b in pairwise(edges))
                check(f"segments of {first}-{end}", (True, True), (touching, in_a_row))
                whole = not found or (edges[0][0] <= first and edges[-1][1] >= end)
                check(f"entries of {first}-{end}", (first < end, True), (bool(found), whole))
            crossing = [s for s in store.segments(0, 700) if s.first % 256 + s.count > 256]
            check("segments that cross a bundle", [], crossing)

    def test_trim_forgets_what_is_below(self) -> None:
        """Trimming removes entries below the index, stays over commits, and never goes back."""
        with self.opened(600) as store:
            store.trim(256)
            check("trimmed", 256, store.head().trimmed)
            check("first left", 256, next(iter(store.segments(0, 600))).first)
            append(store, 5)  # its head was made with trimmed 256, the next one with 0
            stale = next_commit(store.head(), [b"x"])
            behind = Head(606, stale.head.frontier, b"note 606", 1, 0)
            store.commit(Commit(605, behind, stale.segments))
            check("trimmed after a commit", 256, store.head().trimmed)
            store.trim(0)
            check("trimmed after a smaller one", 256, store.head().trimmed)
            store.trim(512)
        with self.opened() as store:
            check("head", (606, 512), (store.head().size, store.head().trimmed))
            check("first left", 512, next(iter(store.segments(0, 606))).first)

    def test_trim_does_not_disturb_who_reads(self) -> None:
        """A reader that began before a trim gets segments in order, some of them perhaps no more.

        It must not get an entry twice or an error.
        """
        with self.opened() as store:
            while store.head().size < 512:
                append(store, 7)
            reading = store.segments(0, 512)
            found = [next(reading)]
            store.trim(256)
            append(store, 1)
            found += reading
            firsts = [segment.first for segment in found]
            check("ascending", sorted(set(firsts)), firsts)
            check("end", 512, found[-1].first + found[-1].count)

    def test_checkpoints_are_kept(self) -> None:
        """Kept checkpoints come oldest first, with the head's; a note can be replaced."""
        with self.opened(1) as store:
            store.keep_checkpoint(StoredCheckpoint(1, store.head().note, store.head().at_ms))
            append(store, 1)
            append(store, 1)
            check("sizes", [1, 3], [kept.size for kept in store.checkpoints()])
            more = StoredCheckpoint(1, b"note 1, cosigned", 10)
            store.keep_checkpoint(more)
        with self.opened() as store:
            head = store.head()
            last = StoredCheckpoint(3, head.note, head.at_ms)
            check("checkpoints", [more, last], store.checkpoints())

    def test_reads_come_from_any_thread(self) -> None:
        """While one thread commits, others see each state whole: never a size without entries."""
        done = threading.Event()
        with self.opened(1) as store, ThreadPoolExecutor(3) as pool:

            def read() -> int:
                rounds = 0
                while not done.is_set() or not rounds:
                    head = store.head()
                    held = sum(segment.count for segment in store.segments(0, head.size))
                    check("entries of a size", True, held >= head.size)
                    check("note of a size", b"note %d" % head.size, head.note)
                    check("span of a size", True, place(store, "n", head.size - 1) is not None)
                    rounds += 1
                return rounds

            store.commit(next_commit(store.head(), [b"x"], spans=[Span("i", "n", 0, 2, 0)]))
            readers = [pool.submit(read) for _ in range(3)]
            try:
                while (size := store.head().size) < 80:
                    run = Span("i", "n", size, 1, size)
                    store.commit(next_commit(store.head(), [b"x"], spans=[run]))
            finally:
                done.set()
            check("every reader read", True, all(reader.result() for reader in readers))

    def test_close_twice(self) -> None:
        """Closing again does nothing."""
        store = self.open_store()
        store.close()
        store.close()
