"""The simplest pace: nothing waits longer than so many seconds, and no deadline is missed.

It looks at no price, and refuses to anchor when nothing waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from counterfoil.ports import Choice, Waiting

__all__ = ["LEAD_S", "LongestWait"]

LEAD_S: Final = 60.0
"""How long before a deadline to begin, seconds: until a block has taken the transaction."""


@dataclass(frozen=True, slots=True)
class LongestWait:
    """Anchor once the oldest entry has waited for `longest_s`, or a deadline is `lead_s` away.

    >>> from counterfoil.ports import Waiting
    >>> LongestWait(600).choose(Waiting(now_ms=700_000, behind_ms=100_000, due_ms=None)).why
    'the oldest entry has waited 600 s'
    """

    longest_s: float
    lead_s: float = LEAD_S

    def choose(self, waiting: Waiting) -> Choice:
        """Say whether to anchor now; see `Pace`."""
        if waiting.due_ms is not None and waiting.now_ms >= waiting.due_ms - self.lead_s * 1_000:
            return Choice(due=True, why="somebody asked for it by about now")
        if waiting.behind_ms is None:
            return Choice(due=False)
        waited_s = (waiting.now_ms - waiting.behind_ms) / 1_000
        if waited_s < self.longest_s:
            return Choice(due=False)
        return Choice(due=True, why=f"the oldest entry has waited {waited_s:.0f} s")
