"""Say to machines how the node fares: alive, ready, and figures for Prometheus.

Who has no key learns only whether it is alive and ready. This module refuses to ask a chain or a
peer: an answer costs nothing, however often it is asked for.
Source: OpenMetrics 1.0.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from counterfoil.http.endpoint import ANYBODY, Endpoint, Mounted, Need
from counterfoil.http.site import Site
from counterfoil.http.tally import Tally
from counterfoil.ops.node.metrics import node_metrics

__all__ = ["endpoints"]

_NEVER_KEPT: Final = {"cache-control": "no-store"}
_TEXT: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def endpoints(site: Site, tally: Tally) -> list[Endpoint | Mounted]:
    """List `/healthz`, `/readyz` and `/metrics`."""

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers=_NEVER_KEPT)

    async def ready(_: Request) -> Response:
        fine = site.status().ready
        body = {"status": "ready" if fine else "not ready"}
        return JSONResponse(body, 200 if fine else 503, headers=_NEVER_KEPT)

    async def metrics(_: Request) -> Response:
        now_ms = int(time.time() * 1000)
        body = await asyncio.to_thread(
            node_metrics, site.ledger, site.status(), tally.families(), now_ms
        )
        return Response(body, media_type=_TEXT, headers=_NEVER_KEPT)

    return [
        Endpoint("GET", "/healthz", ANYBODY, alive),
        Endpoint("GET", "/readyz", ANYBODY, ready),
        Endpoint("GET", "/metrics", Need("reader", ("metrics",)), metrics),
    ]
