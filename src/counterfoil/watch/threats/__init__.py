"""Threats to a ledger itself, each seen by a small watcher.

They look at who signs, when, how much and what, as the log has it; thresholds follow from how many
alarms a week are wanted on quiet data. This room refuses to accuse: an alert says what is odd, and
a person says whether it was real.
"""

from counterfoil.watch.threats.back_dated import BACK_DATED
from counterfoil.watch.threats.habits import HABITS
from counterfoil.watch.threats.model_drift import MODEL_DRIFT
from counterfoil.watch.threats.new_place import NEW_PLACE
from counterfoil.watch.threats.odd_hours import ODD_HOURS
from counterfoil.watch.threats.poisoning import POISONING
from counterfoil.watch.threats.rates import FLOOD, ODD_RATE

__all__ = [
    "BACK_DATED",
    "FLOOD",
    "HABITS",
    "MODEL_DRIFT",
    "NEW_PLACE",
    "ODD_HOURS",
    "ODD_RATE",
    "POISONING",
]
