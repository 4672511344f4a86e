"""What a ledger gives, as cards for notebooks. Imported when a notebook shows one."""

from counterfoil.ledger.notebook.decisions import decision_card, found_decision_card
from counterfoil.ledger.notebook.ledgers import ledger_card
from counterfoil.ledger.notebook.pages import decisions_card, search_card
from counterfoil.ledger.notebook.records import many_card, record_card, recorded_card

__all__ = [
    "decision_card",
    "decisions_card",
    "found_decision_card",
    "ledger_card",
    "many_card",
    "record_card",
    "recorded_card",
    "search_card",
]
