"""Put the node's shell together: every room's endpoints, each behind the guard.

This module refuses to hold logic, and to serve a path that does not say who may ask.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from counterfoil.errors import CounterfoilError, InputError, NotFound
from counterfoil.http import api, documentation, health, pages, receivers, signin
from counterfoil.http.api.lane import turned_away
from counterfoil.http.api.openapi import openapi_endpoints
from counterfoil.http.concise import concise
from counterfoil.http.endpoint import Endpoint, Lane, Mounted
from counterfoil.http.epcis_problems import epcis_problem
from counterfoil.http.guarding import SECURITY_HEADERS, let_in
from counterfoil.http.mounting import MountedRoute
from counterfoil.http.pages.api_reference import reference_endpoints
from counterfoil.http.pages.failures import failure_page
from counterfoil.http.problems import problem, unforeseen
from counterfoil.http.shield import Shield
from counterfoil.http.site import Site
from counterfoil.http.tally import Tally

__all__ = ["NodeApp", "make_app"]

_LOG: Final = logging.getLogger("counterfoil.http")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class NodeApp:
    """The ASGI application of a node. offered: all that it answers; tally: what it was asked."""

    def __init__(self, site: Site) -> None:
        self._site, self.tally = site, Tally()
        self.offered: list[Endpoint | Mounted | Lane] = [
            *api.endpoints(site),
            *receivers.endpoints(site),
            *pages.endpoints(site),
            *documentation.endpoints(site),
            *signin.endpoints(site),
            *health.endpoints(site, self.tally),
        ]
        self.offered += openapi_endpoints(self.offered)
        self.offered += reference_endpoints(site, self.offered)
        self._lanes = {
            (one.method, one.path): one.app for one in self.offered if isinstance(one, Lane)
        }
        routes = [_route(site, one) for one in self.offered if not isinstance(one, Lane)]
        self._app = Starlette(routes=routes)
        self._shield = Shield(site, self._choose)

        async def lost(request: Request, err: Exception) -> Response:
            response = _told(site, request, _of_starlette(request, err))
            if response.status_code == MethodNotAllowed.http_status:  # RFC 9110, 15.5.6
                response.headers["allow"] = ", ".join(self._methods_of(request))
            return response

        self._app.add_exception_handler(HTTPException, lost)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            await self.tally.through(self._take_in, scope, receive, send)

    async def _take_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        fast = (scope["method"], scope["path"]) in self._lanes
        if not fast or not await turned_away(self._site, scope, send):
            await self._shield(scope, receive, send)

    def _methods_of(self, request: Request) -> list[str]:
        """List how a path may be asked."""
        scope, path = request.scope, request.url.path
        found: set[str] = {method for method, at in self._lanes if at == path}
        for route in self._app.routes:
            if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
                found |= route.methods or set()
        return sorted(found)

    async def _choose(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._lanes.get((scope["method"], scope["path"]), self._app)
        await app(scope, receive, send)


def make_app(site: Site) -> NodeApp:
    """Make the application of a node.

    site: what it serves. The most asked for comes first, since routes are tried in order.
    """
    return NodeApp(site)


def _route(site: Site, one: Endpoint | Mounted) -> BaseRoute:
    if isinstance(one, Mounted):
        return MountedRoute(site, one)

    async def answer(request: Request) -> Response:
        try:
            let_in(site, request, one.need)
            response = await one.answer(request)
        except CounterfoilError as err:
            response = _tell(site, request, err, one)
        except HTTPException:
            raise
        except Exception as err:
            _LOG.error("unforeseen, at %s", one.path, exc_info=err)
            response = _told(site, request, unforeseen())
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return Route(one.path, answer, methods=[one.method])


def _tell(site: Site, request: Request, err: CounterfoilError, one: Endpoint) -> Response:
    if one.tells == "page":
        return failure_page(site, request, err)
    if one.tells == "epcis":
        return epcis_problem(err)
    return concise(err) if one.tells == "concise" else problem(err)


def _told(site: Site, request: Request, err: CounterfoilError) -> Response:
    """Tell an error that no endpoint told: as a page to browsers, else as a problem document."""
    wants_page = "text/html" in request.headers.get("accept", "")
    response = failure_page(site, request, err) if wants_page else problem(err)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _of_starlette(request: Request, err: Exception) -> CounterfoilError:
    status = err.status_code if isinstance(err, HTTPException) else 500
    if status == 404:
        return NotFound(
            "http.path",
            f"expected a path that is served here, found {request.url.path[:200]!a}",
            hint="/openapi.json lists what programs may ask for; / is where people begin.",
        )
    if status == 405:
        return MethodNotAllowed(
            "http.method",
            f"expected another method than {request.method} for {request.url.path[:200]!a}",
            hint="/openapi.json lists the methods of each path.",
        )
    return InputError("http.request", f"expected a request that makes sense, found {status}")


class MethodNotAllowed(InputError):
    """A path that is served, asked in a way that it is not."""

    http_status = 405
