"""GS1's collections and named queries over HTTP, below `/epcis`.

This module refuses subscriptions, and says so with 501: who wants news asks again, or follows the
node's stream of records.
Source: GS1 EPCIS 2.0, 12.8 and 12.9; its OpenAPI.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.apps.supply.events.event import CONTEXT, Event
from counterfoil.errors import CounterfoilError
from counterfoil.http.bodies import read_body
from counterfoil.http.endpoint import Answer, Endpoint, Need
from counterfoil.http.epcis_problems import NotOffered
from counterfoil.http.receivers.epcis_forms import (
    answer,
    as_json,
    asked_of,
    document_of,
    encoded,
    require_known,
)
from counterfoil.http.site import Site
from counterfoil.ops.supply import querying, receiving

__all__ = ["link_of", "resource_endpoints"]

_TOP: Final = ("capture", "events", *querying.RESOURCES, "queries")
_Found = tuple[list[Event], str | None]


def resource_endpoints(site: Site, path: str) -> list[Endpoint]:
    """List collections, named queries, what can be asked here, and what is not offered."""
    service = _Resources(site, path)
    read, write = Need("reader", ("supply", "trace")), Need("writer", ("supply", "capture"))

    def get(below: str, said: Answer) -> Endpoint:
        return Endpoint("GET", f"{path}{below}", read, said, "epcis")

    found = [get("", service.top), *(_options(path, below, read) for below in _ALLOWED)]
    for kind in querying.RESOURCES:
        found += [
            get(f"/{kind}", service.listing(kind)),
            get(f"/{kind}/{{value:path}}/events", service.events_of(kind)),
            get(f"/{kind}/{{value:path}}", service.parts_of(kind)),
        ]
    named = f"{path}/queries/{{name}}"
    return [
        *found,
        get("/queries", service.queries),
        Endpoint("POST", f"{path}/queries", write, service.save, "epcis"),
        get("/queries/{name}", service.query),
        Endpoint("DELETE", named, write, service.drop, "epcis"),
        get("/queries/{name}/events", service.query_events),
        get("/queries/{name}/subscriptions", service.not_offered),
        Endpoint("POST", f"{named}/subscriptions", read, service.not_offered, "epcis"),
        Endpoint("DELETE", f"{path}/nextPageToken/{{token}}", read, service.forget, "epcis"),
    ]


_ALLOWED: Final = {
    "": "OPTIONS, GET",
    "/capture": "OPTIONS, POST, GET",
    "/events": "OPTIONS, POST, GET",
    "/queries": "OPTIONS, POST, GET",
}


def _options(path: str, below: str, need: Need) -> Endpoint:
    async def options(request: Request) -> Response:
        """Tell what this interface speaks, and how much it takes at once."""
        more = {
            "allow": _ALLOWED[below],
            "gs1-epcis-capture-limit": str(receiving.EVENTS_MAX),
            "gs1-epcis-capture-file-size-limit": str(receiving.BODY_MAX_BYTES),
            "gs1-capture-error-behaviour": "rollback",
        }
        return answer(request, b"", 204, **more)

    return Endpoint("OPTIONS", f"{path}{below}", need, options, "epcis")


class _Resources:
    """Answers for one node."""

    def __init__(self, site: Site, path: str) -> None:
        self._site, self._ledger, self._path = site, site.ledger, path

    async def top(self, request: Request) -> Response:
        """List what can be asked for."""
        require_known(request)
        return as_json(request, list(_TOP))

    def listing(self, kind: str) -> Answer:
        """Make the answer that lists values."""

        async def listed(request: Request) -> Response:
            """List the values that events have, a page at a time."""
            require_known(request)
            asked = {name: request.query_params.get(name) for name in ("perPage", "nextPageToken")}
            found, following = await asyncio.to_thread(
                querying.resources, self._ledger, kind, asked["perPage"], asked["nextPageToken"]
            )
            return as_json(
                request, {"@context": CONTEXT, **found}, **self._link(request, following)
            )

        return listed

    def parts_of(self, kind: str) -> Answer:
        """Make the answer that tells what a value has."""

        async def parts(request: Request) -> Response:
            """Tell that a value has events."""
            require_known(request)
            value = str(request.path_params["value"])
            await asyncio.to_thread(querying.require_resource, self._ledger, kind, value)
            return as_json(request, ["events"])

        return parts

    def events_of(self, kind: str) -> Answer:
        """Make the answer that finds events by a value."""

        async def events(request: Request) -> Response:
            """Find the events that have a value, further narrowed by GS1's query parameters."""
            value = str(request.path_params["value"])
            return await self._events(
                request,
                lambda: querying.resource_events(self._ledger, kind, value, asked_of(request)),
            )

        return events

    async def queries(self, request: Request) -> Response:
        """List named queries."""
        require_known(request)
        asked = {name: request.query_params.get(name) for name in ("perPage", "nextPageToken")}
        found, following = await asyncio.to_thread(
            querying.queries, self._ledger, asked["perPage"], asked["nextPageToken"]
        )
        return as_json(request, found, **self._link(request, following))

    async def save(self, request: Request) -> Response:
        """Name a query: 201 and its place."""
        require_known(request)
        body = await read_body(request, querying.BODY_MAX_BYTES)
        name = await asyncio.to_thread(querying.save_query, self._ledger, body)
        place = f"{self._site.settings.url}{self._path}/queries/{quote(name)}"
        return answer(request, b"", 201, location=place)

    async def query(self, request: Request) -> Response:
        """Give the definition of a query."""
        require_known(request)
        name = str(request.path_params["name"])
        return as_json(request, await asyncio.to_thread(querying.named_query, self._ledger, name))

    async def drop(self, request: Request) -> Response:
        """Forget a query."""
        name = str(request.path_params["name"])
        await asyncio.to_thread(querying.drop_query, self._ledger, name)
        return answer(request, b"", 204)

    async def query_events(self, request: Request) -> Response:
        """Find the events of a named query, a page at a time."""
        name = str(request.path_params["name"])
        if request.headers.get("upgrade", "").lower() == "websocket":
            raise _no_subscription()
        return await self._events(
            request,
            lambda: querying.named_events(self._ledger, name, asked_of(request)),
            name,
        )

    async def not_offered(self, _: Request) -> Response:
        """Refuse a subscription: they are not offered."""
        raise _no_subscription()

    async def forget(self, request: Request) -> Response:
        """Let go of a page's token, which holds nothing."""
        return answer(request, b"", 204)

    async def _events(
        self, request: Request, find: Callable[[], _Found], query: str = "SimpleEventQuery"
    ) -> Response:
        require_known(request)

        def found() -> tuple[bytes, str | None]:
            events, following = find()
            return encoded(document_of(events, query)), following

        body, following = await asyncio.to_thread(found)
        return answer(request, body, 200, **self._link(request, following))

    def _link(self, request: Request, following: str | None) -> dict[str, str]:
        return link_of(self._site, request, following)


def link_of(site: Site, request: Request, following: str | None) -> dict[str, str]:
    """Give the header with the address of the next page; nothing on the last one."""
    if following is None:
        return {}
    url: Any = request.url.include_query_params(nextPageToken=following)
    return {"link": f'<{site.settings.url}{quote(url.path)}?{url.query}>; rel="next"'}


def _no_subscription() -> CounterfoilError:
    return NotOffered(
        "epcis.subscription",
        "expected a query that is asked, found a subscription, which is not offered here",
        hint="Ask the named query again from the last token on, or follow /api/v1/events.",
    )
