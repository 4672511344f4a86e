"""SCITT: register signed statements in COSE, and get COSE receipts (RFC 9942) from the same tree.

A statement is durable before it is answered, so registration is done at once, and 303 comes only
to who prefers not to wait for the receipt. This module refuses to judge a statement: the ledger's
registration policy does.
Source: RFC 9943; draft-ietf-scitt-scrapi-10, 2.1 to 2.5.
"""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.errors import NotFound
from counterfoil.formats import cbor, cose_key
from counterfoil.formats.cbor import CBOR_MAX_BYTES
from counterfoil.formats.cose_receipt import MEDIA_TYPE
from counterfoil.http.bodies import BadMedia, media_type, read_body
from counterfoil.http.endpoint import ANYBODY, Endpoint, Mounted, Need
from counterfoil.http.receivers.counting import counted
from counterfoil.http.site import Site
from counterfoil.ledger.scitt import Registered
from counterfoil.ops.records import find_entry

__all__ = ["endpoints"]

_ENTRIES: Final = "/entries"
_KEYS: Final = "/.well-known/scitt-keys"
_STATEMENT: Final = "application/scitt-statement+cose"
_RECEIPT: Final = "application/scitt-receipt+cose"
_TAKEN: Final = (MEDIA_TYPE, _STATEMENT)
_KEYS_LAST_S: Final = 3600


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List registration, receipts, and the log's key."""
    service = _Service(site)
    register, receipt = Need("writer", ("scitt", "register")), Need("reader", ("receipt", "get"))
    return [
        Endpoint("POST", _ENTRIES, register, service.register, "concise"),
        Endpoint("GET", f"{_ENTRIES}/{{entry}}", receipt, service.resolve, "concise"),
        Endpoint("GET", _KEYS, ANYBODY, service.keys, "concise"),
        Endpoint("GET", f"{_KEYS}/{{kid}}", ANYBODY, service.key, "concise"),
    ]


class _Service:
    """Answers for one node."""

    def __init__(self, site: Site) -> None:
        self._site, self._ledger = site, site.ledger

    async def register(self, request: Request) -> Response:
        """Register a signed statement (SCITT), and answer with its receipt."""
        if media_type(request) not in _TAKEN:
            raise BadMedia(
                "http.media",
                f"expected {MEDIA_TYPE}, found another media type",
                hint=f"Send the statement as it is, with Content-Type: {MEDIA_TYPE}.",
            )
        body = await read_body(request, CBOR_MAX_BYTES)
        done = await asyncio.to_thread(self._register, request, body)
        place = self._place(done.index)
        if "respond-async" in request.headers.get("prefer", ""):
            headers = {"location": place, "retry-after": "1"}
            return Response(b"", 303, headers, MEDIA_TYPE)
        return await self._receipt(request, done.index, 201)

    def _register(self, request: Request, body: bytes) -> Registered:
        return counted(
            self._site,
            request,
            1,
            lambda: self._ledger.scitt.register(body),
            lambda done: 0 if done.duplicate else 1,
        )

    async def resolve(self, request: Request) -> Response:
        """Give the COSE receipt of an entry, as of now; or its statement with the receipt in it."""
        named = str(request.path_params["entry"])
        index = await asyncio.to_thread(find_entry, self._ledger, named)
        return await self._receipt(request, index, 200)

    async def _receipt(self, request: Request, index: int, status: int) -> Response:
        accept, scitt = request.headers.get("accept", ""), self._ledger.scitt
        make: Callable[[int], bytes] = scitt.transparent if _STATEMENT in accept else scitt.receipt
        kind = next((one for one in (_STATEMENT, _RECEIPT) if one in accept), MEDIA_TYPE)
        data = await asyncio.to_thread(make, index)
        headers = {"location": self._place(index), "cache-control": "no-store", "vary": "accept"}
        return Response(data, status, headers, kind)

    async def keys(self, _: Request) -> Response:
        """List the key that signs the log's receipts, as a COSE Key Set."""
        return _in_cbor(cbor.format([self._key()]))

    async def key(self, request: Request) -> Response:
        """Give the key that a receipt names, as a COSE Key."""
        key, named = self._key(), str(request.path_params["kid"])
        if named != urlsafe_b64encode(key[2]).decode().rstrip("="):
            raise NotFound(
                "scitt.no-service-key",
                f"expected the id of this log's key, found {named[:80]!a}",
                hint=f"{_KEYS} lists it; here its id is written in base64url.",
            )
        return _in_cbor(cbor.format(key))

    def _key(self) -> dict[int, bytes]:
        key = self._ledger.scitt.key()
        return cose_key.cose_key(key, cose_key.thumbprint(key))

    def _place(self, index: int) -> str:
        return f"{self._site.settings.url}{_ENTRIES}/{index}"


def _in_cbor(data: bytes) -> Response:
    headers = {"cache-control": f"max-age={_KEYS_LAST_S}"}
    return Response(data, 200, headers, "application/cbor")
