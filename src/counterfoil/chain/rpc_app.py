"""Serve an embedded chain's JSON-RPC to other processes: reads, and signed transactions (ASGI).

So that any web3 client, and other organisations' processes, can use the chain that one process
owns. Whoever reaches it can read all of the chain and spend only what they can sign for. A request
must be `application/json`, which a page in a browser may not send to a stranger. This module
refuses methods that change anything else, oversized bodies, and to know a server.
Source: JSON-RPC 2.0; Ethereum execution API specification.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from counterfoil.chain.transport import INTERNAL_ERROR, INVALID_PARAMS, RpcError
from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import json_text

__all__ = ["MAX_BATCH", "MAX_BODY_BYTES", "RpcApp"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY_BYTES: Final = 4 << 20
"""Longest request, bytes."""

MAX_BATCH: Final = 100
"""Most calls in one request."""

_PARSE_ERROR: Final = -32700
_INVALID_REQUEST: Final = -32600


class RpcApp:
    """An ASGI application for one chain, at the path `/`.

    ask: asks it, as `Transport.request`; of a chain that answers reads and signed transactions
    alone, as the embedded one does.
    """

    def __init__(self, ask: Callable[[str, list[object]], object]) -> None:
        self._ask = ask

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        if scope["path"] != "/":
            await _answer(send, 404, b"not here\n")
            return
        if scope["method"] != "POST":
            await _answer(send, 405, b"only POST\n", (b"allow", b"POST"))
            return
        kinds = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
        if [kind.split(b";")[0].strip().lower() for kind in kinds] != [b"application/json"]:
            await _answer(send, 415, b"only application/json\n")
            return
        body = await _body(receive)
        if body is None:
            await _answer(send, 413, b"the request is too long\n")
            return
        found = await asyncio.to_thread(self.respond, body)
        if found is None:
            await _answer(send, 204, b"")
        else:
            await _answer(send, 200, found, (b"content-type", b"application/json"))

    def respond(self, body: bytes) -> bytes | None:
        """Answer a JSON-RPC body; None where it holds nothing that wants an answer."""
        try:
            asked = json_text.parse(body)
        except InputError:
            return _text(_failure(None, _PARSE_ERROR, "parse error"))
        if not isinstance(asked, list):
            one = self._one(asked)
            return None if one is None else _text(one)
        if not 1 <= len(asked) <= MAX_BATCH:
            return _text(_failure(None, _INVALID_REQUEST, f"expected 1 to {MAX_BATCH} calls"))
        found = [answer for call in asked if (answer := self._one(call)) is not None]
        return _text(found) if found else None

    def _one(self, asked: object) -> dict[str, Any] | None:
        """Answer one call; None for a notification."""
        if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
            return _failure(None, _INVALID_REQUEST, "invalid request")
        number, params = asked.get("id"), asked.get("params", [])
        if not isinstance(number, str | int | float | None):
            return _failure(None, _INVALID_REQUEST, "invalid id")
        try:
            if not isinstance(params, list):
                raise RpcError(INVALID_PARAMS, "expected params in a list")
            result = self._ask(asked["method"], params)
            said: dict[str, Any] = {"jsonrpc": "2.0", "id": number, "result": result}
        except RpcError as err:
            said = _failure(number, err.code, err.message, err.data)
        except CounterfoilError as err:  # the path of the file is nobody's business outside
            said = _failure(number, INTERNAL_ERROR, f"the chain cannot answer now ({err.code})")
        return said if "id" in asked else None


def _failure(number: object, code: int, message: str, data: bytes = b"") -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message}
    if data:
        error["data"] = "0x" + data.hex()
    return {"jsonrpc": "2.0", "id": number, "error": error}


def _text(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


async def _body(receive: Receive) -> bytes | None:
    """Read the request's body; None when it is too long or breaks off."""
    found, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        found += message.get("body", b"")
        if len(found) > MAX_BODY_BYTES:
            return None
        more = message.get("more_body", False)
    return bytes(found)


async def _answer(send: Send, status: int, data: bytes, *headers: tuple[bytes, bytes]) -> None:
    fixed = [(b"content-length", b"%d" % len(data)), (b"cache-control", b"no-store")]
    start = {"type": "http.response.start", "status": status, "headers": [*headers, *fixed]}
    await send(start)
    await send({"type": "http.response.body", "body": data})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
