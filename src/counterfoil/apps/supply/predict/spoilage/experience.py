"""What the outcomes on record teach of spoilage, read once and gone on with.

Several outcomes of one lot are one lesson: the narrowest that all of them leave. Lessons are taken
in the order in which they came, so that whoever reads the log learns the same. This module refuses
what was not known by the time that is asked about, and what was recorded later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from counterfoil.apps.supply.foreseen import Closed, outcomes_of
from counterfoil.apps.supply.predict.spoilage.correction import Learned
from counterfoil.apps.supply.predict.spoilage.products import product_of

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["Experience", "learned_from", "lessons_of"]


class Experience:
    """The outcomes of a ledger, for many decisions in a row: each is read once."""

    def __init__(self, ledger: Ledger, purpose: str) -> None:
        self._ledger, self._purpose = ledger, purpose
        self._closed: list[Closed] = []  # the newest first
        self._size = 0
        self._learned: Learned | None = None

    def learned(self, until_ms: int) -> tuple[Learned, int]:
        """Tell what was known by a time, Unix ms, and of how many entries of the log.

        What it gives is not to be taught any further.
        """
        self._catch_up()
        if any(one.known_ms > until_ms for one in self._closed):
            return _taught(one for one in self._closed if one.known_ms <= until_ms), self._size
        if self._learned is None:
            self._learned = _taught(self._closed)
        return self._learned, self._size

    def _catch_up(self) -> None:
        size = self._ledger.size
        new = []
        for one in outcomes_of(self._ledger, self._purpose):
            if one.index < self._size:
                break
            if one.index < size:
                new.append(one)
        if new:
            self._closed, self._learned = [*new, *self._closed], None
        self._size = size


def learned_from(ledger: Ledger, purpose: str, *, until_ms: int, before: int) -> Learned:
    """Learn from the outcomes that were known by a time and stand before an entry."""
    found = outcomes_of(ledger, purpose, until_ms=until_ms)
    return _taught(one for one in found if one.index < before)


def lessons_of(
    closed: Iterable[Closed],
) -> Iterator[tuple[Mapping[str, Any], float | None, float | None, float]]:
    """Give what each lot teaches: its decision's inputs, used_from, used_until and tilt."""
    lots: dict[Any, list[Closed]] = {}
    for one in closed:
        thing = one.inputs.get("thing")
        lot = one.decision if not thing else (thing, one.inputs["product"]["key"])
        lots.setdefault(lot, []).append(one)
    for several in sorted(lots.values(), key=lambda of: max(one.index for one in of)):
        lows = [one.measured["used_from"] for one in several if "used_from" in one.measured]
        highs = [one.measured["used_until"] for one in several if "used_until" in one.measured]
        last = max(several, key=lambda one: (one.known_ms, one.index))
        yield (
            last.inputs,
            max(lows, default=None),
            min(highs, default=None),
            last.measured.get("tilt", 0.0),
        )


def _taught(closed: Iterable[Closed]) -> Learned:
    learned = Learned()
    for said, low, high, tilt in lessons_of(closed):
        learned.observe(product_of(said["product"]), low, high, tilt)
    return learned
