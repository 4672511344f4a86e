"""When the law wants to hear of a serious incident. Refuses to decide whether one is serious.

Regulation (EU) 2024/1689, article 73: immediately after a causal link, or its reasonable
likelihood, is established, and not later than 15 days after the provider (or deployer) became
aware (paragraph 2); 10 days where a person died (4); 2 days for a widespread infringement or a
disruption of critical infrastructure (3). The days are calendar days after the day of becoming
aware, in UTC, to the end of the last one; nothing is added for weekends or holidays, though
Regulation (EEC, Euratom) No 1182/71 may. This is arithmetic, no legal advice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Due", "due_dates"]

_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline. by_ms: the last moment, Unix ms. days: after becoming aware. law: its source."""

    what: str
    days: int
    by_ms: int
    law: str

    def late(self, now_ms: int, reported_ms: int | None) -> bool:
        """Tell whether it was missed: reported after it, or not yet and it is over."""
        return (now_ms if reported_ms is None else reported_ms) > self.by_ms


def due_dates(said: dict[str, Any]) -> tuple[Due, ...]:
    """List what is due, the soonest first; nothing unless the incident is serious.

    said: the fields of an `Incident`.

    >>> [due.days for due in due_dates({"severity": "serious", "became_aware_ms": 0,
    ...                                 "harms": ["death"]})]
    [10, 15]
    """
    if said.get("severity") != "serious":
        return ()
    harms = said.get("harms") or ()
    days = {15: ("report of a serious incident", "article 73(2)")}
    if "death" in harms:
        days[10] = ("report of a death", "article 73(4)")
    if said.get("widespread") or "critical-infrastructure" in harms:
        days[2] = ("report of a widespread infringement or disruption", "article 73(3)")
    aware = int(said["became_aware_ms"]) // _DAY_MS
    return tuple(
        Due(what, number, (aware + number + 1) * _DAY_MS - 1, f"Regulation (EU) 2024/1689, {law}")
        for number, (what, law) in sorted(days.items())
    )
