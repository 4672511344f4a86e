"""What a client answers where it is not the log's answer.

This module refuses to give a place in the log to what has none yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from counterfoil.errors import Unavailable

__all__ = ["SetAside", "Spooled"]


@dataclass(frozen=True, slots=True)
class Spooled:
    """Records that are durable on this machine and will be sent: the node was away.

    source, number: their series, and the first one's place there, which they keep. count: how many.
    """

    source: str
    number: int
    count: int = 1

    @property
    def spooled(self) -> bool:
        """True: it does not stand in the log yet."""
        return True

    @property
    def index(self) -> int:
        """Raise Unavailable with code remote.spooled: it has no place in the log yet."""
        raise self._waiting()

    @property
    def leaf(self) -> str:
        """Raise as `index`."""
        raise self._waiting()

    def to_json(self) -> dict[str, Any]:
        """Turn it into plain values."""
        return {
            "spooled": True,
            "source": self.source,
            "number": self.number,
            "count": self.count,
        }

    def _waiting(self) -> Unavailable:
        return Unavailable(
            "remote.spooled",
            f"expected number {self.number} of {self.source} to stand in the log, found that it "
            "waits in this machine's spool",
            hint="Call flush() once the node is back; then find it by its source and number.",
        )


@dataclass(frozen=True, slots=True)
class SetAside:
    """What the node refused for good after it was spooled; it is kept, and not sent again.

    source, number, count: as of `Spooled`. code, message: of the refusal. body: what was sent,
    JSON.
    """

    source: str
    number: int
    count: int
    code: str
    message: str
    body: bytes
