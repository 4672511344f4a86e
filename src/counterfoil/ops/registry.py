"""All operations, by the words that people call them with; every shell is made from this.

The catalogue lists them, a file for each subject; a target is imported when it is chosen. This
module refuses to hold an operation that is not there yet.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from counterfoil.ops.catalogue import OPERATIONS
from counterfoil.ports import Operation

__all__ = ["GROUPS", "OPERATIONS", "find", "load"]

GROUPS: Final[dict[str, str]] = {
    "record": "Record things, and find them again.",
    "receipt": "Take proof away, and look into it.",
    "checkpoint": "The signed states of the log.",
    "prove": "Proofs for other tools.",
    "person": "Personal data: sealed, opened with a reason, erased for good.",
    "key": "The keys that sign for the ledger's organisation.",
    "dataset": "Data sets: fingerprinted, compared, recorded, proven row by row.",
    "model": "Models: recorded with what made them, scored with, explained, signed.",
    "decision": "What models and people decided, and what came of it.",
    "check": "Checks of data and models, before they are trusted.",
    "incident": "What went wrong: whom it harmed, what was done, and when it is due.",
    "witness": "Those who see that a log only grows.",
    "anchor": "Checkpoints on EVM chains, out of the operator's reach.",
    "mirror": "Verified copies of other parties' logs.",
    "monitor": "Watch a log from several sides.",
    "network": "Several organisations, each with its own log.",
    "lineage": "Where things came from and what came of them, in other people's standards.",
    "evidence": "Packs of proof to hand over, and proof that a log told two histories.",
    "watch": "See what is abnormal as it comes.",
    "forecast": "Numbers to come, and how far to trust them.",
    "pace": "When to anchor and to commit: what waiting costs, and what it saves.",
    "chain": "EVM chains as tables: read, reported on, searched for what is suspicious.",
    "account": "Accounts of EVM chains: which ones look like fraud.",
}
"""What the operations that share a first word are about."""


def find(words: tuple[str, ...]) -> Operation | None:
    """Find the operation with exactly these words."""
    return next((operation for operation in OPERATIONS if operation.words == words), None)


def load(operation: Operation) -> Callable[..., Any]:
    """Import an operation's function."""
    module, _, name = operation.target.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function
