"""All operations, by the words that people call them with; every shell is made from this.

The catalogue lists ours, a file for each subject; a target is imported when it is chosen. Apps of
other packages are looked for when a first word is not one of ours, and where all commands are
listed. This module refuses to hold an operation that is not there yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from counterfoil.ops.catalogue import OPERATIONS
from counterfoil.ports import Operation, load_target

__all__ = ["GROUPS", "OPERATIONS", "all_groups", "all_operations", "find", "group_of", "load"]

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
    "contract": "Our contracts on a chain.",
    "act": "Contracts that act on proven decisions, and who may speak to them.",
    "circuit": "Proofs, without showing inputs, that a model computed a score.",
    "chain": "EVM chains as tables: read, reported on, searched for what is suspicious.",
    "account": "Accounts of EVM chains: which ones look like fraud.",
    "finance": "Payments: fraud, sanctions and names, messages, laundering in graphs.",
    "case": "Held payments: looked at, decided by people, carried out by an escrow.",
    "rules": "Compliance rules: tested, recorded as makers, applied with a trail.",
    "quant": "Forecasts committed before the outcome: a track record that cannot be made up.",
    "supply": "Goods from farm to table: events with receipts, traced, doubted, predicted, moved.",
    "access": "Keys with which people and programs use a node.",
    "scitt": "Signed statements in COSE: whose a ledger registers.",
    "app": "Sectors on the core: which there are, and their stories.",
}
"""What the operations that share a first word are about."""


def find(words: tuple[str, ...]) -> Operation | None:
    """Find the operation with exactly these words.

    Raises InputError with code app.entry-point where another package's app has them but is broken.
    """
    found = next((operation for operation in OPERATIONS if operation.words == words), None)
    if found is not None or _is_ours(words[:1]):
        return found
    return next((one for one in _of_others(words[0]) if one.words == words), None)


def group_of(word: str) -> tuple[str, tuple[Operation, ...]] | None:
    """Tell what the operations that share a first word are about, and list them; None for none.

    Raises as `find`.
    """
    if _is_ours((word,)):
        about = GROUPS.get(word)
        ours = tuple(one for one in OPERATIONS if one.words[0] == word and len(one.words) > 1)
        return None if about is None else (about, ours)
    from counterfoil.ops.plugged import find_app

    app = find_app(word)
    return None if app is None else (app.summary, app.operations)


def all_operations() -> tuple[Operation, ...]:
    """List every operation, those of other packages' apps after ours; a broken app has none."""
    from counterfoil.ops.plugged import apps_of_others

    others = (one for app in apps_of_others() for one in app.operations)
    return (*OPERATIONS, *others)


def all_groups() -> dict[str, str]:
    """Tell what all operations are about, by first word."""
    from counterfoil.ops.plugged import apps_of_others

    return {**GROUPS, **{app.name: app.summary for app in apps_of_others() if app.operations}}


def load(operation: Operation) -> Callable[..., Any]:
    """Import an operation's function."""
    function: Callable[..., Any] = load_target(operation.target)
    return function


def _is_ours(words: tuple[str, ...]) -> bool:
    """Tell whether a first word is one of ours, or none at all."""
    if not words or not words[0].isascii() or not words[0][:1].isalnum():
        return True  # an option, or nothing: no app is called so
    return words[0] in GROUPS or any(operation.words[0] == words[0] for operation in OPERATIONS)


def _of_others(word: str) -> tuple[Operation, ...]:
    from counterfoil.ops.plugged import find_app

    app = find_app(word)
    return () if app is None else app.operations
