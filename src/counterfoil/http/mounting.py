"""Serve a whole ASGI application below a path, behind the guard.

This module refuses to look into what is served.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from counterfoil.errors import CounterfoilError
from counterfoil.http.endpoint import Mounted
from counterfoil.http.guarding import let_in
from counterfoil.http.problems import problem
from counterfoil.http.site import Site

__all__ = ["MountedRoute"]


class MountedRoute(BaseRoute):
    """A route to one `Mounted` application."""

    def __init__(self, site: Site, mounted: Mounted) -> None:
        self._site, self._mounted = site, mounted

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is meant for it."""
        path: str = scope["path"]
        prefix = self._mounted.path
        meant = scope["type"] == "http" and (
            (bool(prefix) and (path == prefix or path.startswith(f"{prefix}/")))
            or any(path == one or path.startswith(f"{one}/") for one in self._mounted.below)
        )
        return (Match.FULL, {}) if meant else (Match.NONE, {})

    def url_path_for(self, name: str, /, **_: Any) -> Any:
        """Refuse: nothing here has a name."""
        raise LookupError(name)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or say why not."""
        request = Request(scope, receive)
        try:
            let_in(self._site, request, self._mounted.need)
        except CounterfoilError as err:
            await problem(err)(scope, receive, send)
            return
        prefix = self._mounted.path
        inner = dict(scope)
        if prefix:
            inner["path"] = scope["path"][len(prefix) :] or "/"
        await self._mounted.app(inner, receive, send)
