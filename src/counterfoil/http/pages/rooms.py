"""Load pages that need more than the node itself: without it, one page says what to install.

So that a node starts with the extra `node` alone. This module refuses to hide any other failure.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from counterfoil.errors import Unavailable
from counterfoil.extras import brings
from counterfoil.http.pages.page import Action, Asked, Page
from counterfoil.http.site import Site

__all__ = ["pages_of"]

_HERE: Final = "counterfoil.http.pages"


def pages_of(room: str, path: str, title: str, nav: str, extra: str) -> tuple[Page | Action, ...]:
    """Give the pages of a room, or one in their place that tells which extra is missing.

    room: module of this package, with `PAGES`. path, title, nav: of its first page. extra: which
    brings what it imports.
    """
    try:
        with brings(extra):
            found: tuple[Page | Action, ...] = import_module(f"{_HERE}.{room}").PAGES
    except Unavailable as err:
        if err.code != "extra.missing":
            raise
        return (_stand_in(err, path, title, nav),)
    return found


def _stand_in(err: Unavailable, path: str, title: str, nav: str) -> Page:
    missing = err.renewed()  # without what was being imported

    def facts(_site: Site, _asked: Asked) -> dict[str, Any]:
        raise missing.renewed()

    return Page(path, title, facts, "failure.html", nav=nav)
