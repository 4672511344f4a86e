"""Number an issuer's statements without gaps: a refused statement gives its number back."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from typing import Final

from counterfoil.errors import InputError
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["HOLES_WITHIN", "Numbering", "check_place"]

HOLES_WITHIN: Final = 256
"""How far below the next number a hole is looked for when a source is first used."""

_SOURCE: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}")


class Numbering:
    """The next numbers of an issuer's sources; safe for threads.

    next_number: tells the number after the highest that is recorded for a source. holes: tells
    which numbers below a source's next one it should have and lacks: they were given back, and
    the process ended before they were taken again.
    """

    def __init__(
        self,
        next_number: Callable[[str], int],
        holes: Callable[[str, int], Iterable[int]],
    ) -> None:
        self._next_number, self._holes = next_number, holes
        self._lock = threading.Lock()  # its own: answers of the log come while the door is held
        self._next: dict[str, int] = {}
        self._returned: dict[str, list[int]] = {}  # ascending, and below the next

    def take(self, source: str, count: int = 1) -> int:
        """Take `count` numbers in a row and return the first."""
        with self._lock:
            if source not in self._next:
                below = self._next_number(source)
                self._returned[source] = sorted(self._holes(source, below))
                self._next[source] = below
            returned = self._returned[source]
            if count == 1 and returned:
                return returned.pop(0)
            first = self._next[source]
            self._next[source] = first + count
            return first

    def use(self, source: str, first: int, count: int = 1) -> None:
        """Hear of numbers that somebody chose, so that they are not given out as well."""
        with self._lock:
            if source in self._next:
                end = first + count
                self._next[source] = max(self._next[source], end)
                kept = [n for n in self._returned[source] if not first <= n < end]
                self._returned[source] = kept

    def give_back(self, source: str, first: int, count: int = 1) -> None:
        """Return numbers that were taken, and whose statements were refused."""
        with self._lock:
            returned = sorted([*self._returned[source], *range(first, first + count)])
            while returned and returned[-1] == self._next[source] - 1:
                self._next[source] = returned.pop()
            self._returned[source] = returned


def check_place(source: object, number: object, count: int = 1) -> None:
    """Check a source's name and, unless it is None, the number of the first of `count` statements.

    The same rules as the header's in `formats.predicates`, before anything is signed.
    Raises InputError with code record.source or record.number.
    """
    if not isinstance(source, str) or not _SOURCE.fullmatch(source):
        raise InputError(
            "record.source",
            "expected a source of 1 to 255 characters without control characters, "
            f"found {str(source)[:80]!a}",
            hint="Name the series that the record is numbered in, for example orders-2026.",
        )
    if number is None:
        return
    if type(number) is not int or not 0 <= number <= MAX_SAFE_INTEGER + 1 - count:
        raise InputError(
            "record.number",
            f"expected numbers from 0 to 2^53 - 1, found {count} from {str(number)[:40]!a}",
            hint="Number the statements of a source from 0, each once.",
        )
