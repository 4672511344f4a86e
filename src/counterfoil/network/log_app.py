"""Serve a log's public files over HTTP: any ledger's or mirror's folder, read-only (ASGI).

Only names of the C2SP layout are looked at, and they hold digits, `x`, `p`, `.` and `/` alone, so
no request can leave the folder. A tile never changes and may be cached for ever; a checkpoint must
be asked for anew; a payload may be erased, so no cache may keep it. `/events` tells of each new
checkpoint while it stays open (`log_events`). This module refuses to write,
to list, to take a body, and to know a server: `ops.serving` does.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.formats.bundle import BUNDLE_MAX_BYTES
from counterfoil.formats.tile import parse_path
from counterfoil.ledger.mirror_marker import MirrorMode
from counterfoil.network.log_events import EVENTS_PATH, LogEvents
from counterfoil.storage.payload_files import PAYLOAD_MAX_BYTES
from counterfoil.storage.tile_files import CHECKPOINT_FILE
from counterfoil.units import HASH_BYTES, TILE_WIDTH

__all__ = ["LogApp"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_PAYLOAD: Final = re.compile(r"payload/([0-9a-f]{2})/(\1[0-9a-f]{62})", re.ASCII)
_TEXT: Final = "text/plain; charset=utf-8"
_BYTES: Final = "application/octet-stream"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_A_DAY: Final = "public, max-age=86400, immutable"  # a partial tile may go once it is full
_FRESH: Final = "no-cache"
_NEVER: Final = "no-store"
_CHUNK: Final = 1 << 18

_File = tuple[str, str, str, int]
"""Path inside the folder, media type, cache rule, and largest size in bytes."""


class LogApp:
    """An ASGI application for one folder.

    folder: a ledger's or mirror's. share: how much of it to serve: hash tiles alone; those and
    entries; or payloads too.
    """

    def __init__(self, folder: Path, share: MirrorMode = "all") -> None:
        self._folder, self._share = folder, share
        self._events = LogEvents(folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"only GET and HEAD\n", [(b"allow", b"GET, HEAD")])
            return
        if scope["path"] == f"/{EVENTS_PATH}":
            await self._events(scope, receive, send)
            return
        file = self._find(scope["path"])
        data = await asyncio.to_thread(self._read, file) if file is not None else None
        if file is None or data is None:
            await _answer(send, 404, b"not here\n", [(b"cache-control", _FRESH.encode())])
            return
        headers = [
            (b"cache-control", file[2].encode()),
            (b"content-type", file[1].encode()),
            (b"access-control-allow-origin", b"*"),
        ]
        await _answer(send, 200, data, headers, body=scope["method"] == "GET")

    def _find(self, path: str) -> _File | None:
        """Turn a request's path into a file of the layout; None for anything else."""
        name = path.removeprefix("/")
        if name == CHECKPOINT_FILE:
            return name, _TEXT, _FRESH, 1 << 20
        if name.startswith("payload/"):
            if self._share != "all" or _PAYLOAD.fullmatch(name) is None:
                return None
            return name, _BYTES, _NEVER, PAYLOAD_MAX_BYTES
        try:
            tile = parse_path(name)
        except InputError:
            return None
        if tile.level is None and self._share == "hashes":
            return None
        limit = BUNDLE_MAX_BYTES if tile.level is None else TILE_WIDTH * HASH_BYTES
        return name, _BYTES, _FOR_EVER if tile.width == TILE_WIDTH else _A_DAY, limit

    def _read(self, file: _File) -> bytes | None:
        try:
            with (self._folder / file[0]).open("rb") as stream:
                data = stream.read(file[3] + 1)
        except OSError:
            return None
        return data if len(data) <= file[3] else None


async def _answer(
    send: Send, status: int, data: bytes, headers: list[tuple[bytes, bytes]], *, body: bool = True
) -> None:
    fixed = [
        (b"content-length", str(len(data)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    start = {"type": "http.response.start", "status": status, "headers": [*headers, *fixed]}
    await send(start)
    if not body:
        await send({"type": "http.response.body", "body": b""})
        return
    view = memoryview(data)
    for at in range(0, max(len(data), 1), _CHUNK):
        more = at + _CHUNK < len(data)
        part = bytes(view[at : at + _CHUNK])
        await send({"type": "http.response.body", "body": part, "more_body": more})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
