"""Text of `ops.supply.places`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import counted, or_nothing, plain
from counterfoil.ops.supply.places import KnownPlaces, Named

__all__ = ["know_places", "list_names"]


def know_places(found: KnownPlaces, paint: Paint) -> Iterator[str]:
    """Tell what is known now."""
    yield (
        f"{paint.good('recorded')} {counted(found.new, 'place')}; {found.known} known, "
        f"{found.located} of them with coordinates"
    )


def list_names(found: Iterable[Named], paint: Paint) -> Iterator[str]:
    """List names with coordinates and who says so."""
    yield from or_nothing((_line(one, paint) for one in found), "nobody said such a name yet")


def _line(one: Named, paint: Paint) -> str:
    where = "" if one.latitude is None else f"  {one.latitude:g}, {one.longitude:g}"
    whose = f", taken over from {plain(one.origin)}" if one.origin else ""
    called = paint.strong(plain(one.called) or "no name")
    return f"{called}  {plain(one.thing)}{where}  {paint.quiet(f'entry {one.entry}{whose}')}"
