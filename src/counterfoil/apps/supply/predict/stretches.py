"""The parts of a history in which goods spoiled at much the same pace, for people to look at.

A new stretch begins where the pace becomes more than half as much again, or less, for longer than
a moment. This module refuses to leave out a part: together they are the whole history.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["Piece", "Stretch", "stretches_of"]

_HOUR_MS: Final = 3_600_000
_OTHER_PACE: Final = math.log(1.6)


@dataclass(frozen=True, slots=True)
class Piece:
    """From one reading to the next. celsius: the mean. share: of the life that it used."""

    from_ms: int
    until_ms: int
    celsius: float
    share: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time of much the same pace. mean_c: None where nobody measured.

    share: of the life that it used. excess: how much of that proper storage would have saved.
    """

    from_ms: int
    until_ms: int
    mean_c: float | None
    share: float
    excess: float

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.until_ms - self.from_ms) / _HOUR_MS


def stretches_of(pieces: Iterable[Piece], stored: float) -> Iterator[Stretch]:
    """Join pieces into stretches. stored: the rate of proper storage, 1/h."""
    run: list[Piece] = []
    for piece in pieces:
        if run and (piece.from_ms != run[-1].until_ms or _differs(run, piece)):
            yield _joined(run, stored)
            run = []
        run.append(piece)
    if run:
        yield _joined(run, stored)


def _differs(run: list[Piece], piece: Piece) -> bool:
    hours = sum(one.until_ms - one.from_ms for one in run)
    pace = sum(one.share for one in run) / hours
    now = piece.share / (piece.until_ms - piece.from_ms)
    return abs(math.log(max(now, 1e-30) / max(pace, 1e-30))) > _OTHER_PACE


def _joined(run: list[Piece], stored: float) -> Stretch:
    lasts = sum(one.until_ms - one.from_ms for one in run)
    warm = sum(one.celsius * (one.until_ms - one.from_ms) for one in run) / lasts
    share = sum(one.share for one in run)
    excess = share - stored * lasts / _HOUR_MS
    return Stretch(run[0].from_ms, run[-1].until_ms, round(warm, 2), share, excess)
