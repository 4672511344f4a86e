"""Run operations in a bounded number of threads, long ones in fewer.

A call over the bound is told to come again, and nothing of it is done. What only reads ends soon
after its client has left; what writes is done to its end. This module refuses to queue, and to hold
up a process that ends.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from counterfoil.errors import TooMany, Unavailable

__all__ = ["LONG_MAX", "QUICK_MAX", "Stopped", "Stopper", "Workers", "watched"]

LONG_MAX: Final = 4
"""Operations that may take long, at a time."""
QUICK_MAX: Final = 32
"""Others."""

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
    """Threads for operations, a new one for each. None of them keeps a process from ending."""

    def __init__(self) -> None:
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
            self._count(1, long=long)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            try:
                done = partial(_settle, answer, result=work())
            except BaseException as err:  # whoever waits must hear of it
                done = partial(_settle, answer, error=err)
            with self._lock:
                self._count(-1, long=long)
            with suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(done)

        threading.Thread(target=run, name="operation", daemon=True).start()
        return answer

    def _count(self, by: int, *, long: bool) -> None:
        if long:
            self._long += by
        else:
            self._quick += by


def _settle(
    answer: asyncio.Future[Any], *, result: Any = None, error: BaseException | None = None
) -> None:
    if answer.done():  # nobody waits
        return
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)


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
