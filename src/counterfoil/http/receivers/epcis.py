"""GS1 EPCIS 2.0 over HTTP, below `/epcis`: events captured, and found again.

A capture is done before it is answered, and its job tells what became of each event. This module
refuses subscriptions and named queries, and to judge an event: `apps.supply.events` does.
Source: GS1 EPCIS 2.0, 12 (REST bindings); its OpenAPI.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.apps.supply.events.event import CONTEXT, Event
from counterfoil.http.bodies import BadMedia, media_type, read_body
from counterfoil.http.endpoint import Endpoint, Mounted, Need
from counterfoil.http.receivers.counting import counted
from counterfoil.http.site import Site
from counterfoil.ops.supply import receiving

__all__ = ["PATH", "endpoints"]

PATH: Final = "/epcis"
"""Where clients ask."""

_TAKEN: Final = ("application/json", "application/ld+json", "application/xml", "text/xml")
_VERSIONS: Final = {"gs1-epcis-version": "2.0.0", "gs1-cbv-version": "2.0.0"}
_LD: Final = "application/ld+json"


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List capture, its jobs, and queries."""
    service = _Service(site)
    write, read = Need("writer", ("supply", "capture")), Need("reader", ("supply", "trace"))
    return [
        Endpoint("POST", f"{PATH}/capture", write, service.capture),
        Endpoint("GET", f"{PATH}/capture", write, service.jobs),
        Endpoint("GET", f"{PATH}/capture/{{job}}", write, service.job),
        Endpoint("POST", f"{PATH}/events", write, service.capture_one),
        Endpoint("GET", f"{PATH}/events", read, service.events),
        Endpoint("GET", f"{PATH}/events/{{event:path}}", read, service.event),
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
        return _answer(b"", 202, location=place)

    async def capture_one(self, request: Request) -> Response:
        """Capture one event: 201 and its place, or what is wrong with it."""
        body = await self._body(request)
        name = await asyncio.to_thread(self._one, request, body)
        return _answer(b"", 201, location=f"{self._site.settings.url}{PATH}/events/{name}")

    async def jobs(self, _: Request) -> Response:
        """List capture jobs, the newest first."""
        found = await asyncio.to_thread(receiving.jobs, self._ledger)
        return _json(found)

    async def job(self, request: Request) -> Response:
        """Tell what became of a capture."""
        named = str(request.path_params["job"])
        return _json(await asyncio.to_thread(receiving.job, self._ledger, named))

    async def events(self, request: Request) -> Response:
        """Find events by GS1's query parameters, a page at a time."""
        asked: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            asked.setdefault(name, []).append(value)
        body, following = await asyncio.to_thread(self._found, asked)
        more = {}
        if following is not None:
            url = request.url.include_query_params(nextPageToken=following)
            more["link"] = f'<{self._site.settings.url}{url.path}?{url.query}>; rel="next"'
        return _answer(body, 200, **more)

    async def event(self, request: Request) -> Response:
        """Give one event by its id or hash."""
        named = str(request.path_params["event"])
        if request.url.query and named.startswith("ni:"):  # `?ver=CBV2.0` of a name that came raw
            named = f"{named}?{request.url.query}"
        index, event = await asyncio.to_thread(receiving.one, self._ledger, named)
        body = {"@context": _context([event]), **event.body}
        return _json(body, **{"counterfoil-entry": str(index)})

    def _found(self, asked: dict[str, list[str]]) -> tuple[bytes, str | None]:
        """Find a page of events and write it, which may be long: not while others wait."""
        found, following = receiving.found(self._ledger, asked)
        return _encoded(_document(found)), following

    async def _body(self, request: Request) -> bytes:
        if media_type(request) not in _TAKEN:
            raise BadMedia(
                "http.media",
                f"expected {' or '.join(_TAKEN)}, found another media type",
                hint="EPCIS 2.0 documents are JSON-LD or XML.",
            )
        return await read_body(request, receiving.BODY_MAX_BYTES)

    def _capture(self, request: Request, body: bytes, behaviour: str) -> dict[str, Any]:
        events = receiving.events_of(body)
        return counted(
            self._site,
            request,
            len(events),
            lambda: receiving.captured(self._ledger, events, behaviour),
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


def _document(events: list[Event]) -> dict[str, Any]:
    """Put events into a document of query results."""
    results = {"eventList": [dict(event.body) for event in events]}
    return {
        "@context": _context(events),
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": receiving.now(),
        "epcisBody": {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": results}},
    }


def _context(events: list[Event]) -> list[Any]:
    own: dict[str, str] = {}
    for event in events:
        own.update(event.namespaces)
    return [CONTEXT, own] if own else [CONTEXT]


def _json(found: Any, **headers: str) -> Response:
    return _answer(_encoded(found), 200, **headers)


def _encoded(found: Any) -> bytes:
    return json.dumps(found, ensure_ascii=False).encode()


def _answer(body: bytes, status: int, **headers: str) -> Response:
    return Response(body, status, {**_VERSIONS, "cache-control": "no-store", **headers}, _LD)
