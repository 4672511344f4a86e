"""Give entries their place: one thread, group commit, one transaction a group.

Nobody hears of an entry before the transaction that holds it, and the signed checkpoint over it,
is durable; a refusal that rests on an entry of the same group waits for the commit too. After a
commit of unknown outcome the sequencer stops for good: a restart recovers. This module refuses to
parse entries and to write tiles.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from counterfoil.errors import CounterfoilError, FatalLogError, Unavailable
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.log.conditions import Group
from counterfoil.log.submission import Appended, Submission
from counterfoil.ports import Clock, Commit, Head, Hold, LogStore, Segment
from counterfoil.proofs.frontier import Frontier
from counterfoil.units import TILE_WIDTH

__all__ = ["GROUP_ENTRIES", "LINGER_S", "PENDING_ENTRIES", "Sequencer", "unexpected"]

GROUP_ENTRIES: Final = 8192
"""Entries, or KiB, after which a group is committed, even if more are waiting."""

PENDING_ENTRIES: Final = 32_768
"""Entries, or KiB, that may wait; who submits more waits too."""

LINGER_S: Final = 0.002
"""How long a group waits for others when the last one held several submissions, seconds."""

_FULL_ENTRIES: Final = 512  # a group of this many gains nothing by waiting
_SOURCES_REMEMBERED: Final = 10_000

SignCheckpoint = Callable[[Checkpoint], bytes]


@dataclass(frozen=True, slots=True)
class _Pending:
    submission: Submission
    future: Future[Appended]
    weight: int  # entries, or KiB where that is more
    came_s: float = 0.0  # monotonic; only where something may be held


@dataclass(frozen=True, slots=True)
class _Task:
    work: Callable[[], None]
    future: Future[None]
    came_s: float = 0.0


class Sequencer:
    """The one writer of a log.

    store: whose head must be sound (see `log.startup`). origin: of the log. sign: makes a signed
    note of a checkpoint. clock: steady. on_commit: told of each new head, quickly. hold: how long
    a group may be held for others; None commits as soon as it can.
    """

    def __init__(
        self,
        store: LogStore,
        origin: str,
        sign: SignCheckpoint,
        clock: Clock,
        on_commit: Callable[[Head], None],
        hold: Hold | None = None,
    ) -> None:
        self._store, self._origin, self._sign, self._clock = store, origin, sign, clock
        self._on_commit, self._hold = on_commit, hold
        self._head = store.head()
        self._queue: deque[_Pending | _Task] = deque()
        self._waiting = 0  # weight of what is in the queue
        self._changed = threading.Condition()
        self._closing = False
        self._idle = False  # the writer waits for work
        self._tasks = 0  # in the queue
        self._came: list[float] = []  # when submissions came that the hold has not heard of
        self._crowded = False  # the last group held several submissions: others will come
        self._numbers: dict[tuple[str, str], int] = {}
        self._fatal: FatalLogError | None = None
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
        self._thread.start()

    @property
    def thread(self) -> threading.Thread:
        """The one that writes."""
        return self._thread

    @property
    def head(self) -> Head:
        """The last committed state."""
        return self._head

    def submit(self, submission: Submission) -> Future[Appended]:
        """Hand entries over; the future resolves once they are durable.

        Waits while too many entries, or bytes, wait. The future raises AlreadyRecorded, Conflict
        (log.expect, log.moved), Unavailable (nothing was stored) or FatalLogError (unknown; open
        the ledger again). It can be cancelled until its group is taken up; then nothing is
        stored. What is called when it is done runs on the writer's thread and must not wait for
        the log.
        Raises Unavailable with code log.closed, FatalLogError after an earlier one.
        """
        future: Future[Appended] = Future()
        weight = max(len(submission.entries), sum(map(len, submission.entries)) >> 10)
        with self._changed:
            while self._waiting + weight > max(PENDING_ENTRIES, weight) and not self._stopped:
                self._changed.wait()
            if self._hold is None:
                self._enqueue(_Pending(submission, future, weight))
                self._waiting += weight
            else:
                self._enqueue(_Pending(submission, future, weight, time.monotonic()))
                self._waiting += weight
                self._came.append(time.monotonic())
                if self._waiting >= _FULL_ENTRIES:
                    self._changed.notify_all()
        return future

    def run(self, work: Callable[[], None]) -> None:
        """Do `work` on the writer's thread between two commits, and wait for it.

        Raises what `work` raises, and as `submit`.
        """
        future: Future[None] = Future()
        with self._changed:
            self._enqueue(_Task(work, future))
            self._tasks += 1
            self._changed.notify_all()  # what is held does not hold this up
        future.result()

    def close(self) -> None:
        """Commit what waits, then stop. Calling it again does nothing."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    @property
    def _stopped(self) -> bool:
        return self._closing or self._fatal is not None

    def _enqueue(self, item: _Pending | _Task) -> None:
        if self._fatal is not None:
            raise self._fatal.renewed()
        if self._closing:
            raise Unavailable("log.closed", "expected an open log, found it closed")
        self._queue.append(item)
        if self._idle:  # waking the writer for every entry would cost more than the entry
            self._changed.notify_all()

    def stop(self, err: FatalLogError) -> None:
        """Write nothing more: all that waits and all that comes fails with `err`."""
        with self._changed:
            self._fatal = self._fatal or err
            self._changed.notify_all()

    @property
    def fatal(self) -> FatalLogError | None:
        """Why the sequencer stopped for good; None while it works."""
        return self._fatal

    def _run(self) -> None:
        while (items := self._take()) is not None:
            for item in items:
                if isinstance(item, _Task):
                    self._do(item)
            pending = [item for item in items if isinstance(item, _Pending)]
            if pending:
                self._commit(pending)

    def _take(self) -> list[_Pending | _Task] | None:
        """Wait for work; None when closing and all is done."""
        with self._changed:
            while not self._queue and not self._closing:
                self._idle = True
                self._changed.wait()
            self._idle = False
            if not self._queue:
                return None
        if self._hold is not None:
            self._hold_on(self._hold)
        elif self._crowded:
            time.sleep(LINGER_S)
        with self._changed:
            items: list[_Pending | _Task] = []
            weight = 0
            while self._queue and weight < GROUP_ENTRIES:
                item = self._queue.popleft()
                if item.future.set_running_or_notify_cancel():
                    items.append(item)
                weight += item.weight if isinstance(item, _Pending) else 0
                self._tasks -= isinstance(item, _Task)
            self._waiting -= weight
            self._crowded = len(items) > 1 and weight < _FULL_ENTRIES
            self._changed.notify_all()
            return items

    def _hold_on(self, hold: Hold) -> None:
        """Wait for more submissions for as long as `hold` says."""
        with self._changed:
            while not self._stopped and not self._tasks and self._waiting < _FULL_ENTRIES:
                came, self._came = self._came, []
                for at_s in came:
                    hold.arrived(at_s)
                first_s = self._queue[0].came_s
                more = hold.wait_s(time.monotonic(), first_s, len(self._queue))
                if more <= 0:
                    return
                self._changed.wait(more)

    def _do(self, task: _Task) -> None:
        try:
            if self._fatal is not None:
                raise self._fatal
            task.work()
        except Exception as err:  # the caller hears it; the writer's thread lives on
            if isinstance(err, FatalLogError):
                self.stop(err)
            task.future.set_exception(err)
        else:
            task.future.set_result(None)

    def _commit(self, pending: list[_Pending]) -> None:
        if len(self._numbers) > _SOURCES_REMEMBERED:
            self._numbers.clear()
        group = Group(self._store, self._head.size, self._numbers)
        placed: list[tuple[_Pending, int]] = []
        refused: list[tuple[_Pending, CounterfoilError]] = []
        try:
            if self._fatal is not None:
                raise self._fatal
            for item in pending:
                try:
                    placed.append((item, group.add(item.submission)))
                except FatalLogError:
                    raise
                except CounterfoilError as err:
                    refused.append((item, err))
            if placed:
                self._head = self._write(group)
        except Exception as err:
            failure = err if isinstance(err, CounterfoilError) else unexpected(err)
            if isinstance(failure, FatalLogError):
                self.stop(failure)
            # Also what was refused: perhaps because of an entry that is not stored now.
            for item in pending:
                item.future.set_exception(failure)
            return
        if placed:
            self._on_commit(self._head)
        if self._hold is not None:
            self._hold.answered(time.monotonic())
        for item, first in placed:
            item.future.set_result(Appended(first, self._head.size))
        for item, refusal in refused:
            item.future.set_exception(refusal)

    def _write(self, group: Group) -> Head:
        old = self._head
        frontier = Frontier(old.size, old.frontier)
        frontier.extend(group.leaf_hashes)
        note = self._sign(Checkpoint(self._origin, frontier.size, frontier.root()))
        now = self._clock.now_ms()
        head = Head(frontier.size, frontier.hashes, note, now, old.trimmed)
        commit = Commit(
            base=old.size,
            head=head,
            segments=list(_segments(old.size, group.entries, group.leaf_hashes)),
            spans=group.spans,
            identities=group.identities,
            counters=group.counters,
            key_entries=group.key_entries,
        )
        self._store.commit(commit)
        return head


def _segments(first: int, entries: list[bytes], hashes: list[bytes]) -> Iterator[Segment]:
    """Cut entries where bundles end, so that a bundle is its segments one after the other."""
    at = 0
    while at < len(entries):
        count = min(TILE_WIDTH - (first + at) % TILE_WIDTH, len(entries) - at)
        run = entries[at : at + count]
        joined = b"".join([part for e in run for part in (len(e).to_bytes(2, "big"), e)])
        yield Segment(first + at, count, joined, b"".join(hashes[at : at + count]))
        at += count


def unexpected(err: Exception) -> FatalLogError:
    """Say that something failed in a way that nobody foresaw; the log must not go on."""
    fatal = FatalLogError(
        "log.unexpected",
        f"expected the log to work, but: {type(err).__name__}: {err}",
        hint="This is a bug in Counterfoil or a plug-in. Open the ledger again: it will recover.",
    )
    fatal.__cause__ = err
    return fatal
