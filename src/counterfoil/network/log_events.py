"""Tell who waits for a log's next checkpoint, by server-sent events (WHATWG HTML, 9.2).

One event `checkpoint` at once and one for each change of the published file; between them a comment
every 15 s, so that both sides notice a dead connection. While nobody listens nothing is looked at,
else one look every 20 ms serves all. This module refuses to keep what was: a slow reader gets the
newest checkpoint, and one that does not read is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, Final

from counterfoil.formats.ascii import NOTE_MAX_BYTES
from counterfoil.ports.lines import Line, line_of
from counterfoil.storage.tile_files import CHECKPOINT_FILE

__all__ = ["EVENTS_PATH", "STREAMS_MAX", "LogEvents", "event_of"]

EVENTS_PATH: Final = "events"
"""Below a log's address, the stream."""
STREAMS_MAX: Final = 64
"""Streams of one app at a time; one more is asked to come back later."""

_LOOK_S: Final = 0.02
_HEARTBEAT_S: Final = 15.0
_TAKE_S: Final = 3.0  # less than a server waits for its last answers
_STILL_HERE: Final = b":\n\n"
_LATER_S: Final = b"10"
_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back
    (b"x-content-type-options", b"nosniff"),
    (b"access-control-allow-origin", b"*"),
]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class LogEvents:
    """The ASGI application of one folder's stream; for one event loop at a time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / CHECKPOINT_FILE
        self._streams: dict[asyncio.Event, Line] = {}
        self._looking: asyncio.Task[None] | None = None
        self._event = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD; a GET until its reader or the server ends it."""
        line = line_of(scope)
        if line.ending() or len(self._streams) >= STREAMS_MAX:
            await _refuse(send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        bell = asyncio.Event()
        gone = asyncio.ensure_future(_gone(receive))
        gone.add_done_callback(lambda _: bell.set())
        self._join(bell, line)
        try:
            await self._stream(bell, line, gone, send)
        finally:
            gone.cancel()
            self._leave(bell)

    def _join(self, bell: asyncio.Event, line: Line) -> None:
        self._streams[bell] = line
        if self._looking is None:
            self._looking = asyncio.ensure_future(self._look())
        elif self._event:
            bell.set()

    def _leave(self, bell: asyncio.Event) -> None:
        del self._streams[bell]
        if not self._streams and self._looking is not None:
            self._looking.cancel()
            self._looking, self._event = None, b""

    async def _look(self) -> None:
        """Ring all bells when the file changed, and each one whose server stops."""
        seen: tuple[int, ...] = ()
        while True:
            found = _stamp(self._file)
            if found != seen:  # taken before the bytes: what comes between is read again
                seen = found
                event = await asyncio.to_thread(_read_event, self._file)
                if event not in (b"", self._event):
                    self._event = event
                    for bell in self._streams:
                        bell.set()
            for bell, line in self._streams.items():
                if line.ending():
                    bell.set()
            await asyncio.sleep(_LOOK_S)

    async def _stream(
        self, bell: asyncio.Event, line: Line, gone: asyncio.Future[None], send: Send
    ) -> None:
        sent, more = b"", True
        while more:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), _HEARTBEAT_S)
            bell.clear()
            if gone.done():
                return
            more = not line.ending()
            part = self._event if self._event != sent else _STILL_HERE
            message = {"type": "http.response.body", "body": part, "more_body": more}
            try:
                await asyncio.wait_for(send(message), _TAKE_S)
            except TimeoutError:
                line.drop()
                await asyncio.wait({gone}, timeout=_TAKE_S)
                return
            sent = self._event if part is self._event else sent


def event_of(signed: bytes) -> bytes:
    r"""Write a signed checkpoint as an event; its data are the note's bytes, the last newline too.

    The id is the size. Gives no bytes for what is no text of three lines and a number.

    >>> event_of(b"example.com/log\n7\nroot\n")
    b'event: checkpoint\nid: 7\ndata: example.com/log\ndata: 7\ndata: root\ndata: \n\n'
    """
    lines = signed.split(b"\n")
    if len(lines) < 4 or not lines[1].isdigit() or len(lines[1]) > 20 or b"\r" in signed:
        return b""
    data = b"".join(b"data: %s\n" % line for line in lines)
    return b"event: checkpoint\nid: %s\n%s\n" % (lines[1], data)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)


async def _refuse(send: Send) -> None:
    body = b"no stream is free\n"
    headers = [
        (b"retry-after", _LATER_S),
        (b"cache-control", b"no-store"),
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _stamp(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ino, found.st_size


def _read_event(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            signed = stream.read(NOTE_MAX_BYTES + 1)
    except OSError:
        return b""
    return event_of(signed) if len(signed) <= NOTE_MAX_BYTES else b""
