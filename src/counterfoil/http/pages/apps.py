"""Apps that are installed: what each is for, what it brings, and its pages where it has some.

This module refuses to load an app.
"""

from __future__ import annotations

from typing import Any, Final

from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.site import Site
from counterfoil.ops import apps

__all__ = ["PAGES"]

_WITH_PAGES: Final = {
    "finance": "/apps/finance",
    "quant": "/apps/quant",
    "supply": "/apps/supply",
}


def _apps(_site: Site, _asked: Asked) -> dict[str, Any]:
    return {
        "apps": [{**one.to_json(), "page": _WITH_PAGES.get(one.name, "")} for one in apps.listing()]
    }


PAGES: Final = (Page("/apps", "Apps", _apps, "apps.html", nav="apps", rows="apps", words=("app",)),)
