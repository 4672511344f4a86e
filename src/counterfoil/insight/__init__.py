"""Insight from EVM chains: blocks and transactions as tables, what they show, who is suspicious.

This room reads chains and files of them, and never signs or sends a transaction.
"""

from __future__ import annotations

__all__: list[str] = []
