"""Name damage: what was expected at a place, and what was found there.

An audit goes on after damage and names all of it. The list is bounded, since a log can be all
damage; what no longer fits is counted. This module refuses to judge whether a finding is bad
enough: each one is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

__all__ = ["FINDINGS_MAX", "Finding", "Findings", "places"]

FINDINGS_MAX: Final = 1000
"""Most findings that are kept; the rest is counted."""

_RUNS_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be.

    code: stable, dotted, for example `audit.tile-changed`. place: a tile's path, a run of entries
    such as `entries 512 to 767`, or a table and row such as `database: head`. expected, found: in
    words.
    """

    code: str
    place: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.place}: expected {self.expected}, found {self.found} [{self.code}]"

    def to_json(self) -> dict[str, str]:
        """Turn it into what the command line and the API print."""
        return {
            "code": self.code,
            "place": self.place,
            "expected": self.expected,
            "found": self.found,
        }


class Findings:
    """A bounded list of findings. more: how many did not fit."""

    def __init__(self, limit: int = FINDINGS_MAX) -> None:
        self._limit = limit
        self._kept: list[Finding] = []
        self.more = 0

    def add(self, code: str, place: str, expected: str, found: str) -> None:
        """Take up a finding, or count it when the list is full."""
        if len(self._kept) < self._limit:
            self._kept.append(Finding(code, place, expected, found))
        else:
            self.more += 1

    def take(self, others: Findings) -> None:
        """Take up all findings of another list."""
        for finding in others.kept:
            self.add(finding.code, finding.place, finding.expected, finding.found)
        self.more += others.more

    @property
    def kept(self) -> tuple[Finding, ...]:
        """The findings, in the order in which they were made."""
        return tuple(self._kept)

    def __bool__(self) -> bool:
        return bool(self._kept)

    def __len__(self) -> int:
        return len(self._kept) + self.more


def places(indices: Iterable[int]) -> str:
    """Say which entries are meant: runs, at most four.

    indices: ascending, at least one.

    >>> places([3, 4, 5, 9])
    'entries 3 to 5, 9'
    """
    numbers = list(indices)
    breaks = [at for at, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1]
    runs = list(zip([0, *breaks], [*breaks, len(numbers)], strict=True))
    shown = [_run(numbers[start], numbers[end - 1]) for start, end in runs[:_RUNS_SHOWN]]
    rest = len(numbers) - sum(end - start for start, end in runs[:_RUNS_SHOWN])
    word = "entry" if len(numbers) == 1 else "entries"
    return f"{word} {', '.join(shown)}" + (f" and {rest} more" if rest else "")


def _run(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"
