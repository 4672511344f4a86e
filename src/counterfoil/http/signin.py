"""Sign in and out with a browser: by a key, or by a link that counts once.

With an organisation's own sign-in: `http.signin_with`. This module refuses to say whether a key was
nearly right.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterfoil.errors import CounterfoilError, Unauthenticated
from counterfoil.http import signin_with
from counterfoil.http.bodies import read_form
from counterfoil.http.endpoint import ANYBODY, Endpoint, Mounted
from counterfoil.http.guarding import address_of, check_form, session_of
from counterfoil.http.signed_in import NEVER_KEPT, begun, form_page, safe_next, set_cookie
from counterfoil.http.site import Site

__all__ = ["endpoints"]


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List the paths of signing in and out."""

    async def form(request: Request) -> Response:
        return form_page(site, request, safe_next(request.query_params.get("next", "")))

    async def with_key(request: Request) -> Response:
        sent = await read_form(request, max_fields=8)
        place = safe_next(str(sent.get("next", "")))
        shown = {"authorization": f"Bearer {str(sent.get('key', '')).strip()}"}
        try:
            found = await asyncio.to_thread(site.guard.identify, shown, {}, address_of(request))
        except CounterfoilError as err:
            return form_page(site, request, place, err)
        if found is None:  # pragma: no cover - a header was shown
            return form_page(site, request, place)
        return await begun(site, request, found, place)

    async def invited(request: Request) -> Response:
        try:
            found = await asyncio.to_thread(
                site.guard.invitations.take, request.path_params["once"]
            )
        except Unauthenticated as err:
            return form_page(site, request, "/", site.guard.failed(err, address_of(request)))
        return await begun(site, request, found, "/")

    async def out(request: Request) -> Response:
        sent = await read_form(request, max_fields=8)
        check_form(site, request, str(sent.get("csrf", "")))
        session = session_of(site, request)
        if session:
            await asyncio.to_thread(site.guard.sessions.end, session)
        response = RedirectResponse("/signin", 303, NEVER_KEPT)
        set_cookie(site, response, "", 0)
        return response

    return [
        Endpoint("GET", "/signin", ANYBODY, form, "page"),
        Endpoint("POST", "/signin", ANYBODY, with_key, "page"),
        *signin_with.endpoints(site),
        Endpoint("GET", "/signin/{once}", ANYBODY, invited, "page"),
        Endpoint("POST", "/signout", ANYBODY, out, "page"),
    ]
