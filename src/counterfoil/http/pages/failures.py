"""Tell an error to a person: what was expected, what came, what to do, and where to go.

Who is not signed in is led to sign in, and back. This module refuses to tell more than the error
does.
"""

from __future__ import annotations

import math
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterfoil.errors import CounterfoilError, TooMany, Unauthenticated
from counterfoil.http.pages.rendering import render
from counterfoil.http.problems import problem_of
from counterfoil.http.site import Site

__all__ = ["failure_page"]

_TITLES: Final = {
    400: "That cannot be read",
    403: "Not allowed",
    404: "Nothing is here",
    405: "Not asked this way",
    409: "It changed meanwhile",
    422: "It does not verify",
    429: "Too many at once",
    503: "Not now",
}


def failure_page(site: Site, request: Request, err: CounterfoilError) -> Response:
    """Show an error as a page; lead to the sign-in where a key is missing."""
    if isinstance(err, Unauthenticated) and request.method == "GET":
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/signin?{urlencode({'next': back})}", 303)
    facts = {
        "title": _TITLES.get(err.http_status, "Something went wrong"),
        "nav": "",
        "problem": problem_of(err),
        "as_data": [],
    }
    headers = {"cache-control": "no-store"}
    if isinstance(err, TooMany):
        headers["retry-after"] = str(max(1, math.ceil(err.retry_after_s)))
    body = render(site, "failure.html", facts, request)
    return Response(body, err.http_status, headers, "text/html")
