"""The ledger's own chain as JSON-RPC, so that wallets and web3 clients can connect.

Reads need a reader's key; `eth_sendRawTransaction` needs a writer's, and does only what its
signature allows. Clients that know nothing but an address carry the key in it:
`http://any:KEY@host/rpc`. This module refuses other chains: those have nodes of their own.
Source: JSON-RPC 2.0; Ethereum execution API specification.
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

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


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List `POST /rpc`, where the ledger has a chain of its own."""
    if EMBEDDED not in site.ledger.config.anchor_chains:
        return []

    async def answer(request: Request) -> Response:
        if media_type(request) != "application/json":
            raise BadMedia(
                "http.media",
                "expected application/json, found another media type",
                hint="JSON-RPC clients send it by themselves.",
            )
        from counterfoil.chain.rpc_app import MAX_BODY_BYTES

        body = await read_body(request, MAX_BODY_BYTES)
        found = await asyncio.to_thread(_respond, site, request.state.principal, body)
        if found is None:
            return Response(status_code=204)
        return Response(found, media_type="application/json", headers={"cache-control": "no-store"})

    return [Endpoint("POST", PATH, Need("reader", ("chain",)), answer)]


def _respond(site: Site, principal: Principal, body: bytes) -> bytes | None:
    from counterfoil.chain.rpc_app import RpcApp
    from counterfoil.chain.transport import RpcError

    with closing(site.ledger.open_chain(EMBEDDED)) as chain:

        def ask(method: str, params: list[object]) -> object:
            if method == _SENDING and not principal.may("writer"):
                raise RpcError(_UNAUTHORIZED, "sending needs a key with the role writer")
            return chain.transport.request(method, params)

        return RpcApp(ask).respond(body)
