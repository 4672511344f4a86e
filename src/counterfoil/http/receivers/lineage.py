"""OpenLineage events: what dbt, Airflow, Spark and others tell of their runs.

Clients send the key as their API key, to the path of the standard. An event counts as one record,
and one more for each data set that it names. This module refuses to read an
event: `integrations.openlineage` does.
Source: OpenLineage 2-0-2, OpenLineage.yml: `POST /api/v1/lineage`.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from counterfoil.http.bodies import BadMedia, media_type, read_body
from counterfoil.http.endpoint import Endpoint, Mounted, Need
from counterfoil.http.receivers.counting import counted
from counterfoil.http.site import Site
from counterfoil.integrations.openlineage.app import BODY_MAX_BYTES, PATH
from counterfoil.integrations.openlineage.receiver import Receiver, Taken, records_in

__all__ = ["endpoints"]

_NEED: Final = Need("writer", ("lineage",))


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List `POST /api/v1/lineage`."""
    receiver = Receiver(site.ledger)

    def take(request: Request, body: bytes) -> Taken:
        most = records_in(body)
        return counted(
            site,
            request,
            most,
            lambda: receiver.receive(body),
            lambda taken: 0 if taken.duplicate else most,
        )

    async def answer(request: Request) -> Response:
        if media_type(request) != "application/json":
            raise BadMedia("http.media", "expected application/json, found another media type")
        body = await read_body(request, BODY_MAX_BYTES)
        taken = await asyncio.to_thread(take, request, body)
        return JSONResponse(taken.to_json(), 201)

    return [Endpoint("POST", PATH, _NEED, answer)]
