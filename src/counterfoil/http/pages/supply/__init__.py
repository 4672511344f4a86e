"""Pages of the supply app: what happened to goods, where they are, what is doubted and foreseen."""

from __future__ import annotations

from typing import Final

from counterfoil.http.pages.page import Action, Page
from counterfoil.http.pages.supply import (
    doubted,
    foreseen,
    orders,
    overview,
    places,
    recalled,
    things,
)

__all__ = ["PAGES"]

PAGES: Final[tuple[Page | Action, ...]] = (
    *overview.PAGES,
    *things.PAGES,
    *recalled.PAGES,
    *places.PAGES,
    *doubted.PAGES,
    *foreseen.PAGES,
    *orders.PAGES,
)
"""In the order of their menu."""
