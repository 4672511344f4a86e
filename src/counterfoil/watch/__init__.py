"""Watchers: models that read a log, a chain or a file from an offset, and say what they see.

A watcher is a fold. What it knows is saved with the place where it stands, and what it says is
written down before it is recorded under a number that follows from that place: so each alert
stands in the ledger exactly once, wherever the watcher was killed. This room refuses to score what
was already learned, and to lose or double an alert.
"""

from counterfoil.watch.alerts import Alerts, FoundAlert
from counterfoil.watch.backtest import Backtest, Tested
from counterfoil.watch.ledger_log import LedgerLog
from counterfoil.watch.log_feed import LogAccess, LogFeed
from counterfoil.watch.registered import GROUP, Chosen, choose, watcher_types
from counterfoil.watch.runner import Runner, Told

__all__ = [
    "GROUP",
    "Alerts",
    "Backtest",
    "Chosen",
    "FoundAlert",
    "LedgerLog",
    "LogAccess",
    "LogFeed",
    "Runner",
    "Tested",
    "Told",
    "choose",
    "watcher_types",
]
