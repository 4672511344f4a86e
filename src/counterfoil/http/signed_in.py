"""What all ways of signing in share: the page that asks, the session that begins, and its cookie.

A session's id is made at each sign-in, so that nobody can be given one beforehand. Afterwards the
browser goes where it wanted to, on this node and nowhere else. This module refuses to check who
somebody is.
"""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterfoil.errors import CounterfoilError, TooMany
from counterfoil.http.guarding import cookie_name, session_of
from counterfoil.http.pages.rendering import render
from counterfoil.http.problems import problem_of
from counterfoil.http.site import Site
from counterfoil.ports.access import Principal

__all__ = ["NEVER_KEPT", "begun", "form_page", "safe_next", "set_cookie"]

_PLACE: Final = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}", re.ASCII)  # all visible but \
NEVER_KEPT: Final = {"cache-control": "no-store"}
"""Headers of an answer that no cache may keep."""


def safe_next(given: str) -> str:
    r"""Give the place to go to after signing in: a path of this node, else the overview.

    Browsers read `//` and `/\\` as another host, and drop tabs and line ends.

    >>> safe_next("/record/3?a=b"), safe_next("//evil.example"), safe_next("https://evil.example")
    ('/record/3?a=b', '/', '/')
    """
    return given if _PLACE.fullmatch(given) and not given.startswith("/sign") else "/"


async def begun(site: Site, request: Request, found: Principal, place: str) -> Response:
    """Begin a session for somebody who was recognised, and go on."""
    sessions, old = site.guard.sessions, session_of(site, request)
    session = await asyncio.to_thread(sessions.begin, found)
    if old:
        await asyncio.to_thread(sessions.end, old)
    response = RedirectResponse(place, 303, NEVER_KEPT)
    set_cookie(site, response, session.text, sessions.seconds_left(session))
    return response


def set_cookie(
    site: Site, response: Response, value: str, seconds: int, name: str | None = None
) -> None:
    """Set a cookie that no script reads, for so many seconds; the session's where none is named.

    It is sent along when somebody follows a link to here, and with nothing else that comes from
    another site.
    """
    response.set_cookie(
        name or cookie_name(site),
        value,
        max_age=seconds,
        path="/",
        secure=site.settings.https,
        httponly=True,
        samesite="lax",
    )


def form_page(
    site: Site, request: Request, place: str, err: CounterfoilError | None = None
) -> Response:
    """Show the page that asks who somebody is. place: where to go then. err: of the last try."""
    facts: dict[str, Any] = {
        "title": "Sign in",
        "nav": "",
        "as_data": [],
        "next": place,
        "issuers": [] if site.guard.signing_in is None else site.guard.signing_in.names(),
        "problem": None if err is None else problem_of(err),
    }
    headers = dict(NEVER_KEPT)
    if isinstance(err, TooMany):
        headers["retry-after"] = str(math.ceil(err.retry_after_s))
    status = 200 if err is None else err.http_status
    return Response(render(site, "signin.html", facts, request), status, headers, "text/html")
