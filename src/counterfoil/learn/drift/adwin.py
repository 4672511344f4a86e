"""ADWIN: a window over a stream that shrinks when its older part has another mean.

Values are kept in buckets of exponentially growing size, so that a window of `n` values takes
memory and time of order log n. This module refuses to name a moment: it says that the mean has
moved, and how many values are left of the new one.

Source: Bifet and Gavaldà, Learning from time-changing data with adaptive windowing, SDM 2007
(ADWIN2, with the normal-approximation bound of its section 3.2).
"""

from __future__ import annotations

from math import isfinite, log, sqrt
from typing import Final

import msgspec

from counterfoil.errors import InputError

__all__ = ["Adwin"]

_BUCKETS: Final = 5  # of one size; a sixth merges the two oldest
_EVERY: Final = 8  # values between two looks for a cut
_LEAST: Final = 10  # values on either side of a cut


class _Bucket(msgspec.Struct):
    """Values taken together. count; total: their sum; spread: sum of squares about their mean."""

    count: int
    total: float
    spread: float

    def joined(self, other: _Bucket) -> _Bucket:
        """Take two buckets together (Chan, Golub and LeVeque, 1979)."""
        count = self.count + other.count
        apart = self.total / self.count - other.total / other.count
        between = apart * apart * self.count * other.count / count
        return _Bucket(count, self.total + other.total, self.spread + other.spread + between)


class Adwin(msgspec.Struct):
    """An adaptive window. confidence: chance of a false alarm at one look, in (0, 1).

    It is saved by `msgspec.json`: all that it knows are its fields.
    """

    confidence: float = 0.002
    rows: list[list[_Bucket]] = msgspec.field(default_factory=list)
    seen: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise InputError(
                "learn.confidence",
                f"expected a confidence between 0 and 1, found {self.confidence}",
                hint="0.002 is usual: smaller means fewer false alarms, and later ones.",
            )

    @property
    def width(self) -> int:
        """How many of the last values share a mean, as far as can be told."""
        return sum(bucket.count for row in self.rows for bucket in row)

    @property
    def mean(self) -> float:
        """The mean of the window; 0 when it is empty."""
        width = self.width
        return sum(bucket.total for row in self.rows for bucket in row) / width if width else 0.0

    def add(self, value: float) -> bool:
        """Learn a value, and say whether the mean has moved; the old part is forgotten then.

        Raises InputError with code learn.value for one that is not finite.
        """
        if not isfinite(value):
            raise InputError(
                "learn.value",
                f"expected a finite number, found {value}",
                hint="Leave out what was not measured.",
            )
        self.seen += 1
        self._insert(_Bucket(1, value, 0.0))
        moved = False
        while self.seen % _EVERY == 0 and self._differs():
            self._forget()
            moved = True
        return moved

    def _insert(self, bucket: _Bucket) -> None:
        """Add at the newest end; row i holds buckets of 2**i values, oldest first."""
        for level in range(len(self.rows) + 1):
            if level == len(self.rows):
                self.rows.append([])
            row = self.rows[level]
            row.append(bucket)
            if len(row) <= _BUCKETS:
                return
            bucket = row.pop(0).joined(row.pop(0))

    def _differs(self) -> bool:
        ordered = [bucket for row in reversed(self.rows) for bucket in row]
        if not ordered:
            return False
        whole = ordered[0]
        for bucket in ordered[1:]:
            whole = whole.joined(bucket)
        width = whole.count
        if width < 2 * _LEAST:
            return False
        variance = whole.spread / width
        bound = log(2 * log(width) / self.confidence)
        old, total = 0, 0.0
        for bucket in ordered[:-1]:
            old, total = old + bucket.count, total + bucket.total
            new = width - old
            if old < _LEAST or new < _LEAST:
                continue
            inverse = 1 / (old - _LEAST + 1) + 1 / (new - _LEAST + 1)
            cut = sqrt(2 * inverse * variance * bound) + 2 / 3 * inverse * bound * sqrt(variance)
            if abs(total / old - (whole.total - total) / new) > cut:
                return True
        return False

    def _forget(self) -> None:
        """Drop the oldest bucket."""
        self.rows[-1].pop(0)
        while self.rows and not self.rows[-1]:
            self.rows.pop()
