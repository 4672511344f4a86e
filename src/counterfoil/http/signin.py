"""Sign in and out with a browser: a key, or the sign-in of an organisation, becomes a session.

A session's id is made at each sign-in, so that nobody can be given one beforehand. Afterwards the
browser goes where it wanted to, on this node and nowhere else. This module refuses to say whether
a key was nearly right.
"""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterfoil.errors import CounterfoilError, TooMany
from counterfoil.http.endpoint import ANYBODY, Endpoint, Mounted
from counterfoil.http.guarding import address_of, check_form, cookie_name, session_of
from counterfoil.http.pages.rendering import render
from counterfoil.http.problems import problem_of
from counterfoil.http.site import Site
from counterfoil.ports.access import Principal

__all__ = ["endpoints", "safe_next"]

_PLACE: Final = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}", re.ASCII)  # all visible but \
_NEVER_KEPT: Final = {"cache-control": "no-store"}


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List the paths of signing in and out."""

    async def form(request: Request) -> Response:
        return _form(site, request, safe_next(request.query_params.get("next", "")))

    async def with_key(request: Request) -> Response:
        sent = await request.form(max_fields=8, max_files=0)
        place = safe_next(str(sent.get("next", "")))
        shown = {"authorization": f"Bearer {str(sent.get('key', '')).strip()}"}
        try:
            found = await asyncio.to_thread(site.guard.identify, shown, {}, address_of(request))
        except CounterfoilError as err:
            return _form(site, request, place, err)
        if found is None:  # pragma: no cover - a header was shown
            return _form(site, request, place)
        return await _begun(site, request, found, place)

    async def out(request: Request) -> Response:
        sent = await request.form(max_fields=8, max_files=0)
        check_form(site, request, str(sent.get("csrf", "")))
        session = session_of(site, request)
        if session:
            await asyncio.to_thread(site.guard.sessions.end, session)
        response = RedirectResponse("/signin", 303, _NEVER_KEPT)
        _set_cookie(site, response, "", 0)
        return response

    return [
        Endpoint("GET", "/signin", ANYBODY, form, "page"),
        Endpoint("POST", "/signin", ANYBODY, with_key, "page"),
        Endpoint("POST", "/signout", ANYBODY, out, "page"),
    ]


def safe_next(given: str) -> str:
    r"""Give the place to go to after signing in: a path of this node, else the overview.

    Browsers read `//` and `/\\` as another host, and drop tabs and line ends.

    >>> safe_next("/record/3?a=b"), safe_next("//evil.example"), safe_next("https://evil.example")
    ('/record/3?a=b', '/', '/')
    """
    return given if _PLACE.fullmatch(given) and not given.startswith("/sign") else "/"


async def _begun(site: Site, request: Request, found: Principal, place: str) -> Response:
    """Begin a session for somebody who was recognised, and go on."""
    sessions, old = site.guard.sessions, session_of(site, request)
    session = await asyncio.to_thread(sessions.begin, found)
    if old:
        await asyncio.to_thread(sessions.end, old)
    response = RedirectResponse(place, 303, _NEVER_KEPT)
    _set_cookie(site, response, session.text, sessions.seconds_left(session))
    return response


def _set_cookie(site: Site, response: Response, value: str, seconds: int) -> None:
    response.set_cookie(
        cookie_name(site),
        value,
        max_age=seconds,
        path="/",
        secure=site.settings.https,
        httponly=True,
        samesite="lax",
    )


def _form(
    site: Site, request: Request, place: str, err: CounterfoilError | None = None
) -> Response:
    facts: dict[str, Any] = {
        "title": "Sign in",
        "nav": "",
        "as_data": [],
        "next": place,
        "problem": None if err is None else problem_of(err),
    }
    headers = dict(_NEVER_KEPT)
    if isinstance(err, TooMany):
        headers["retry-after"] = str(math.ceil(err.retry_after_s))
    status = 200 if err is None else err.http_status
    return Response(render(site, "signin.html", facts, request), status, headers, "text/html")
