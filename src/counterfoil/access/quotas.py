"""Count records against a key's daily quota, exactly, and across restarts.

Some are taken from the file ahead of use, so that a request costs no sync of the disk; what is
left of them is given back when the node stops. After a crash they count as used, at most a
hundredth of the quota or 100: a quota is never exceeded. A day is one of UTC.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from counterfoil.access.book import AccessBook
from counterfoil.errors import TooMany, Unavailable
from counterfoil.ports import Clock

__all__ = ["Quotas"]

_DAY_MS: Final = 86_400_000
_AHEAD_LEAST: Final = 100
_AHEAD_MOST: Final = 10_000


@dataclass(slots=True)
class _Taken:
    """What was taken from the file for a key on a day, and is not used yet."""

    day: int
    left: int


class Quotas:
    """The quotas of the keys in a book. Safe for threads."""

    def __init__(self, book: AccessBook, clock: Clock) -> None:
        self._book, self._clock = book, clock
        self._taken: dict[str, _Taken] = {}
        self._lock = threading.Lock()

    def take(self, key_id: str, quota: int, records: int) -> None:
        """Use some of a key's quota for today, all of it or nothing.

        Raises TooMany with code access.quota, and as the book.
        """
        now = self._clock.now_ms()
        day = now // _DAY_MS
        with self._lock:
            taken = self._taken.get(key_id)
            if taken is None or taken.day != day:
                taken = self._taken[key_id] = _Taken(day, 0)
            if taken.left < records:
                taken.left += self._ahead(key_id, quota, day, records - taken.left, now)
            taken.left -= records

    def give_back(self, key_id: str, records: int) -> None:
        """Return what was taken today for records that were not stored."""
        with self._lock:
            taken = self._taken.get(key_id)
            if taken is not None and taken.day == self._clock.now_ms() // _DAY_MS:
                taken.left += records

    def used(self, key_id: str) -> int:
        """Tell how many records of today count as used."""
        day = self._clock.now_ms() // _DAY_MS
        with self._lock:
            taken = self._taken.get(key_id)
            left = taken.left if taken is not None and taken.day == day else 0
            return self._written(key_id, day) - left

    def close(self) -> None:
        """Give back what was taken ahead; without it, it would count as used."""
        with self._lock:
            held, self._taken = self._taken, {}
        with suppress(Unavailable), self._book.writing() as connection:
            connection.executemany(
                "UPDATE quota SET records = records - ? WHERE key = ? AND day = ?",
                [(one.left, key_id, one.day) for key_id, one in held.items()],
            )
            connection.execute(
                "DELETE FROM quota WHERE day < ?", (self._clock.now_ms() // _DAY_MS - 31,)
            )

    def _ahead(self, key_id: str, quota: int, day: int, needed: int, now_ms: int) -> int:
        """Take from the file, durably, before any of it is used."""
        with self._book.writing() as connection:
            query = "SELECT records FROM quota WHERE key = ? AND day = ?"
            row = connection.execute(query, (key_id, day)).fetchone()
            used = 0 if row is None else row[0]
            if used + needed > quota:
                raise TooMany(
                    "access.quota",
                    f"expected at most {quota} records of this key a day (UTC), found more",
                    hint="Try again tomorrow, or ask the node's operator for more.",
                    retry_after_s=((day + 1) * _DAY_MS - now_ms) / 1000,
                )
            chunk = min(_AHEAD_MOST, max(_AHEAD_LEAST, quota // 100))
            amount = min(quota - used, max(needed, chunk))
            connection.execute(
                "INSERT INTO quota VALUES (?, ?, ?) "
                "ON CONFLICT (key, day) DO UPDATE SET records = records + excluded.records",
                (key_id, day, amount),
            )
        return amount

    def _written(self, key_id: str, day: int) -> int:
        rows = self._book.rows("SELECT records FROM quota WHERE key = ? AND day = ?", key_id, day)
        return int(rows[0][0]) if rows else 0
