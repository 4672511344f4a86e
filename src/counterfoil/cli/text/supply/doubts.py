"""Text of `ops.supply.doubts`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.apps.supply.events.doubts import Doubt
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import or_nothing, plain

__all__ = ["check_events"]


def check_events(found: Iterable[Doubt], paint: Paint) -> Iterator[str]:
    """List doubts with the entries that they rest on."""
    lines = (
        f"{paint.bad(one.kind)}  {plain(one.thing)}  {plain(one.says)}  "
        f"{paint.quiet('entries ' + ', '.join(map(str, one.indices)))}"
        for one in found
    )
    yield from or_nothing(lines, "nothing is doubted")
