"""Shoppers' pages, where their codes lead: GS1 Digital Links at this node, for anybody.

Only what was published is here (`supply label-publish`), and it was made before: an answer costs
no more than a file. This module refuses to make a page.
Source: GS1 Digital Link URI 1.2; RFC 8615.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.apps.supply.shopper.codes import WELL_KNOWN
from counterfoil.apps.supply.shopper.publishing import published_page, published_policy
from counterfoil.http.endpoint import ANYBODY, Endpoint
from counterfoil.http.site import Site

__all__ = ["endpoints"]

_KEYS: Final = ("00", "01", "8003", "8004", "8006")
_RULES: Final = re.compile(rb'http-equiv="Content-Security-Policy" content="([^"]*)"')
_KEPT: Final = {"cache-control": "no-cache", "access-control-allow-origin": "*"}


def endpoints(site: Site) -> list[Endpoint]:
    """List the paths of products, and of the policy that counts for them."""
    folder = site.ledger.layout.folder

    async def page(request: Request) -> Response:
        path = request.scope["path"].removeprefix("/supply/label")
        data = await asyncio.to_thread(published_page, folder, path)
        found = _RULES.search(data[:2000])
        rules = "default-src 'none'" if found is None else found[1].decode()
        headers = {
            "cache-control": "no-cache",
            "content-security-policy": f"{rules}; frame-ancestors 'none'",
            "referrer-policy": "no-referrer",
        }
        return Response(data, headers=headers, media_type="text/html; charset=utf-8")

    async def policy(_: Request) -> Response:
        data = await asyncio.to_thread(published_policy, folder)
        return Response(data, headers=_KEPT, media_type="text/plain; charset=utf-8")

    named = [f"/{key}/{{rest:path}}" for key in _KEYS]
    return [
        Endpoint("GET", WELL_KNOWN, ANYBODY, policy),
        *(Endpoint("GET", one, ANYBODY, page, "page") for one in named),
        Endpoint("GET", "/supply/label/{rest:path}", ANYBODY, page, "page"),
    ]
