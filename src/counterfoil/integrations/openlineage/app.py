"""Answer OpenLineage clients over HTTP, as an ASGI app without a framework: one verb, one path.

Whoever has the key may write events. Bodies are bounded in size and time, packed or not; errors
are problem documents. This module refuses to know a web server and a ledger, and to say anything to
who has no key.
Source: OpenLineage 2-0-2, OpenLineage.yml: `POST /api/v1/lineage`; RFC 9457; RFC 6750.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Protocol

from counterfoil.errors import CounterfoilError

__all__ = ["BODY_MAX_BYTES", "BODY_TIMEOUT_S", "PATH", "LineageApp"]

PATH: Final = "/api/v1/lineage"
"""Where clients send events."""

BODY_MAX_BYTES: Final = 4 << 20
"""Longest event, unpacked, bytes."""

BODY_TIMEOUT_S: Final = 10.0
"""Longest time that a body may take, seconds."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_Headers = dict[bytes, bytes]


class _Taken(Protocol):
    def to_json(self) -> dict[str, Any]: ...


class _GoneError(Exception):
    """The client hung up before its body was here."""


class _ProblemError(Exception):
    """What is answered instead of what was asked for. more: further headers."""

    def __init__(
        self, status: int, code: str, detail: str, *more: tuple[bytes, bytes], hint: str = ""
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.more, self.hint = status, code, detail, more, hint


class LineageApp:
    """Takes events for `take`, which records one and waits until it is durable.

    key: what clients show as their bearer token. body_timeout_s: seconds.
    """

    def __init__(
        self,
        take: Callable[[bytes], _Taken],
        key: bytes,
        *,
        body_timeout_s: float = BODY_TIMEOUT_S,
    ) -> None:
        self._take, self._key, self._body_timeout_s = take, key, body_timeout_s

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; see ASGI 3.0."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            return
        try:
            taken = await self._answer(scope, receive)
            await _send(send, 201, taken.to_json(), b"application/json")
        except _GoneError:
            return
        except _ProblemError as err:
            await _send_problem(send, err)
        except CounterfoilError as err:
            problem = _ProblemError(err.http_status, err.code, err.message, hint=err.hint)
            await _send_problem(send, problem)
        except Exception:
            logging.getLogger("counterfoil.openlineage").exception("a request failed unforeseen")
            said = "expected to answer, but something failed that nobody foresaw"
            await _send_problem(send, _ProblemError(500, "lineage.unforeseen", said))

    async def _answer(self, scope: Message, receive: Receive) -> _Taken:
        headers: _Headers = {name.lower(): value for name, value in scope["headers"]}
        self._require_key(headers)
        if scope["path"] != PATH:
            raise _ProblemError(404, "lineage.path", f"expected the path {PATH}, found another")
        if scope["method"] != "POST":
            found = "expected POST here, found another method"
            raise _ProblemError(405, "lineage.method", found, (b"allow", b"POST"))
        media = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if media != b"application/json":
            raise _ProblemError(415, "lineage.media", "expected application/json, found another")
        body = await self._body(headers, receive)
        return await asyncio.to_thread(self._take, _unpacked(headers, body))

    def _require_key(self, headers: _Headers) -> None:
        scheme, _, shown = headers.get(b"authorization", b"").partition(b" ")
        if not hmac.compare_digest(shown.strip(), self._key) or scheme.lower() != b"bearer":
            raise _ProblemError(
                401,
                "lineage.no-key",
                "expected the receiver's key as bearer token, found none or another",
                (b"www-authenticate", b'Bearer realm="counterfoil"'),
                hint="Give the client the key in the receiver's key file as its API key.",
            )

    async def _body(self, headers: _Headers, receive: Receive) -> bytes:
        stated = headers.get(b"content-length", b"0")
        if stated.isdigit() and (len(stated) > 9 or int(stated) > BODY_MAX_BYTES):
            raise _too_long()
        try:
            async with asyncio.timeout(self._body_timeout_s):
                return await _read(receive)
        except TimeoutError as err:
            said = f"expected the body within {self._body_timeout_s:g} s, found it unfinished"
            raise _ProblemError(408, "lineage.slow", said) from err


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        body += message.get("body", b"")
        if len(body) > BODY_MAX_BYTES:
            raise _too_long()
        if not message.get("more_body", False):
            return bytes(body)


def _unpacked(headers: _Headers, body: bytes) -> bytes:
    """Undo the encodings that clients use: none, or gzip; never to more than may come plain."""
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding in (b"", b"identity"):
        return body
    if encoding != b"gzip":
        said = "expected no content encoding or gzip, found another"
        raise _ProblemError(415, "lineage.encoding", said, (b"accept-encoding", b"gzip"))
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, BODY_MAX_BYTES + 1)
    except zlib.error as err:
        raise _ProblemError(400, "lineage.packed", f"expected gzip, but: {err}") from err
    if len(plain) > BODY_MAX_BYTES:
        raise _too_long()
    if not unpacker.eof or unpacker.unused_data:
        raise _ProblemError(400, "lineage.packed", "expected one whole gzip stream, found another")
    return plain


def _too_long() -> _ProblemError:
    said = f"expected an event of at most {BODY_MAX_BYTES:,} bytes, found more"
    return _ProblemError(413, "lineage.too-long", said)


async def _send_problem(send: Send, problem: _ProblemError) -> None:
    said = {
        "type": "about:blank",
        "title": problem.code,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        **({"hint": problem.hint} if problem.hint else {}),
    }
    # The body may not have been read, so the connection cannot be used again.
    more = (*problem.more, (b"connection", b"close"))
    await _send(send, problem.status, said, b"application/problem+json", *more)


async def _send(
    send: Send, status: int, said: dict[str, Any], media: bytes, *more: tuple[bytes, bytes]
) -> None:
    body = json.dumps(said).encode() + b"\n"
    headers = [
        (b"content-type", media),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    """Follow the server's start and stop; there is nothing to do at either."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
