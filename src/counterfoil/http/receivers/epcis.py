"""GS1 EPCIS 2.0 over HTTP, below `/epcis`: events captured, and found again.

A capture is done before it is answered, and its job tells what became of each event. This module
refuses to judge an event: `apps.supply.events` does. `epcis_resources` has collections and queries.
Source: GS1 EPCIS 2.0, 12 (REST bindings); its OpenAPI.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.http.bodies import BadMedia, media_type, read_body
from counterfoil.http.endpoint import Endpoint, Mounted, Need
from counterfoil.http.receivers.counting import counted
from counterfoil.http.receivers.epcis_forms import (
    answer,
    as_json,
    asked_of,
    context_of,
    document_of,
    encoded,
    require_known,
)
from counterfoil.http.receivers.epcis_resources import link_of, resource_endpoints
from counterfoil.http.site import Site
from counterfoil.ops.supply import receiving

__all__ = ["PATH", "endpoints"]

PATH: Final = "/epcis"
"""Where clients ask."""

_TAKEN: Final = ("application/json", "application/ld+json", "application/xml", "text/xml")


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List capture, its jobs, and queries."""
    service = _Service(site)
    write, read = Need("writer", ("supply", "capture")), Need("reader", ("supply", "trace"))
    return [
        Endpoint("POST", f"{PATH}/capture", write, service.capture, "epcis"),
        Endpoint("GET", f"{PATH}/capture", write, service.jobs, "epcis"),
        Endpoint("GET", f"{PATH}/capture/{{job}}", write, service.job, "epcis"),
        Endpoint("POST", f"{PATH}/events", write, service.capture_one, "epcis"),
        Endpoint("GET", f"{PATH}/events", read, service.events, "epcis"),
        Endpoint("GET", f"{PATH}/events/{{event:path}}", read, service.event, "epcis"),
        *resource_endpoints(site, PATH),
    ]


class _Service:
    """Answers for one node."""

    def __init__(self, site: Site) -> None:
        self._site, self._ledger = site, site.ledger

    async def capture(self, request: Request) -> Response:
        """Capture an EPCIS document: 202 and the place of its job."""
        body = await self._body(request)
        behaviour = request.headers.get("gs1-capture-error-behaviour", "rollback").lower()
        job = await asyncio.to_thread(self._capture, request, body, behaviour)
        place = f"{self._site.settings.url}{PATH}/capture/{job['captureID']}"
        return answer(request, b"", 202, location=place)

    async def capture_one(self, request: Request) -> Response:
        """Capture one event: 201 and its place, or what is wrong with it."""
        body = await self._body(request)
        name = await asyncio.to_thread(self._one, request, body)
        return answer(request, b"", 201, location=f"{self._site.settings.url}{PATH}/events/{name}")

    async def jobs(self, request: Request) -> Response:
        """List capture jobs, the newest first."""
        require_known(request)
        return as_json(request, await asyncio.to_thread(receiving.jobs, self._ledger))

    async def job(self, request: Request) -> Response:
        """Tell what became of a capture."""
        named = str(request.path_params["job"])
        return as_json(request, await asyncio.to_thread(receiving.job, self._ledger, named))

    async def events(self, request: Request) -> Response:
        """Find events by GS1's query parameters, a page at a time."""
        require_known(request)
        body, following = await asyncio.to_thread(self._found, asked_of(request))
        return answer(request, body, 200, **link_of(self._site, request, following))

    async def event(self, request: Request) -> Response:
        """Give one event by its id or hash."""
        require_known(request)
        named = str(request.path_params["event"])
        if request.url.query and named.startswith("ni:"):  # `?ver=CBV2.0` of a name that came raw
            named = f"{named}?{request.url.query}"
        index, event = await asyncio.to_thread(receiving.one, self._ledger, named)
        body = {"@context": context_of([event]), **event.body}
        return as_json(request, body, **{"counterfoil-entry": str(index)})

    def _found(self, asked: dict[str, list[str]]) -> tuple[bytes, str | None]:
        """Find a page of events and write it, which may be long: not while others wait."""
        found, following = receiving.found(self._ledger, asked)
        return encoded(document_of(found)), following

    async def _body(self, request: Request) -> bytes:
        require_known(request)
        if media_type(request) not in _TAKEN:
            raise BadMedia(
                "http.media",
                f"expected {' or '.join(_TAKEN)}, found another media type",
                hint="EPCIS 2.0 documents are JSON-LD or XML.",
            )
        return await read_body(request, receiving.BODY_MAX_BYTES)

    def _capture(self, request: Request, body: bytes, behaviour: str) -> dict[str, Any]:
        document = receiving.read(body)
        return counted(
            self._site,
            request,
            len(document.events) + len(document.masters),
            lambda: receiving.captured(self._ledger, document, behaviour),
            lambda job: int(job["new"]),
            series=receiving.SERIES,
        )

    def _one(self, request: Request, body: bytes) -> str:
        name, _ = counted(
            self._site,
            request,
            1,
            lambda: receiving.captured_one(self._ledger, body),
            lambda done: done[1],
            series=receiving.SERIES,
        )
        return name
