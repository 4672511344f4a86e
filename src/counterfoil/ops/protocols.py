"""HTTP/1.1 on a connection, as uvicorn speaks it, with limits on slow and long heads.

Two parsers: h11, which comes with uvicorn, and httptools, several times as fast, for a node. Both
hang up on a head that does not end in time, and on who does not take an answer; both refuse a head
that is too long, and pass over fields that follow a body (trailers). This module refuses to choose,
and loads a parser only when it is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from counterfoil.ports.lines import LINE, Line

__all__ = ["HEAD_MAX_BYTES", "HEAD_S", "TAKE_S", "App", "careful_protocol", "fast_protocol"]

App = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]
"""An ASGI 3.0 app."""

HEAD_S: Final = 10.0
"""How long the head of a request may take, seconds."""

HEAD_MAX_BYTES: Final = 16_384
"""Longest head of a request, bytes; one that comes in a single piece may be somewhat longer."""

TAKE_S: Final = 15.0
"""How long a client may take nothing of an answer that waits for it, seconds."""


def careful_protocol(app: App, ending: Callable[[], bool]) -> type[asyncio.Protocol]:
    """Make a protocol of h11's parser, in Python, for small servers.

    ending: tells whether the server stops.
    """
    import h11
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Careful(H11Protocol):
        """Hangs up on who does not finish the head of a request in time."""

        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            line = Line(ending, transport.abort)
            self.app = _on_line(app, line, transport, lambda: self.flow.write_paused)
            self._wait_for_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is h11.IDLE:  # a part of a head has come
                self._wait_for_head()
            elif self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _wait_for_head(self) -> None:
            if self._timer is None:
                self._timer = self.loop.call_later(HEAD_S, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            if self._timer is not None:
                self._timer.cancel()
            super().connection_lost(exc)

    return Careful


def fast_protocol(app: App, ending: Callable[[], bool]) -> type[asyncio.Protocol]:
    """Make a protocol of httptools' parser, in C, for a node; as `careful_protocol`.

    Raises Unavailable with code extra.missing without the extra `node`.
    """
    from counterfoil.extras import brings

    with brings("node"):
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Fast(HttpToolsProtocol):
        """Hangs up on heads that do not end in time, and refuses those that are too long."""

        _timer: asyncio.TimerHandle | None = None
        _in_head = _began = False
        _head_bytes = _pieces_bytes = 0

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            line = Line(ending, transport.abort)
            self.app = _on_line(app, line, transport, lambda: self.flow.write_paused)
            self._wait_for_head()

        def data_received(self, data: bytes) -> None:
            self._began = False
            super().data_received(data)
            if self._in_head:  # its parser keeps the parts of a field without a bound
                self._pieces_bytes = 0 if self._began else self._pieces_bytes + len(data)
                if self._pieces_bytes > HEAD_MAX_BYTES and not self.transport.is_closing():
                    self.send_400_response("Head of the request too long.")
            if self._in_head or self._is_answered():
                self._wait_for_head()

        def _is_answered(self) -> bool:
            cycle: Any = self.cycle  # None before the first request, whatever its type says
            return cycle is None or bool(cycle.response_complete)

        def on_message_begin(self) -> None:
            self._in_head = self._began = True
            self._head_bytes = 0
            super().on_message_begin()

        def on_url(self, url: bytes) -> None:
            self._grow(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            self._grow(len(name) + len(value))
            if self._in_head:  # else a trailer, of which no proxy before has heard
                super().on_header(name, value)

        def on_headers_complete(self) -> None:
            self._in_head = False
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            super().on_headers_complete()

        def _grow(self, count: int) -> None:
            self._head_bytes += count
            if self._head_bytes > HEAD_MAX_BYTES:
                raise ValueError("head too long")  # the parser's caller answers with 400

        def _wait_for_head(self) -> None:
            if self._timer is None and not self.transport.is_closing():
                self._timer = self.loop.call_later(HEAD_S, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            if self._timer is not None:
                self._timer.cancel()
            super().connection_lost(exc)

    return Fast


def _on_line(app: App, line: Line, transport: Any, paused: Callable[[], bool]) -> App:
    """Let an app know its requests' connection, see `ports.lines`, and do not wait for ever.

    What is sent to a connection that has ended is nothing, and no error: strangers end them as they
    like. paused: tells whether what was sent before still waits.
    """

    async def answer(
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        async def sent(message: MutableMapping[str, Any]) -> None:
            if transport.is_closing():
                return
            try:
                async with asyncio.timeout(TAKE_S if paused() else None):
                    await send(message)
            except TimeoutError:
                line.drop()
            except RuntimeError:
                if not transport.is_closing():
                    raise

        scope["extensions"] = {**(scope.get("extensions") or {}), LINE: line}
        await app(scope, receive, sent)
        if transport.is_closing():  # the server tells that only to the last of several requests
            cycle: Any = getattr(send, "__self__", None)
            if hasattr(cycle, "disconnected"):
                cycle.disconnected = True  # else it logs that there was no answer

    return answer
