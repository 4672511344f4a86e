"""Decisions on record: made in a block, recorded in the background, found and computed again."""

from counterfoil.ledger.decisions.decision import Decision
from counterfoil.ledger.decisions.found import DecisionPage, FoundDecision
from counterfoil.ledger.decisions.handle import Handle
from counterfoil.ledger.decisions.replay import Explanations, Replay
from counterfoil.ledger.decisions.room import Decisions

__all__ = [
    "Decision",
    "DecisionPage",
    "Decisions",
    "Explanations",
    "FoundDecision",
    "Handle",
    "Replay",
]
