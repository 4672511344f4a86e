"""Tell of new records, alerts and checkpoints as they come, by server-sent events.

Each record is one event whose id is its index; whoever reads on after a break names the last one
that it saw, and misses none and gets none twice. A comment between events shows that the connection
lives. While nobody listens nothing is looked at, else one look every 50 ms serves all. Few streams
are open at a time, and one that does not read is dropped. This module refuses to keep what was
said: it stands in the log.
Source: WHATWG HTML, 9.2.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from counterfoil.errors import CounterfoilError, InputError, NotFound, TooMany
from counterfoil.http.api.flow import Flow
from counterfoil.http.endpoint import Endpoint, Need
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger
from counterfoil.log import parse_signed
from counterfoil.ports.lines import Line, line_of

__all__ = ["STREAMS_MAX", "event_endpoints"]

STREAMS_MAX: Final = 64
"""Streams of a node at a time."""
STREAMS_EACH: Final = 8
"""Streams of one principal at a time."""

_LOOK_S: Final = 0.05
_HEARTBEAT_S: Final = 15.0
_TAKE_S: Final = 3.0  # less than a server waits for its last answers
_PAGE: Final = 200
_TYPES: Final = ("record", "alert", "checkpoint")
_PARAMETERS: Final = ("event", "kind", "source", "after")
_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a stream is to tell. types: of events. kinds, sources: of records; empty for all."""

    types: frozenset[str]
    kinds: frozenset[str]
    sources: frozenset[str]

    def event_of(self, view: Any) -> str | None:
        """Tell as which event an entry is told; None where it is not."""
        name = "alert" if view.kind == "alert" else "record"
        if view.kind == "batch" or name not in self.types:
            return None
        if self.kinds and view.kind not in self.kinds:
            return None
        return None if self.sources and view.source not in self.sources else name


class _Bells:
    """Wakes the streams of one node when its log has grown or was published."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._bells: dict[asyncio.Event, Line] = {}
        self._looking: asyncio.Task[None] | None = None
        self._by: Counter[str] = Counter()
        self.published = b""

    def join(self, who: str, line: Line) -> asyncio.Event:
        """Begin a stream. Raises TooMany with code http.streams."""
        if len(self._bells) >= STREAMS_MAX or self._by[who] >= STREAMS_EACH:
            raise TooMany(
                "http.streams",
                f"expected fewer than {STREAMS_MAX} streams, {STREAMS_EACH} of one key, found as "
                "many",
                hint="Close a stream; one can tell of several kinds and series.",
                retry_after_s=10.0,
            )
        bell = asyncio.Event()
        self._bells[bell] = line
        self._by[who] += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._look())
        bell.set()
        return bell

    def leave(self, who: str, bell: asyncio.Event) -> None:
        """End a stream; again is nothing."""
        if self._bells.pop(bell, None) is None:
            return
        self._by[who] -= 1
        if not self._by[who]:
            del self._by[who]
        if not self._bells and self._looking is not None:
            self._looking.cancel()
            self._looking, self.published = None, b""

    async def _look(self) -> None:
        size = -1
        seen: tuple[int, ...] = ()
        while True:
            found, stamp = self._ledger.size, self._stamp()
            if stamp != seen:  # taken before the bytes: what comes between is read again
                seen = stamp
                with contextlib.suppress(CounterfoilError, OSError):
                    self.published = await run_in_threadpool(self._ledger.published)
                    size = -1
            if found != size:
                size = found
                for bell in self._bells:
                    bell.set()
            for bell, line in self._bells.items():
                if line.ending():
                    bell.set()
            await asyncio.sleep(_LOOK_S)

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = (self._ledger.layout.folder / "checkpoint").stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_ino, found.st_size


def event_endpoints(site: Site) -> list[Endpoint]:
    """Make the stream of a node."""
    bells = _Bells(site.ledger)

    async def answer(request: Request) -> Response:
        """Tell of new records, alerts and checkpoints as they come (server-sent events)."""
        wanted = _wanted(request)
        position = _position(request, site.ledger.size)
        who, line = request.state.principal.key_id, line_of(request.scope)
        bell = bells.join(who, line)
        stream = _stream(site.ledger, bells, bell, line, wanted, position)
        return Flow(
            stream,
            "text/event-stream",
            _HEADERS,
            ended=lambda: bells.leave(who, bell),
            take_s=_TAKE_S,
        )

    return [Endpoint("GET", "/api/v1/events", Need("reader", ("record", "tail")), answer)]


async def _stream(
    ledger: Ledger,
    bells: _Bells,
    bell: asyncio.Event,
    line: Line,
    wanted: _Wanted,
    position: int,
) -> AsyncIterator[bytes]:
    """Give the events from an index on. The first chunk is a comment, so that headers go out."""
    yield b": welcome\nretry: 1000\n\n"
    published = b""
    while not line.ending():
        while position < ledger.size and not line.ending():
            chunk, position = await run_in_threadpool(_page, ledger, wanted, position)
            yield chunk
        if "checkpoint" in wanted.types and bells.published != published:
            published = bells.published
            yield _checkpoint(published)
        try:
            await asyncio.wait_for(bell.wait(), _HEARTBEAT_S)
        except TimeoutError:
            yield b": still here\n\n"
        bell.clear()


def _page(ledger: Ledger, wanted: _Wanted, first: int) -> tuple[bytes, int]:
    """Write the events of some entries, and tell from where to go on."""
    end = min(ledger.size, first + _PAGE)
    parts = []
    for view in ledger.views(first, end):
        name = wanted.event_of(view)
        if name is not None:
            data = msgspec.json.encode(view.to_json())
            parts.append(b"event: %s\nid: %d\ndata: %s\n\n" % (name.encode(), view.index, data))
    if not parts:
        parts.append(b"id: %d\n\n" % (end - 1))  # no event, only where to go on
    return b"".join(parts), end


def _checkpoint(signed: bytes) -> bytes:
    found = parse_signed(signed)
    facts = {
        "origin": found.origin,
        "size": found.size,
        "root": found.root.hex(),
        "note": signed.decode(),
    }
    return b"event: checkpoint\ndata: %s\n\n" % msgspec.json.encode(facts)


def _wanted(request: Request) -> _Wanted:
    said = request.query_params
    for name in said:
        if name not in _PARAMETERS:
            raise InputError(
                "http.parameter",
                f"expected {', '.join(_PARAMETERS)}, found {name[:80]!a}",
                hint="Each may be given several times, but after.",
            )
    types = frozenset(said.getlist("event")) or frozenset(_TYPES)
    if not types <= set(_TYPES):
        raise InputError(
            "http.parameter",
            f"event: expected {' or '.join(_TYPES)}, found {', '.join(sorted(types))[:80]!a}",
        )
    return _Wanted(types, frozenset(said.getlist("kind")), frozenset(said.getlist("source")))


def _position(request: Request, size: int) -> int:
    """Tell with which entry to begin: after the last that was seen, else with the next new one."""
    text = request.headers.get("last-event-id") or request.query_params.get("after")
    if text is None:
        return size
    if not (text.isascii() and text.removeprefix("-").isdigit()) or len(text) > 16:
        raise InputError(
            "http.parameter",
            f"expected the index of the last entry that was seen, found {text[:40]!a}",
            hint="-1 begins with the first entry.",
        )
    if not -1 <= int(text) < size:
        raise NotFound(
            "http.event",
            f"expected an index from -1 below the log's size of {size}, found {text}",
            hint="A log never shrinks: is it the same one that was read before?",
        )
    return int(text) + 1
