"""One finding an account from many: the strongest words, and the transactions of all.

This module refuses to add scores up: many weak signs are for a detector to weigh.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from counterfoil.ports import Finding

__all__ = ["SHOWN", "merge"]

SHOWN: Final = 8
"""Transactions of a finding that are kept."""


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """Merge findings of one account and kind; the strongest first, then by account."""
    best: dict[tuple[str, str], Finding] = {}
    shown: dict[tuple[str, str], dict[str, None]] = {}
    for one in findings:
        key = (one.kind, one.account)
        shown.setdefault(key, {}).update(dict.fromkeys(one.transactions))
        if key not in best or one.score >= best[key].score:
            best[key] = one
    merged = [
        replace(one, transactions=(*one.transactions, *_others(one, shown[key]))[:SHOWN])
        for key, one in best.items()
    ]
    return sorted(merged, key=lambda one: (-one.score, one.kind, one.account))


def _others(one: Finding, shown: dict[str, None]) -> list[str]:
    return [tx for tx in shown if tx not in one.transactions]
