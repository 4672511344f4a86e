"""The parts of a history in which goods spoiled at much the same pace, for people to look at.

A new stretch begins where the pace becomes more than 1.6 times as fast, or as slow, as in the
stretch so far; what is shorter than half an hour, such as an open door, stays with what was before.
This module refuses to leave out a part: together they are the whole history.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["Piece", "Stretch", "stretches_of"]

_HOUR_MS: Final = 3_600_000
_SHORT_MS: Final = _HOUR_MS // 2
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


@dataclass(slots=True)
class _Run:
    """Pieces together. warmth: degrees C times ms."""

    from_ms: int
    until_ms: int
    warmth: float
    share: float

    def add(self, other: _Run) -> None:
        self.until_ms = other.until_ms
        self.warmth += other.warmth
        self.share += other.share

    @property
    def lasts(self) -> int:
        return self.until_ms - self.from_ms

    def differs(self, other: _Run) -> bool:
        paces = (max(one.share / one.lasts, 1e-30) for one in (self, other))
        first, second = paces
        return abs(math.log(first / second)) > _OTHER_PACE


def stretches_of(pieces: Iterable[Piece], stored: float) -> Iterator[Stretch]:
    """Join pieces into stretches, in time. stored: the rate of proper storage, 1/h."""
    done: _Run | None = None
    run: _Run | None = None
    for piece in pieces:
        lasts = piece.until_ms - piece.from_ms
        one = _Run(piece.from_ms, piece.until_ms, piece.celsius * lasts, piece.share)
        if run is not None and run.until_ms == one.from_ms and not run.differs(one):
            run.add(one)
            continue
        if run is not None:
            if done is not None and done.until_ms == run.from_ms and _belongs(done, run):
                done.add(run)
            else:
                if done is not None:
                    yield _told(done, stored)
                done = run
        run = one
    for last in (done, run):
        if last is not None:
            yield _told(last, stored)


def _belongs(before: _Run, run: _Run) -> bool:
    """Tell whether a run is only a moment of, or goes on like, what was before."""
    return run.lasts < _SHORT_MS or not before.differs(run)


def _told(run: _Run, stored: float) -> Stretch:
    excess = run.share - stored * run.lasts / _HOUR_MS
    return Stretch(run.from_ms, run.until_ms, round(run.warmth / run.lasts, 2), run.share, excess)
