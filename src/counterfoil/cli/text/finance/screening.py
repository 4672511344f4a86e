"""Text of `ops.finance.screening`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, or_nothing, plain
from counterfoil.ops.finance.screening import RescreenedName, ScreenedName

if TYPE_CHECKING:
    from counterfoil.apps.finance.names.screening import Hit

__all__ = ["rescreen", "screen"]


def screen(rows: Iterable[ScreenedName], paint: Paint) -> Iterator[str]:
    """Show each name, and whom it may be."""
    yield from or_nothing(_screen(rows, paint), "no names")


def _screen(rows: Iterable[ScreenedName], paint: Paint) -> Iterator[str]:
    for one in rows:
        found = one.found
        word = {"hit": paint.bad("hit"), "clear": paint.good("clear")}.get(found.outcome, "no name")
        where = "" if one.record is None else f"  entry {one.record.index}"
        yield f"{word}  {paint.strong(plain(found.query.name))}{paint.quiet(where)}"
        for hit in found.hits:
            yield from _hit(hit, paint)
        if found.more:
            yield paint.quiet(f"  and {found.more} more")


def rescreen(rows: Iterable[RescreenedName], paint: Paint) -> Iterator[str]:
    """Show the names of which hits came or went."""
    yield from or_nothing(_rescreen(rows, paint), "nothing changed")


def _rescreen(rows: Iterable[RescreenedName], paint: Paint) -> Iterator[str]:
    for row in rows:
        one = row.found
        where = "" if one.record is None else f", now entry {one.record.index}"
        name = paint.strong(plain(one.query.name))
        yield f"{one.outcome}  {name}{paint.quiet(f'  entry {one.former}{where}')}"
        for hit in one.added:
            yield f"  {paint.bad('came')}  {hit.score:.4f}  {plain(hit.entry.name)}"
        for entry in one.removed:
            yield f"  {paint.good('went')}  id {plain(entry)}"


def _hit(hit: Hit, paint: Paint) -> Iterator[str]:
    alias = "" if hit.name == hit.entry.name else f", as {hit.name}"
    yield f"  {hit.score:.4f}  {plain(hit.entry.name)}{plain(alias)}"
    listed = f"id {hit.entry.id} on {hit.version.form} {brief(hit.version.digest)}"
    yield f"          {paint.quiet(plain(listed))}"
    for why in hit.why:
        yield f"          {paint.quiet(plain(why))}"
