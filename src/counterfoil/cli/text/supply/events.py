"""Text of `ops.supply.events`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.apps.supply.events.capture import Captured
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import counted, or_nothing, plain
from counterfoil.ops.supply.events import Hashed

__all__ = ["capture_events", "hash_events"]


def hash_events(found: Iterable[Hashed], paint: Paint) -> Iterator[str]:
    """List the names of events; and what was hashed, where it was asked for."""

    def lines() -> Iterator[str]:
        for one in found:
            yield f"{one.hash}  {paint.quiet(plain(one.type))}"
            if one.prehash is not None:
                yield f"  {plain(one.prehash)}"

    yield from or_nothing(lines(), "no events")


def capture_events(found: Captured, paint: Paint) -> Iterator[str]:
    """Tell what was recorded, and what was wrong."""
    right = [at for at in found.indices if at is not None]
    there = len(right) - found.new
    yield (
        f"{paint.good('recorded')} {counted(found.new, 'event')}, "
        f"{there} {'was' if there == 1 else 'were'} there before"
    )
    for name, index in zip(found.hashes, found.indices, strict=True):
        if index is not None:
            yield f"  entry {index}  {name}"
    if found.masters:
        yield f"  and what {len(found.masters)} places, products or parties are called"
    if found.receipts:
        folder = found.receipts[0].rpartition("/")[0] or "."
        yield f"  {len(found.receipts)} receipts in {plain(folder)}"
    for one in found.wrong:
        yield f"  event {one.at} was refused: {plain(one.message)} {paint.quiet(f'[{one.code}]')}"
