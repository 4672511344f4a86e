"""Text of `ops.supply.places`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.ops.supply.places import KnownPlaces

__all__ = ["know_places"]


def know_places(found: KnownPlaces, paint: Paint) -> Iterator[str]:
    """Tell what is known now."""
    yield (
        f"{paint.good('recorded')} {found.new} places; {found.known} are known, "
        f"{found.located} of them with coordinates"
    )
