"""Hand a list over line by line while it is made: from a worker's thread to an event loop.

Few lines wait in between, so that memory stays flat and a slow client slows the work. Where asked,
lines of progress come between, each line an object with one name: `progress`, `item`, `result` or
`problem`. This module refuses to go on for a client that has left.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError as Cancelled
from contextlib import suppress
from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError
from counterfoil.http.api.calls import Called, encoded
from counterfoil.http.api.workers import Stopped, Stopper
from counterfoil.http.problems import problem_of
from counterfoil.ports import Document

__all__ = ["Lines"]

_WAITING: Final = 8
_CHUNK: Final = 1 << 15
_PROGRESS_S: Final = 0.2
_LOOK_S: Final = 0.5


class Lines:
    """The lines of one answer. tagged: each says what it is, and progress is told."""

    def __init__(self, stopper: Stopper, *, tagged: bool) -> None:
        self._stopper, self._tagged = stopper, tagged
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)
        self._pending: list[bytes] = []
        self._size = 0
        self._told = 0.0
        self._begun = False

    def progress(self, done: int, total: int | None, unit: str) -> None:
        """Hear how far it is; in the worker's thread."""
        self._stopper.check()
        now = time.monotonic()
        if self._tagged and now - self._told >= _PROGRESS_S:
            self._told = now
            self._line(b"progress", msgspec.json.encode(_progress(done, total, unit)))
            self._flush()

    def hand_over(self, called: Called) -> None:
        """Write a result's lines; in the worker's thread."""
        result = called.result
        if isinstance(result, Iterator):
            for item in result:
                self._line(b"item", encoded(item, called.place))
                if self._size >= _CHUNK or self._queue.empty():
                    self._flush()
        else:
            facts = result.facts if isinstance(result, Document) else result
            self._line(b"result", encoded(facts, called.place))

    def finish(self, err: CounterfoilError | None = None) -> None:
        """End the lines, with what went wrong on the way; before the first line nothing is told."""
        if err is not None and (self._begun or self._pending):
            self._pending.append(b'{"problem":%s}\n' % msgspec.json.encode(problem_of(err)))
        with suppress(Stopped):
            self._flush()
            self._put(None)

    async def chunks(self, first: bytes | None) -> AsyncIterator[bytes]:
        """Give the chunks, from the first that was taken already."""
        chunk = first
        while chunk is not None:
            yield chunk
            chunk = await self._queue.get()

    async def first(self) -> bytes | None:
        """Wait for the first chunk; None where there is none at all."""
        return await self._queue.get()

    def _line(self, tag: bytes, text: bytes) -> None:
        line = b'{"%s":%s}\n' % (tag, text) if self._tagged else text + b"\n"
        self._pending.append(line)
        self._size += len(line)

    def _flush(self) -> None:
        if self._pending:
            chunk = b"".join(self._pending)
            self._pending, self._size, self._begun = [], 0, True
            self._put(chunk)

    def _put(self, chunk: bytes | None) -> None:
        waiting = asyncio.run_coroutine_threadsafe(self._queue.put(chunk), self._loop)
        while True:
            try:
                waiting.result(_LOOK_S)
            except TimeoutError:
                try:
                    self._stopper.check()
                except CounterfoilError:
                    waiting.cancel()
                    raise
            except Cancelled:  # the event loop ends
                self._stopper.stop()
                self._stopper.check()
            else:
                return


def _progress(done: int, total: int | None, unit: str) -> dict[str, Any]:
    return {"done": done, "total": total, "unit": unit}
