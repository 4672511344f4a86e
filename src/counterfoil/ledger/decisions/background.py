"""Record decisions behind the caller's back, in order, and never lose one silently.

Decisions wait in a bounded queue; one thread drains it, a batch to a transaction. Only what a
handle has answered is promised: a process that is killed loses what still waits, whole. What could
not be recorded is told at its handle, else at the next decision, at `flush` or at the end. This
module refuses to drop anything to make room: who decides faster than the disk writes must wait.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Final, Protocol

from counterfoil.errors import CounterfoilError, InputError, Refused, Unavailable
from counterfoil.ledger.decisions.handle import Handle
from counterfoil.ledger.energy import DECIDING
from counterfoil.ledger.results import RecordedMany
from counterfoil.ports import Said

__all__ = ["BATCH_MAX", "QUEUE_MAX", "Background", "Made"]

QUEUE_MAX: Final = 4096
"""Decisions that may wait, where nothing else is said."""

BATCH_MAX: Final = 256
"""Most decisions of one transaction."""

_GATHER_S: Final = 0.01  # how long a batch gathers, unless somebody waits for it
_LOOKS_MAX: Final = 100  # looks without finding any, before the thread goes to sleep
_LOG: Final = logging.getLogger("counterfoil")


class Made(Protocol):
    """A decision that was made, and becomes a statement in the background."""

    handle: Handle

    def said(self) -> Said:
        """Build the statement; may raise CounterfoilError."""


class Background:
    """A queue and the thread that drains it; the thread starts with the first decision.

    write: records statements in one transaction, or none of them. limit: decisions that may wait;
    then whoever decides waits, too.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Said]], Future[RecordedMany]],
        limit: int = QUEUE_MAX,
    ) -> None:
        self._write, self._limit = write, limit
        self._waiting: deque[Made] = deque()
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._rest = threading.Condition(self._lock)
        self._hurried = threading.Event()
        self._untold: deque[Handle] = deque(maxlen=limit)
        self._idle = self._closed = False
        self._added = self._done = 0  # decisions so far: queued; recorded, or told why not
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    def add(self, made: Made, *, wait: bool = True) -> bool:
        """Queue a decision; waits for room where the queue is full.

        wait: else give False where there is none. Raises Unavailable with code decision.closed,
        Refused with code ledger.forked.
        """
        self.check()
        with self._lock:
            while len(self._waiting) >= self._limit and not self._closed:
                if not wait:
                    return False
                self._room.wait()
            self.require_open()
            self._waiting.append(made)
            self._added += 1
            if self._thread is None:
                self._start()
            elif self._idle:
                self._work.notify()
        return True

    def hurry(self) -> None:
        """Have what waits written at once."""
        self._hurried.set()

    def check(self) -> None:
        """Refuse a fork of the process, whose queue is its parent's. Raises `ledger.forked`."""
        if os.getpid() != self._process:
            raise Refused(
                "ledger.forked",
                "expected the process that opened the ledger, found a fork of it",
                hint="Open the ledger in the child process: it then writes through its owner.",
            )

    def begin(self) -> None:
        """Refuse a decision that could not be added, and tell what nobody heard of.

        Raises as `add` and `raise_untold`.
        """
        self.check()
        self.require_open()
        self.raise_untold()

    def require_open(self) -> None:
        """Refuse a decision on a closed ledger. Raises Unavailable with code decision.closed."""
        if self._closed:
            raise Unavailable(
                "decision.closed",
                "expected an open ledger to record a decision in, found it closed",
                hint="Decide while the ledger is open.",
            )

    def raise_untold(self) -> None:
        """Raise the first error that nobody heard of, once, and say how many there are."""
        if not self._untold:
            return
        with self._lock:
            failed = [one for one in self._untold if not one.told]
            self._untold.clear()
        if not failed:
            return
        for one in failed:
            one.told = True
        error = failed[0].exception()
        count = f"{len(failed)} earlier decisions were" if failed[1:] else "an earlier decision was"
        if isinstance(error, CounterfoilError):
            raise error.renewed(f"{count} not recorded: {error.message}") from error
        raise Unavailable(
            "decision.lost",
            f"expected to record what was decided, but {count} not recorded: {error!r}",
            hint="Decide again.",
        ) from error

    def flush(self, timeout: float | None = None) -> None:
        """Wait until everything that was queued is durable, or told why not.

        timeout: seconds; then Unavailable with code decision.slow. Raises as `raise_untold`.
        """
        self.check()
        self._drain(timeout)
        self.raise_untold()

    def settle(self) -> None:
        """Wait as `flush` does, and leave it to others to hear of errors."""
        self.check()
        self._drain(None)

    def close(self) -> None:
        """Record what waits, end the thread, and tell what nobody heard of. Again: nothing."""
        if os.getpid() != self._process:
            return  # the queue is the parent's, which records it
        with self._lock:
            closed, self._closed = self._closed, True
            self._work.notify_all()
            self._room.notify_all()
        self.hurry()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        if not closed:
            self.raise_untold()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=DECIDING, daemon=True)
        self._thread.start()
        _close_at_exit(self)

    def _drain(self, timeout: float | None) -> None:
        end = None if timeout is None else time.monotonic() + timeout
        with self._lock:
            until = self._added  # those that others add meanwhile are not waited for
            while self._done < until:
                self._hurried.set()
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    raise Unavailable(
                        "decision.slow",
                        f"expected all decisions to be recorded within {timeout} s, found "
                        f"{until - self._done} waiting",
                        hint="Wait again; nothing is lost.",
                    )
                self._rest.wait(left)

    def _run(self) -> None:
        while batch := self._take():
            self._record(batch)
            with self._lock:
                self._done += len(batch)
                if not self._waiting:
                    self._hurried.clear()
                self._rest.notify_all()

    def _take(self) -> list[Made]:
        """Let decisions gather, and take a batch; none when it is closed.

        While decisions come, it looks for them by itself: to be woken costs whoever decides more
        than all the rest.
        """
        looks = 0
        while True:
            if len(self._waiting) < BATCH_MAX and not self._closed:
                self._hurried.wait(_GATHER_S)
            with self._lock:
                count = min(len(self._waiting), BATCH_MAX)
                if count or self._closed:
                    taken = [self._waiting.popleft() for _ in range(count)]
                    self._room.notify_all()
                    return taken
                self._hurried.clear()  # nobody waits: nothing is there
                looks += 1
                if looks > _LOOKS_MAX:
                    self._idle, looks = True, 0
                    self._work.wait()
                    self._idle = False

    def _record(self, batch: Sequence[Made]) -> None:
        """Record a batch; where one of it is wrong, record each of the others by itself."""
        ready: list[tuple[Made, Said]] = []
        for made in batch:
            try:
                ready.append((made, made.said()))
            except BaseException as err:
                self._fail(made, err)
        if not ready:
            return
        try:
            done = self._write([said for _, said in ready]).result()
        except (InputError, Refused) as err:
            if len(ready) == 1:
                self._fail(ready[0][0], err)
                return
            for made, _ in ready:
                self._record([made])
            return
        except BaseException as err:  # whoever waits must hear of it
            for made, _ in ready:
                self._fail(made, err)
            return
        for (made, _), index in zip(ready, done.indices, strict=True):
            made.handle.set_result(index)

    def _fail(self, made: Made, error: BaseException) -> None:
        with self._lock:
            self._untold.append(made.handle)
        made.handle.set_exception(error)


def _close_at_exit(background: Background) -> None:
    """Record what waits when the interpreter ends, and say what could not be.

    Where the interpreter lets us, before its executors end: a process that forwards what it
    records needs one.
    """
    known = weakref.ref(background)

    def close() -> None:
        found = known()
        try:
            if found is not None:
                found.close()
        except CounterfoilError as err:
            _LOG.error("%s", err)

    with suppress(RuntimeError):  # the interpreter is ending already
        getattr(threading, "_register_atexit", atexit.register)(close)
