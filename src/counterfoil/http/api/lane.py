"""The fast lane: what is asked most goes past the router, and is guarded alike.

A body is read only after its sender was let in and room was found for it; `http.shield` bounds its
size and its time. This module refuses to queue: who finds no room is told when to come again.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request

from counterfoil.errors import CounterfoilError, TooMany, Unavailable
from counterfoil.http.endpoint import Need
from counterfoil.http.guarding import address_of, let_in
from counterfoil.http.problems import problem, unforeseen
from counterfoil.http.shield import BodySlow, BodyTooLarge
from counterfoil.http.site import Site
from counterfoil.ports.access import Principal

__all__ = ["JSON", "Asked", "BodySlow", "BodyTooLarge", "LaneAnswer", "lane", "turned_away"]

JSON: Final = "application/json"

_LOG: Final = logging.getLogger("counterfoil.http")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_HEADERS: Final = ((b"cache-control", b"no-store"), (b"content-type", b"application/json"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was let in, with its body."""

    site: Site
    request: Request
    principal: Principal
    address: str
    body: bytes

    def charge(self, records: int) -> None:
        """Count records that it brings. Raises TooMany with code access.quota."""
        self.site.guard.charge(self.principal, records, self.address)

    def refund(self, records: int) -> None:
        """Give back what was counted for records that were not stored."""
        self.site.guard.refund(self.principal, records)

    def require_source(self, source: str | None) -> None:
        """Refuse a series that its key may not write. Raises Refused with code access.source."""
        self.site.guard.require_source(self.principal, source, self.address)

    @property
    def media_type(self) -> str:
        """What it says that its body is; JSON where it does not."""
        given = self.request.headers.get("content-type", JSON)
        return given.partition(";")[0].strip().lower() or JSON


@dataclass(frozen=True, slots=True)
class LaneAnswer:
    """What is answered. body: JSON. location: of what was made; empty for none."""

    status: int
    body: bytes
    location: str = ""


def lane(site: Site, need: Need, answer: Callable[[Asked], Awaitable[LaneAnswer]]) -> Any:
    """Make the ASGI app of one path and method; need: what its sender must be let do."""

    async def through(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            principal = let_in(site, request, need)
            if principal is None:  # pragma: no cover - the needs of lanes name roles
                raise CounterfoilError("http.unforeseen", "expected a need that names a role")
            body = await _whole(receive)
            said = await answer(Asked(site, request, principal, address_of(request), body))
        except CounterfoilError as err:
            await problem(err)(scope, receive, send)
            return
        except Exception as err:
            _LOG.error("unforeseen, at %s", scope["path"], exc_info=err)
            await problem(unforeseen())(scope, receive, send)
            return
        headers = [*_HEADERS, (b"content-length", b"%d" % len(said.body))]
        if said.location:
            headers.append((b"location", said.location.encode()))
        await send({"type": "http.response.start", "status": said.status, "headers": headers})
        await send({"type": "http.response.body", "body": said.body})

    return through


async def turned_away(site: Site, scope: Scope, send: Send) -> bool:
    """Tell who comes when there is no room to come again, before anything else is done for them.

    So that those who send too much cannot take the time of those who are let in. True where it was
    told; the refusal is heard, without a name.
    """
    if not site.guard.full:
        return False
    err = TooMany(
        "access.busy",
        "expected room for a request, found too many under way",
        hint="Nothing was stored: send it again after the pause that was told.",
    )
    client = scope.get("client")
    site.guard.note(err, None, client[0] if client else "", "")
    told = problem(err)
    headers = [*told.raw_headers, (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": told.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": bytes(told.body)})
    return True


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Unavailable("http.gone", "expected a body, found that its sender is gone")
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)
