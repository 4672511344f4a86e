"""Why a lot is sold, hurried or discarded, in words: which hours cost most, and what is not known.

This module refuses to round a probability to never or always.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from counterfoil.apps.supply.predict.spoilage.correction import Correction
from counterfoil.apps.supply.predict.spoilage.products import Product
from counterfoil.apps.supply.predict.spoilage.shelf_life import Remaining
from counterfoil.apps.supply.predict.spoilage.stretches import Stretch

__all__ = ["contributions_of", "span_words", "words_of"]

_HOUR_MS: Final = 3_600_000
_PARTS: Final = 12
_NAMED: Final = 3
_TAUGHT: Final = 0.02


def words_of(
    product: Product,
    left: Remaining,
    learned: Correction | None,
    outcome: str,
    now: float,
    soon: float,
    within_h: float,
) -> str:
    """Say why. now, soon: probabilities that it is spoiled, and will be within so many hours."""
    lines = [
        f"{outcome.capitalize()}: {product.name} has used {left.used:.0%} of its life. At "
        f"{left.ahead_c:g} degrees C it keeps for another {left.expected_h:.0f} h (90 %: "
        f"{left.low_h:.0f} to {left.high_h:.0f} h); it is spoiled now with {_chance(now)}, and "
        f"within {within_h:g} h with {_chance(soon)}.",
        *_costs(left.costliest),
        *_gaps(left),
        *_taught(learned),
        *(f"Beware: {one}." for one in left.notes),
    ]
    return " ".join(lines)


def contributions_of(left: Remaining) -> dict[str, float]:
    """Tell which share of the life each stretch used: those with most by name, then the rest."""
    ordered = sorted(left.stretches, key=lambda one: -one.share)
    named: dict[str, float] = {}
    for one in sorted(ordered[:_PARTS], key=lambda one: one.from_ms):
        named[span_words(one)] = named.get(span_words(one), 0.0) + one.share
    rest = sum(one.share for one in ordered[_PARTS:])
    return named | ({"other hours": rest} if ordered[_PARTS:] else {})


def span_words(one: Stretch) -> str:
    """Name a stretch: when, how long, how warm."""
    warmth = "not measured" if one.mean_c is None else f"{one.mean_c:.1f} C"
    return f"{_when(one.from_ms)}, {one.hours:.1f} h, {warmth}"


def _costs(costliest: Iterable[Stretch]) -> list[str]:
    """Name what proper storage would have saved; where nothing, say that."""
    warm = [one for one in costliest if one.excess > 0.005][:_NAMED]
    if not warm:
        return ["No hour cost more than proper storage does."]
    parts = (
        f"{one.hours:.1f} h {_at(one.mean_c)} from {_when(one.from_ms)} UTC ({one.share:.0%} of "
        f"its life, {one.excess:.0%} more than properly stored)"
        for one in warm
    )
    return [f"What cost most: {'; '.join(parts)}."]


def _gaps(left: Remaining) -> list[str]:
    hours = sum(until - begin for begin, until in left.gaps) / _HOUR_MS
    if not hours:
        return []
    return [
        f"Nobody measured for {hours:.1f} h in {_many(len(left.gaps), 'gap')}: it has used "
        f"{left.used_low:.0%} to {left.used_high:.0%}, by how warm those were."
    ]


def _taught(learned: Correction | None) -> list[str]:
    if learned is None or not learned.of_all:
        return []
    if abs(learned.level) < _TAUGHT:
        words = "keeps as long as its table says"
    else:
        longer = 2.718281828459045**learned.level - 1
        words = (
            f"keeps {abs(longer):.0%} {'longer' if longer > 0 else 'shorter'} than its table says"
        )
    return [
        f"By {_many(learned.outcomes, 'outcome')} of this product and {learned.of_all} of all, it "
        f"{words}."
    ]


def _at(celsius: float | None) -> str:
    return "that nobody measured" if celsius is None else f"at {celsius:.1f} degrees C"


def _when(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _chance(share: float) -> str:
    if 0 < share < 0.01:
        return "less than 1 %"
    return "more than 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"
