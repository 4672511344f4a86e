"""Operations for AI agents."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "mcp",
        "agents:mcp",
        "Serve a ledger to an AI agent, on standard input and output (Model Context Protocol).",
        "--ledger shop",
        "--ledger shop --allow-writes",
    ),
)
