"""Carry what clients record from the event loop to the ledger, and its answers back, in bulk.

Signing, and waiting for the ledger's door, must not hold up the event loop; a thread a request
would cost more than the record. So one thread hands everything over in order, and one wake-up of
the loop brings many answers. What waits here is bounded by who lets requests in. This module
refuses to know what is recorded.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

__all__ = ["Scribe"]

_T = TypeVar("_T")

_SLOW_HANDS: Final = 4

_Answer = asyncio.Future[Any]


class Scribe:
    """Hands work to a ledger for one event loop."""

    def __init__(self) -> None:
        # Threads of an executor end when it is forgotten; they keep no ledger open.
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="scribe")
        self._slow_hands = ThreadPoolExecutor(_SLOW_HANDS, thread_name_prefix="slow-scribe")
        self._jobs: deque[tuple[Callable[[], Future[Any]], _Answer]] = deque()
        self._lock = threading.Lock()
        self._working = False
        self._done: deque[tuple[_Answer, Future[Any]]] = deque()
        self._calling = False

    def later(self, work: Callable[[], Future[_T]]) -> asyncio.Future[_T]:
        """Have something begun that ends in its own time, after all that came before it.

        work: quick, and called once. The answer raises what `work` or its future raises.
        """
        answer: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._jobs.append((work, answer))
            begin, self._working = not self._working, True
        if begin:
            self._hand.submit(self._work)
        return answer

    def slowly(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        """Have something done that takes its thread until it is done: files, seals, receipts."""
        return asyncio.get_running_loop().run_in_executor(self._slow_hands, work)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._working = False
                    return
                work, answer = self._jobs.popleft()
            try:
                future = work()
            except Exception as err:  # whoever waits must hear of it
                future = Future()
                future.set_exception(err)
            future.add_done_callback(partial(self._tell, answer))

    def _tell(self, answer: _Answer, done: Future[Any]) -> None:
        self._done.append((answer, done))
        if not self._calling:  # else the loop is on its way here already
            self._calling = True
            with suppress(RuntimeError):  # it has ended, and nobody waits
                answer.get_loop().call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        self._calling = False  # before the look: who comes from now on calls again
        while self._done:
            answer, done = self._done.popleft()
            if answer.done():
                continue
            failed = done.exception()
            if failed is None:
                answer.set_result(done.result())
            else:
                answer.set_exception(failed)
