"""Send an answer bit by bit, as fast as its client reads, and not longer than it stays.

A client that takes nothing for a while is dropped, so that it holds neither memory nor a thread.
This module refuses to know what is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from counterfoil.ports.lines import line_of

__all__ = ["Flow"]

_TAKE_S: Final = 20.0


class Flow(Response):
    """An answer in chunks.

    chunks: what is sent. ended: called once, when all was sent or the client has left. take_s: how
    long a client may take nothing, seconds.
    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        media_type: str,
        headers: Mapping[str, str] | None = None,
        *,
        ended: Callable[[], None] = lambda: None,
        take_s: float | None = None,
    ) -> None:
        super().__init__(None, 200, headers, media_type)
        del self.headers["content-length"]
        self._chunks, self._ended = chunks, ended
        self._take_s = _TAKE_S if take_s is None else take_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            more = True
            while more:
                chunk = await self._next(gone)
                if chunk is None and gone.done():
                    return
                more = chunk is not None
                message = {"type": "http.response.body", "body": chunk or b"", "more_body": more}
                try:
                    await asyncio.wait_for(send(message), self._take_s)
                except TimeoutError:
                    line_of(scope).drop()
                    return
        finally:
            gone.cancel()
            self._ended()
            if isinstance(self._chunks, AsyncGenerator):
                await self._chunks.aclose()

    async def _next(self, gone: asyncio.Future[None]) -> bytes | None:
        """Wait for a chunk; None where there is none any more, or the client has left."""
        coming = asyncio.ensure_future(_take(self._chunks))
        waiting: set[asyncio.Future[Any]] = {coming, gone}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            coming.cancel()
            await asyncio.wait({coming})
            return None
        return coming.result()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)


async def _take(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)
