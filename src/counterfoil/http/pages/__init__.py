"""Pages for people: rendered here, whole without JavaScript, and each also as data."""

from __future__ import annotations

from typing import Final

from counterfoil.http.endpoint import Endpoint, Mounted
from counterfoil.http.pages import (
    access,
    apps,
    checkpoints,
    explained,
    find,
    lineage,
    models,
    operations,
    overview,
    record,
    records,
    verify,
    watch,
)
from counterfoil.http.pages.assets import assets
from counterfoil.http.pages.downloads import downloads
from counterfoil.http.pages.page import Action, Page, action_endpoint, page_endpoints
from counterfoil.http.pages.rooms import pages_of
from counterfoil.http.site import Site

__all__ = ["PAGES", "endpoints"]

PAGES: Final[tuple[Page | Action, ...]] = (
    *overview.PAGES,
    *records.PAGES,
    *record.PAGES,
    *explained.PAGES,
    *checkpoints.PAGES,
    *lineage.PAGES,
    *models.PAGES,
    *find.PAGES,
    *watch.PAGES,
    *pages_of("contracts", "/contracts", "Contracts", "contracts", "chain"),
    *apps.PAGES,
    *pages_of("finance", "/apps/finance", "Finance", "finance", "chain,finance"),
    *pages_of("supply", "/apps/supply", "Supply chain", "apps", "supply"),
    *pages_of("quant", "/apps/quant", "Track records", "apps", "quant"),
    *operations.PAGES,
    *access.PAGES,
    *verify.PAGES,
)
"""Every page and every form's target, in the order in which people meet them."""


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List the pages' paths, what their forms do, and their style and scripts."""
    found: list[Endpoint | Mounted] = [assets(), *downloads(site), verify.verifying(site)]
    for one in PAGES:
        if isinstance(one, Action):
            found.append(action_endpoint(site, one))
        else:
            found.extend(page_endpoints(site, one))
    return found
