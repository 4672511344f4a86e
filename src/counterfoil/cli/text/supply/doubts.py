"""Text of `ops.supply.doubts`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.apps.supply.events.doubts import Doubt
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import or_nothing, plain

__all__ = ["check_events"]


def check_events(found: Iterable[Doubt], paint: Paint) -> Iterator[str]:
    """List doubts with the entries that they rest on."""
    yield from or_nothing((_line(one, paint) for one in found), "nothing is doubted")


def _line(one: Doubt, paint: Paint) -> str:
    word = "entry" if len(one.indices) == 1 else "entries"
    entries = paint.quiet(f"{word} {', '.join(map(str, one.indices))}")
    return f"{paint.bad(one.kind)}  {plain(one.thing)}  {plain(one.says)}  {entries}"
