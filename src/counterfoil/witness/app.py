"""A witness over HTTP, as an ASGI app without a framework: two verbs and a word on who answers.

Strangers call it. Bodies are bounded in size and time, every answer is plain text, an error is one
line, and whatever a request does, the next one is served. This module refuses to know a web
server, to list more than what is asked for, and to answer with more than its operator made public.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.errors import CounterfoilError
from counterfoil.formats import note as notes
from counterfoil.formats import witness_request
from counterfoil.formats.vkey import format_vkey
from counterfoil.ports.witness import StaleSize
from counterfoil.witness.witness import Witness

__all__ = ["BODY_MAX_BYTES", "BODY_TIMEOUT_S", "SIZE_MEDIA", "WitnessApp"]

BODY_MAX_BYTES: Final = 65_536
"""Longest body that is read, bytes: room for 20 signatures of ML-DSA-44."""

BODY_TIMEOUT_S: Final = 10.0
"""Longest time that a body may take, seconds."""

SIZE_MEDIA: Final = "text/x.tlog.size"
"""Media type of the size that was cosigned last (C2SP tlog-witness)."""

_TEXT: Final = "text/plain; charset=utf-8"
_HASH: Final = re.compile(r"([0-9a-f]{64})/checkpoint")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is sent back. more: further headers. close: hang up afterwards."""

    status: int
    body: bytes
    media: str = _TEXT
    more: tuple[tuple[bytes, bytes], ...] = ()
    close: bool = False


class _GoneError(Exception):
    """The client hung up before its body was here."""


class WitnessApp:
    """Serves a witness under a prefix.

    prefix: of all paths, for example `/w1`; empty for none. origins: the logs that it follows,
    for people to see. body_timeout_s: seconds.
    Source: C2SP tlog-witness, "HTTP Interface".
    """

    def __init__(
        self,
        witness: Witness,
        *,
        prefix: str = "",
        origins: Callable[[], Iterable[str]] = tuple,
        body_timeout_s: float = BODY_TIMEOUT_S,
    ) -> None:
        self._witness, self._prefix = witness, prefix.rstrip("/")
        self._origins, self._body_timeout_s = origins, body_timeout_s

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; see ASGI 3.0."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            try:
                answer = await self._answer(scope, receive)
            except _GoneError:
                return
            await _send(answer, scope, send)
        else:
            await send({"type": f"{scope['type']}.close", "code": 1000})

    async def _answer(self, scope: Message, receive: Receive) -> _Answer:
        try:
            return await self._route(scope["method"], str(scope["path"]), scope, receive)
        except StaleSize as err:
            return _Answer(409, b"%d\n" % err.size, SIZE_MEDIA)
        except CounterfoilError as err:
            return _error(err.http_status, f"{err.message} [{err.code}]")
        except (_GoneError, asyncio.CancelledError):
            raise
        except Exception:
            logging.getLogger("counterfoil.witness").exception("a request failed unforeseen")
            return _error(500, "expected to answer, but something failed that nobody foresaw")

    async def _route(self, method: str, path: str, scope: Message, receive: Receive) -> _Answer:
        if not path.startswith(f"{self._prefix}/") and path != self._prefix:
            return _error(404, "expected a path under this witness's prefix")
        place = path[len(self._prefix) + 1 :]
        if place == "add-checkpoint":
            if method != "POST":
                return _not_allowed("POST")
            return await self._add_checkpoint(scope, receive)
        found = _HASH.fullmatch(place)
        if place and found is None:
            return _error(404, "expected add-checkpoint or <hash of an origin>/checkpoint")
        if method not in ("GET", "HEAD"):
            return _not_allowed("GET, HEAD")
        if found is None:
            return _Answer(200, await asyncio.to_thread(self._about))
        return await self._latest(bytes.fromhex(found[1]))

    async def _add_checkpoint(self, scope: Message, receive: Receive) -> _Answer:
        body = await self._body(scope, receive)
        if isinstance(body, _Answer):
            return body
        request = witness_request.parse(body)
        lines = await asyncio.to_thread(self._witness.add_checkpoint, request)
        return _Answer(200, notes.format_signatures(lines))

    async def _latest(self, origin_hash: bytes) -> _Answer:
        found = await asyncio.to_thread(self._witness.latest_by_hash, origin_hash)
        if found is None:
            return _error(404, "expected the hash of a log that was cosigned, found another")
        return _Answer(200, found, more=((b"cache-control", b"no-cache"),))

    def _about(self) -> bytes:
        lines = ["This is a C2SP tlog-witness.", "", "It cosigns as:"]
        lines += [f"  {format_vkey(key)}" for key in self._witness.keys]
        logs = list(self._origins())
        lines += ["", "It follows these logs:" if logs else "It follows no log."]
        lines += [f"  {origin}" for origin in logs]
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")

    async def _body(self, scope: Message, receive: Receive) -> bytes | _Answer:
        """Read a body that is short and comes in time, or say what is wrong with it."""
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if stated.isdigit() and (len(stated) > 9 or int(stated) > BODY_MAX_BYTES):
            return _too_long()
        try:
            async with asyncio.timeout(self._body_timeout_s):
                return await _read(receive)
        except TimeoutError:
            seconds = f"{self._body_timeout_s:g} s"
            return _error(
                408, f"expected the body within {seconds}, found it unfinished", close=True
            )


async def _read(receive: Receive) -> bytes | _Answer:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        body += bytes(message.get("body", b""))
        if len(body) > BODY_MAX_BYTES:
            return _too_long()
        if not message.get("more_body", False):
            return body


async def _send(answer: _Answer, scope: Message, send: Send) -> None:
    headers = [
        (b"content-type", answer.media.encode("ascii")),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-content-type-options", b"nosniff"),
        *answer.more,
    ]
    if answer.close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    """Follow the server's start and stop; there is nothing to do at either."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def _error(status: int, message: str, *, close: bool = False) -> _Answer:
    line = " ".join(message.splitlines())
    return _Answer(status, f"{line}\n".encode("utf-8", "backslashreplace"), close=close)


def _not_allowed(allowed: str) -> _Answer:
    line = f"expected {allowed.replace(', ', ' or ')} here, found another method\n"
    # Whatever body came is not read, so the connection cannot be used again.
    return _Answer(405, line.encode(), more=((b"allow", allowed.encode()),), close=True)


def _too_long() -> _Answer:
    return _error(413, f"expected a body of at most {BODY_MAX_BYTES} bytes, found more", close=True)
