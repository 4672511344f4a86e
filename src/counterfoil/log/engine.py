"""Run a log: check, sequence, publish in the background, and trim what tiles hold.

This module refuses to know what an entry says; `ledger` does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from counterfoil.errors import CounterfoilError, FatalLogError, Unavailable
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.log.publisher import Publisher
from counterfoil.log.reader import LogReader, parse_signed
from counterfoil.log.sequencer import Sequencer, unexpected
from counterfoil.log.startup import OpenNote, check_start
from counterfoil.log.steady_clock import SteadyClock
from counterfoil.log.submission import Appended, Submission
from counterfoil.ports import (
    Clock,
    Head,
    Hold,
    LogStore,
    StoredCheckpoint,
    TileStore,
    Witnessing,
)
from counterfoil.units import TILE_WIDTH

__all__ = ["PUBLISH_INTERVAL_S", "Log"]

PUBLISH_INTERVAL_S: Final = 0.2
"""Shortest time between two published checkpoints, seconds."""

_KEEP_INTERVAL_MS: Final = 60_000  # published checkpoints are kept for good at most this often
_ASK_AGAIN_S: Final = (1.0, 60.0)  # witnesses that did not answer are asked again, ever later
_TRIM_ENTRIES: Final = TILE_WIDTH  # trimmed in runs of at least this many


class Log:
    """One open log, owned by this process.

    store, tiles: its engines. origin: its name. sign: makes the signed note of a checkpoint.
    open_note: checks one. clock: the machine's. publish_interval_s: seconds. witnesses: who watch
    it; nobody when None. hold: how long a group may be held for others; None for not at all.
    publish_hold_s: how long what is committed may wait to be published for more, unless somebody
    waits for it, seconds.
    Raises FatalLogError when the log must not go on (see `log.startup`).
    """

    def __init__(
        self,
        store: LogStore,
        tiles: TileStore,
        origin: str,
        sign: Callable[[Checkpoint], bytes],
        open_note: OpenNote,
        clock: Clock,
        *,
        publish_interval_s: float = PUBLISH_INTERVAL_S,
        witnesses: Witnessing | None = None,
        hold: Hold | None = None,
        publish_hold_s: float = 0.0,
    ) -> None:
        edge = check_start(store, tiles, open_note, witnesses)
        self.clock = SteadyClock(clock, store.head().at_ms)
        self.reader = LogReader(tiles, store)
        self.origin = origin
        self._store = store
        self._publisher = Publisher(store, tiles, edge, witnesses)
        self._interval_s, self._publish_hold_s = publish_interval_s, publish_hold_s
        self._new_since_s: float | None = None  # when the oldest unpublished entries came
        self._asked = threading.Event()  # somebody waits for what is committed to be published
        self._kept_ms, self._kept_size = store.head().at_ms, 0
        self._wanted = threading.Event()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._failure: CounterfoilError | None = None
        self._ask_again_s = _ASK_AGAIN_S[0]
        self._vouched: StoredCheckpoint | None = None  # published last with all cosignatures
        self._sequencer = Sequencer(store, origin, sign, self.clock, self._committed, hold)
        self._thread = threading.Thread(target=self._publish, name="publisher", daemon=True)
        self._thread.start()

    @property
    def fatal(self) -> FatalLogError | None:
        """Why the log must not go on; None while it goes on."""
        return self._sequencer.fatal

    @property
    def head(self) -> Head:
        """The last committed state."""
        return self._sequencer.head

    @property
    def threads(self) -> dict[str, threading.Thread]:
        """The log's own threads, by name."""
        return {"sequencer": self._sequencer.thread, "publisher": self._thread}

    @property
    def published_size(self) -> int:
        """Size of the published tree."""
        return self._publisher.size

    def submit(self, submission: Submission) -> Future[Appended]:
        """Hand entries over; see `Sequencer.submit`."""
        return self._sequencer.submit(submission)

    def wait_published(self, size: int, timeout_s: float = 60.0) -> None:
        """Wait until a checkpoint of at least `size` entries is published.

        Raises Unavailable with code log.publish-timeout or what kept it from being published.
        """
        if self.published_size < size:
            self._asked.set()
        self._wanted.set()
        with self._changed:
            done = self._changed.wait_for(
                lambda: self.published_size >= size or self._failure is not None, timeout_s
            )
            if self.published_size >= size:
                return
            failure = self._failure
        if done and failure is not None:
            raise failure
        raise Unavailable(
            "log.publish-timeout",
            f"expected {size} entries to be published within {timeout_s:g} s, "
            f"found {self.published_size}",
            hint="The disk is slow; try again.",
        )

    def close(self) -> None:
        """Commit and publish what waits, then stop. Calling it again does nothing.

        Raises what kept the last entries from being published; they are durable all the same.
        """
        self._sequencer.close()
        self._closing.set()
        self._asked.set()
        self._wanted.set()
        self._thread.join()
        self._store.close()
        if self._failure is not None and self.published_size < self.head.size:
            raise self._failure

    def _committed(self, _: Head) -> None:
        if self._new_since_s is None:
            self._new_since_s = time.monotonic()
        self._wanted.set()

    def _hold_on(self) -> None:
        """Let what is committed wait for more, unless somebody waits for it."""
        since_s = self._new_since_s
        if self._publish_hold_s > 0 and since_s is not None and not self._closing.is_set():
            self._asked.wait(max(since_s + self._publish_hold_s - time.monotonic(), 0.0))
        self._asked.clear()
        self._new_since_s = None  # before the head is read: what comes now is published, too

    def _publish(self) -> None:
        while True:
            wanted = self._wanted.wait(self._ask_again_s if self._publisher.wanting else None)
            self._wanted.clear()
            self._hold_on()
            closing = self._closing.is_set()
            self._ask_again_s = min(
                _ASK_AGAIN_S[0] if wanted else 2 * self._ask_again_s, _ASK_AGAIN_S[1]
            )
            self._try_publish(closing)
            if closing:
                return
            self._closing.wait(self._interval_s)

    def _try_publish(self, closing: bool) -> None:
        head = self._sequencer.head
        failure: CounterfoilError | None = None
        try:
            if head.size == self._publisher.size:
                self._publisher.gather()
            else:
                self._publish_new(head)
            if self._sequencer.fatal is None:  # else the store's state is unknown: leave it alone
                self._tidy(head, closing)
        except CounterfoilError as err:
            failure = err
        except Exception as err:  # a bug must be heard by who waits, not end this thread
            failure = unexpected(err)
        if isinstance(failure, FatalLogError):
            self._sequencer.stop(failure)  # what is damaged is not signed over
        with self._changed:
            self._failure = failure
            self._changed.notify_all()
        if failure is not None and not isinstance(failure, FatalLogError) and not closing:
            self._closing.wait(self._interval_s)
            self._wanted.set()

    def _publish_new(self, head: Head) -> None:
        """Publish, and keep the checkpoint before where that one alone has all cosignatures.

        Receipts of entries that it covers then still meet their readers' quorum.
        """
        self._publisher.publish(head)
        if not self._publisher.wanting:
            self._vouched = StoredCheckpoint(head.size, self._cosigned(head), head.at_ms)
            return
        vouched, self._vouched = self._vouched, None
        if vouched is not None and self._sequencer.fatal is None:
            self._run(lambda: self._store.keep_checkpoint(vouched))

    def _tidy(self, head: Head, closing: bool) -> None:
        """Trim what tiles hold durably, and keep a checkpoint now and then."""
        below = head.size - head.size % TILE_WIDTH
        if below - self._store.head().trimmed >= _TRIM_ENTRIES:
            self._run(lambda: self._store.trim(below))
        due = closing or head.at_ms - self._kept_ms >= _KEEP_INTERVAL_MS
        if head.note and due and head.size != self._kept_size:
            kept = StoredCheckpoint(head.size, self._cosigned(head), head.at_ms)
            self._run(lambda: self._store.keep_checkpoint(kept))
            self._kept_ms, self._kept_size = head.at_ms, head.size

    def _cosigned(self, head: Head) -> bytes:
        """Read the head's note with the cosignatures that it is published with."""
        note = self._publisher.published_note()
        return note if note is not None and parse_signed(note).size == head.size else head.note

    def _run(self, work: Callable[[], None]) -> None:
        """Work on the store: on the writer's thread while there is one."""
        if self._closing.is_set():  # the writer's thread ends before this one
            work()
        else:
            self._sequencer.run(work)
