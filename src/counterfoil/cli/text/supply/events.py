"""Text of `ops.supply.events`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import or_nothing, plain
from counterfoil.ops.supply.events import Hashed

__all__ = ["hash_events"]


def hash_events(found: Iterable[Hashed], paint: Paint) -> Iterator[str]:
    """List the names of events; and what was hashed, where it was asked for."""

    def lines() -> Iterator[str]:
        for one in found:
            yield f"{one.hash}  {paint.quiet(plain(one.type))}"
            if one.prehash is not None:
                yield f"  {plain(one.prehash)}"

    yield from or_nothing(lines(), "no events")
