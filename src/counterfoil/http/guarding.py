"""How a request meets the guard: who asks, whether they may, and what a browser is told.

Everything passes here once. This module refuses to decide: `Guard` does.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from counterfoil.http.endpoint import Need
from counterfoil.http.site import Site
from counterfoil.ports.access import Principal

__all__ = ["SECURITY_HEADERS", "let_in", "recognise"]

SECURITY_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'none'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
"""Headers of every answer that says nothing else."""


def let_in(site: Site, request: Request, need: Need) -> Principal | None:
    """Tell who asks, once they may and there is room; it stands in `request.state.principal`, too.

    Raises as `Guard`.
    """
    found = recognise(site, request, need)
    if found is not None and need.role is not None:
        site.guard.admit(found, 0, 0, _address(request)).leave()
    return found


def recognise(site: Site, request: Request, need: Need) -> Principal | None:
    """Tell who asks, once they may; who calls it finds room for the request by itself.

    Raises as `Guard.identify` and `Guard.require`.
    """
    address = _address(request)
    found = site.guard.identify(request.headers, request.cookies, address)
    if need.role is not None:
        found = site.guard.require(found, need.role, need.words, address)
    request.state.principal = found
    return found


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
