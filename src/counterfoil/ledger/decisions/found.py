"""Decisions as they stand in the log, for people and programs: one, and lists with counts.

This module refuses to open what is sealed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.ledger.tabular import TableRow, Tabular
from counterfoil.ledger.view import RecordView
from counterfoil.provenance.statements.decisions import Decision

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["DecisionPage", "FoundDecision", "find_decision", "list_decisions", "require_decision"]

_PAGE: Final = 1000
_FOLLOWERS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class FoundDecision:
    """A decision, and what came of it.

    index, leaf, at_ms: of its statement. said: its predicate. actions: what was done because of
    it, oldest first. replaced_by: index of the decision that supersedes or corrects it.
    """

    index: int
    leaf: str
    at_ms: int | None
    said: dict[str, Any]
    actions: tuple[RecordView, ...] = ()
    replaced_by: int | None = None

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from counterfoil.ledger.notebook import found_decision_card

        return found_decision_card(self)

    @property
    def decision(self) -> Decision:
        """The predicate, typed."""
        return msgspec.convert(self.said, Decision)

    @property
    def view(self) -> RecordView:
        """Its entry, as a list of entries shows it; without who signed it."""
        said = self.said
        issuer, source, number = (said.get(name) for name in ("issuer", "source", "number"))
        return RecordView(
            self.index, self.leaf, "decision", issuer, source, number, self.at_ms, (), said
        )

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


@dataclass(frozen=True, slots=True)
class DecisionPage(Tabular):
    """Some decisions, newest first, and how many there are in all.

    hits: the decisions of this page. total: that satisfy what was asked for. outcomes: outcome ->
    how many of these. next: give it as `after` for the next page; None at the end. notice: about
    the index, or empty.
    """

    hits: tuple[FoundDecision, ...]
    total: int
    outcomes: dict[str, int]
    next: int | None
    notice: str

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from counterfoil.ledger.notebook import decisions_card

        return decisions_card(self)

    def table_rows(self) -> Iterator[TableRow]:
        """List the decisions; sealed inputs stay sealed."""
        return ((hit.view, {}) for hit in self.hits)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def require_decision(view: RecordView) -> FoundDecision:
    """Take an entry as a decision. Raises InputError with code decision.kind."""
    if view.kind != "decision":
        raise InputError(
            "decision.kind",
            f"expected a decision at entry {view.index}, found a {view.kind[:80]}",
            hint="`counterfoil decision ls` lists them.",
        )
    return FoundDecision(view.index, view.leaf, view.at_ms, view.content)


def find_decision(ledger: Ledger, decision: int | str) -> FoundDecision:
    """Find a decision with its actions; decision: index or leaf hash."""
    index = decision if isinstance(decision, int) else ledger.find_leaf(decision)
    found = require_decision(ledger.get(index))
    actions = ledger.search(
        f"kind=action decision.leaf={found.leaf}", limit=_FOLLOWERS_MAX, newest_first=False
    ).hits
    later = [
        hit.index
        for link in ("supersedes", "corrects")
        for hit in ledger.search(f"kind=decision {link}={found.leaf}", limit=1).hits
    ]
    return FoundDecision(
        index, found.leaf, found.at_ms, found.said, actions, max(later, default=None)
    )


def list_decisions(
    ledger: Ledger, query: str, limit: int, after: int | None, step: int = _PAGE
) -> DecisionPage:
    """List decisions that satisfy a query, newest first, and count all of them by outcome.

    limit, after: as of `Ledger.search`. step: how many are read at a time to be counted.
    """
    page = ledger.search(query, limit=limit, after=after)
    counts: Counter[str] = Counter()
    at: int | None = None
    while True:
        some = ledger.search(query, limit=step, after=at)
        counts.update(str(hit.content.get("outcome")) for hit in some.hits)
        at = some.next
        if at is None:
            break
    shown = tuple(map(require_decision, page.hits))
    return DecisionPage(shown, counts.total(), dict(counts.most_common()), page.next, page.notice)
