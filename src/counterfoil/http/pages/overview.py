"""The first page: how large the ledger is, how it fares, and what came last."""

from __future__ import annotations

from typing import Any, Final

from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.site import Site

__all__ = ["PAGES"]

_LAST: Final = 10


def _facts(site: Site, _asked: Asked) -> dict[str, Any]:
    ledger = site.ledger
    size, at_ms = ledger.committed
    last = [one.to_json() for one in ledger.views(max(0, size - _LAST), size)]
    return {
        "size": size,
        "at_ms": at_ms,
        "organisation": ledger.config.organisation,
        "records": last[::-1],
        "status": site.status(),
    }


PAGES: Final = (Page("/", "Overview", _facts, "overview.html", nav="overview"),)
