"""The ledger's own chain as JSON-RPC, so that wallets and web3 clients can connect.

Reads need a reader's key; `eth_sendRawTransaction` needs a writer's, and does only what its
signature allows. Clients that know nothing but an address carry the key in it:
`http://any:KEY@host/rpc`. A call may run the chain's machine for seconds: few requests are answered
at a time, and one with many calls only for so long. This module refuses other chains: those have
nodes of their own.
Source: JSON-RPC 2.0; Ethereum execution API specification.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.errors import TooMany
from counterfoil.http.bodies import BadMedia, media_type, read_body
from counterfoil.http.endpoint import Endpoint, Mounted, Need
from counterfoil.http.site import Site
from counterfoil.ledger.anchor_setup import EMBEDDED
from counterfoil.ports.access import Principal

__all__ = ["PATH", "endpoints"]

PATH: Final = "/rpc"
"""Where clients ask."""

_SENDING: Final = "eth_sendRawTransaction"
_UNAUTHORIZED: Final = -32001
_LIMIT_EXCEEDED: Final = -32005  # EIP-1474
_AT_ONCE: Final = 2
_WAITING_MAX: Final = 32
_BUDGET_S: Final = 10.0


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List `POST /rpc`, where the ledger has a chain of its own."""
    if EMBEDDED not in site.ledger.config.anchor_chains:
        return []
    hands, waiting = ThreadPoolExecutor(_AT_ONCE, "chain"), set[object]()

    async def answer(request: Request) -> Response:
        if media_type(request) != "application/json":
            raise BadMedia(
                "http.media",
                "expected application/json, found another media type",
                hint="JSON-RPC clients send it by themselves.",
            )
        from counterfoil.chain.rpc_app import MAX_BODY_BYTES

        body = await read_body(request, MAX_BODY_BYTES)
        if len(waiting) >= _WAITING_MAX:
            raise TooMany(
                "http.busy",
                f"expected fewer than {_WAITING_MAX} requests to the chain, found as many",
                hint="Nothing was done; send the same request again.",
                retry_after_s=2.0,
            )
        loop, principal = asyncio.get_running_loop(), request.state.principal
        work = loop.run_in_executor(hands, _respond, site, principal, body)
        waiting.add(work)
        work.add_done_callback(waiting.discard)
        found = await work
        if found is None:
            return Response(status_code=204)
        return Response(found, media_type="application/json", headers={"cache-control": "no-store"})

    return [Endpoint("POST", PATH, Need("reader", ("chain",)), answer)]


def _respond(site: Site, principal: Principal, body: bytes) -> bytes | None:
    from counterfoil.chain.rpc_app import RpcApp
    from counterfoil.chain.transport import RpcError

    until = time.monotonic() + _BUDGET_S
    with closing(site.ledger.open_chain(EMBEDDED)) as chain:

        def ask(method: str, params: list[object]) -> object:
            if time.monotonic() > until:
                raise RpcError(_LIMIT_EXCEEDED, "the request takes too long; ask for less at once")
            if method == _SENDING and not principal.may("writer"):
                raise RpcError(_UNAUTHORIZED, "sending needs a key with the role writer")
            return chain.transport.request(method, params)

        return RpcApp(ask).respond(body)
