"""Text of `ops.supply.spoilage`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.apps.supply.predict.spoilage.deciding import Judged
from counterfoil.apps.supply.predict.spoilage.judging import Evaluated
from counterfoil.apps.supply.predict.spoilage.outcomes import CameOf
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import or_nothing, plain
from counterfoil.ops.supply.spoilage import KnownProduct

__all__ = ["came_of", "judge_spoilage", "list_products", "score_spoilage"]


def list_products(found: Iterable[KnownProduct], paint: Paint) -> Iterator[str]:
    """List products with their lives, then what is left out."""

    def lines() -> Iterator[str]:
        for one in found:
            if one.skipped:
                yield f"{paint.quiet('left out')}  {plain(one.name)}: {plain(one.skipped)}"
            else:
                lives = "; ".join(map(plain, one.lives))
                yield f"{paint.strong(plain(one.key))}  {plain(one.name)}  {lives}"

    yield from or_nothing(lines(), "no product")


def score_spoilage(found: Judged, paint: Paint) -> Iterator[str]:
    """Tell what was decided, and why."""
    painted = {"sell": paint.good, "discard": paint.bad}.get(found.outcome, paint.strong)
    yield (
        f"{painted(found.outcome)} {plain(found.thing)}  "
        f"{paint.quiet(f'entry {found.index}, too soon spoiled with {found.score:.1%}')}"
    )
    yield f"  {plain(found.note)}"


def came_of(found: CameOf, paint: Paint) -> Iterator[str]:
    """Tell what was recorded."""
    used = found.used_until if found.used_until is not None else found.used_from
    yield (
        f"{paint.good('recorded')} entry {found.index}: {found.state} {found.hours:.1f} h after "
        f"decision {found.decision}, when its table says {used or 0.0:.0%} of its life was used"
    )
    if found.assumed_h:
        yield f"  the last {found.assumed_h:.1f} h were not measured: taken to be as was supposed"


def judge_spoilage(found: Evaluated, paint: Paint) -> Iterator[str]:
    """Show the figures, one forecast a line."""
    yield (
        f"decisions: {found.decisions}, outcomes: {found.outcomes}, lots of which it is known when "
        f"they spoiled: {found.corrected.lots}"
    )
    named = (
        ("as decided", found.corrected),
        ("the table alone", found.table),
        ("the printed date", found.printed),
    )
    for name, one in named:
        band = (
            f"{one.coverage:.0%} within the band of 90 %, {one.width_h:.0f} h wide"
            if one.coverage is not None and one.width_h is not None
            else paint.quiet("no band")
        )
        yield f"  {name:<17} off by {one.mae_h:.1f} h on average (bias {one.bias_h:+.1f} h); {band}"
