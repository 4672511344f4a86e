"""What a ledger answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Recorded", "RecordedMany"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record that is durable.

    index: its place in the log. leaf: its leaf hash, 64 hexadecimal digits. source, number: its
    place in its series. duplicate: it was in the log before; this is the first one's place.
    """

    index: int
    leaf: str
    source: str
    number: int
    duplicate: bool = False

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "index": self.index,
            "leaf": self.leaf,
            "source": self.source,
            "number": self.number,
            "duplicate": self.duplicate,
        }


@dataclass(frozen=True, slots=True)
class RecordedMany:
    """Records that are durable.

    source, first, count: their series, the first one's number and how many. new: how many of them
    were not in the log before. size: of the log after them. indices: of each, in order.
    """

    source: str
    first: int
    count: int
    new: int
    size: int
    indices: tuple[int, ...]
