"""Run operations in a bounded number of threads, long ones in fewer.

A call that finds no thread free is told to come again, and nothing of it is done. What only reads
ends soon after its client has left; what writes is done to its end. This module refuses to queue
without a bound.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

from counterfoil.errors import TooMany, Unavailable

__all__ = ["LONG_MAX", "QUICK_MAX", "Stopped", "Stopper", "Workers", "watched"]

LONG_MAX: Final = 4
"""Operations that may take long, at a time."""
QUICK_MAX: Final = 32
"""Others, those that wait for a thread included."""

_THREADS: Final = LONG_MAX + 4
_LOOK_S: Final = 0.5
_LATER_S: Final = 2.0

T = TypeVar("T")


class Stopped(Unavailable):
    """Nobody waits for what was being done."""


class Stopper:
    """Ends a piece of work at its next step. Safe for threads."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Have it end."""
        self._stopped.set()

    def progress(self, done: int, total: int | None, unit: str) -> None:
        """Hear how far the work is, and check."""
        del done, total, unit
        self.check()

    def check(self) -> None:
        """Go on, or raise Stopped with code http.gone."""
        if self._stopped.is_set():
            raise Stopped("http.gone", "expected a client that waits, found that it left")


class Workers:
    """Threads for operations, of one event loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="operation")
        self._lock = threading.Lock()
        self._long = self._quick = 0

    def begin(self, work: Callable[[], T], *, long: bool) -> asyncio.Future[T]:
        """Begin a piece of work. Raises TooMany with code http.busy."""
        with self._lock:
            if (self._long >= LONG_MAX) if long else (self._quick >= QUICK_MAX):
                raise TooMany(
                    "http.busy",
                    f"expected fewer than {LONG_MAX if long else QUICK_MAX} operations under way, "
                    "found as many",
                    hint="Nothing was done; send the same request again.",
                    retry_after_s=_LATER_S,
                )
            self._count(long, 1)

        def run() -> T:
            with self._counted(long):
                return work()

        try:
            return asyncio.get_running_loop().run_in_executor(self._pool, run)
        except BaseException:
            with self._lock:
                self._count(long, -1)
            raise

    @contextmanager
    def _counted(self, long: bool) -> Iterator[None]:
        try:
            yield
        finally:
            with self._lock:
                self._count(long, -1)

    def _count(self, long: bool, by: int) -> None:
        if long:
            self._long += by
        else:
            self._quick += by


async def watched(
    work: asyncio.Future[T], gone: Callable[[], Awaitable[bool]], stopper: Stopper
) -> T:
    """Wait for work, and stop it when its client has left.

    gone: tells whether it has.
    """
    while not work.done():
        await asyncio.wait({work}, timeout=_LOOK_S)
        if not work.done() and await gone():
            stopper.stop()
    return work.result()
