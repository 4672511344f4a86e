"""Serve style and scripts, by names that change when any of them does.

This module refuses every other path.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.errors import NotFound
from counterfoil.http.endpoint import ANYBODY, Endpoint
from counterfoil.http.pages.static_files import KINDS, static_files

__all__ = ["assets"]


def assets() -> Endpoint:
    """Make the path `/static/{stamp}/{name}`; the stamp only defeats old copies in caches."""
    known = static_files()

    async def answer(request: Request) -> Response:
        name = request.path_params["name"]
        data = known.get(name)
        if data is None:
            raise NotFound("http.path", "expected a file of this node's pages, found another name")
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(data, headers=headers, media_type=KINDS[f".{name.rpartition('.')[2]}"])

    return Endpoint("GET", "/static/{stamp}/{name:path}", ANYBODY, answer)
