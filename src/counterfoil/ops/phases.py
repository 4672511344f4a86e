"""Turn what the ledger tells of its long work into what shells show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from counterfoil.ports import Progress

__all__ = ["told"]

_UNITS: Final = {
    "audit": "entries audited",
    "index": "entries indexed",
    "payloads": "payloads copied",
    "restore": "tiles restored",
    "tiles": "tiles copied",
}


def told(progress: Progress) -> Callable[[str, int, int], None]:
    """Make the callback that a ledger's work calls with (phase, done, total)."""

    def tell(phase: str, done: int, total: int) -> None:
        progress(done, total, _UNITS.get(phase, phase))

    return tell
