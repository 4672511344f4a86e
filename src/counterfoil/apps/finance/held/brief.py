"""Cases at a glance: what a list of them shows, for two searches however many there are.

A case whole is in `cases`; here is only what its two kinds of decisions say openly. This module
refuses to look for terms, actions and receipts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from counterfoil.apps.finance.held.cases import HELD_ROLE, HOLD, RELEASE, CaseState, payment_of

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger, RecordView

__all__ = ["BriefCase", "brief_cases"]

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class BriefCase:
    """A held payment in a line. case: its number. score, threshold: decimal text, where told.

    maker: of the decision to hold. by: who decided last; None while nobody has. at_ms: when it was
    held, Unix ms.
    """

    case: int
    state: CaseState
    payment: str | None
    at_ms: int | None
    score: str | None
    threshold: str | None
    maker: str | None
    by: str | None


def brief_cases(
    ledger: Ledger, *, limit: int = 50, before: int | None = None
) -> tuple[list[BriefCase], int | None]:
    """List cases, the newest first, and the number to go on before; None at the end.

    limit: decisions to hold that are looked at, 1 to 1000. before: only with smaller numbers.
    """
    page = ledger.search(f"kind=decision outcome={HOLD}", limit=limit, after=before)
    holds = [one for one in page.hits if one.content.get("by") != "person"]
    people = _people(ledger, min((one.index for one in holds), default=ledger.size))
    return [_brief(one, people.get(one.leaf)) for one in holds], page.next


def _people(ledger: Ledger, least: int) -> dict[str, RecordView]:
    """Find the newest decision of a person on each held decision. least: none is before it."""
    found: dict[str, RecordView] = {}
    after: int | None = None
    while True:
        page = ledger.search("kind=decision by=person", limit=_PAGE, after=after)
        for view in page.hits:
            if view.index < least:
                return found
            for one in view.content.get("based_on") or ():
                if one.get("role") == HELD_ROLE and one.get("leaf"):
                    found.setdefault(str(one["leaf"]), view)
        after = page.next
        if after is None:
            return found


def _brief(hold: RecordView, person: RecordView | None) -> BriefCase:
    said: Any = hold.content
    state: CaseState = "open"
    if person is not None:
        state = "release" if person.content.get("outcome") == RELEASE else "return"
    who = None if person is None else (person.content.get("accountable") or {}).get("name")
    return BriefCase(
        hold.index,
        state,
        payment_of(said),
        hold.at_ms,
        said.get("score"),
        said.get("threshold"),
        (said.get("model") or {}).get("name"),
        who,
    )
