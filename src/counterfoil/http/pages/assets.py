"""Serve style and scripts: the files of `static/`, by names that change when any of them does.

`drawing.css` is the style of the pictures, from `counterfoil.drawing`.

This module refuses every other path.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.drawing import STYLE
from counterfoil.errors import NotFound
from counterfoil.http.endpoint import ANYBODY, Endpoint
from counterfoil.http.pages.rendering import STATIC

__all__ = ["assets"]

_KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def assets() -> Endpoint:
    """Make the path `/static/{stamp}/{name}`; the stamp only defeats old copies in caches."""
    known = {
        str(path.relative_to(STATIC)): path.read_bytes()
        for path in STATIC.rglob("*")
        if path.suffix in _KINDS
    }
    known["drawing.css"] = STYLE.encode()

    async def answer(request: Request) -> Response:
        name = request.path_params["name"]
        data = known.get(name)
        if data is None:
            raise NotFound("http.path", "expected a file of this node's pages, found another name")
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(data, headers=headers, media_type=_KINDS[f".{name.rpartition('.')[2]}"])

    return Endpoint("GET", "/static/{stamp}/{name:path}", ANYBODY, answer)
