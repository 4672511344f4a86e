"""Sign in with an organisation's own identity provider (OpenID Connect).

The browser leaves for the provider and comes back with a code, which this node exchanges by itself.
Providers are asked by threads of their own: one that dawdles holds up nobody who has a key. This
module refuses to follow anything in the answer but its state and its code.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterfoil.errors import CounterfoilError, NotFound, Unauthenticated
from counterfoil.http.endpoint import ANYBODY, Endpoint
from counterfoil.http.guarding import address_of
from counterfoil.http.signed_in import NEVER_KEPT, begun, form_page, safe_next, set_cookie
from counterfoil.http.site import Site

if TYPE_CHECKING:
    from counterfoil.access.oidc import SigningIn

__all__ = ["endpoints"]

_ATTEMPT_S: Final = 600
_AT_ONCE: Final = 4
_BACK: Final = "/signin/back"


def endpoints(site: Site) -> list[Endpoint]:
    """List the paths of leaving for a provider and of coming back."""
    hands = ThreadPoolExecutor(_AT_ONCE, "sign-in")

    async def with_issuer(request: Request) -> Response:
        place = safe_next(request.query_params.get("next", ""))
        try:
            begin = partial(
                _signing_in(site).begin, request.path_params["name"], _back(site), place
            )
            attempt = await asyncio.get_running_loop().run_in_executor(hands, begin)
        except CounterfoilError as err:
            return form_page(site, request, place, err)
        response = RedirectResponse(attempt.url, 303, NEVER_KEPT)
        set_cookie(site, response, attempt.cookie, _ATTEMPT_S, _attempt_cookie(site))
        return response

    async def back(request: Request) -> Response:
        asked, brought = request.query_params, request.cookies.get(_attempt_cookie(site), "")
        finish = partial(
            _signing_in(site).finish,
            asked.get("state", ""),
            asked.get("code", ""),
            brought,
            issuer=asked.get("iss"),
        )
        try:
            found, place = await asyncio.get_running_loop().run_in_executor(hands, finish)
        except CounterfoilError as err:
            if isinstance(err, Unauthenticated):
                failed = site.guard.failed(err, address_of(request))
            else:
                site.guard.note(err, None, address_of(request), "signin")
                failed = err
            return form_page(site, request, "/", failed)
        response = await begun(site, request, found, place)
        set_cookie(site, response, "", 0, _attempt_cookie(site))
        return response

    return [
        Endpoint("GET", "/signin/with/{name}", ANYBODY, with_issuer, "page"),
        Endpoint("GET", _BACK, ANYBODY, back, "page"),
    ]


def _signing_in(site: Site) -> SigningIn:
    found = site.guard.signing_in
    if found is None:
        raise NotFound(
            "access.issuer-unknown",
            "expected somebody to sign in with, found nobody named in access.toml",
            hint="Sign in with a key.",
        )
    return found


def _back(site: Site) -> str:
    return f"{site.settings.url}{_BACK}"


def _attempt_cookie(site: Site) -> str:
    return "__Host-counterfoil-signin" if site.settings.https else "counterfoil-signin"
