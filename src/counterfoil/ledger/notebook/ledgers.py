"""A card of an open ledger. This module refuses to change anything, and to wait for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.drawing.card import card, facts, mark, note, table
from counterfoil.errors import CounterfoilError

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["ledger_card"]


def ledger_card(ledger: Ledger) -> str:
    """Write how a ledger stands as a card: HTML. One that was closed says so."""
    title = f"Ledger {ledger.config.name}"
    where = (("Log", ledger.origin), ("Folder", str(ledger.layout.folder)))
    try:
        ledger.require_usable()
        size, sources, states = ledger.size, ledger.sources(), ledger.checkpoints()
    except CounterfoilError as err:
        return card(title, mark("wait", err.message), facts(*where))
    series = sorted(((name, count) for _, name, count in sources), key=lambda one: -one[1])
    published = f"{states[-1].size:,} entries" if states else "nothing yet"
    return card(
        title,
        facts(("Entries", f"{size:,}"), ("Last checkpoint", published), *where),
        table(("Series", "Statements"), series, len(series)) if series else "",
        note("ledger.search(...) finds entries, ledger.receipt(index) proves one."),
    )
