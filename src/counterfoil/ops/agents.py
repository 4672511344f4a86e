"""Serve a ledger to AI agents. The server itself is above this floor, and loaded when asked for."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

from counterfoil.ops.place import LedgerFolder, find_ledger, open_for_reading
from counterfoil.ports import Param

__all__ = ["mcp"]


def mcp(
    *,
    ledger: LedgerFolder = None,
    allow_writes: Annotated[bool, Param("Let the agent record, too.")] = False,
    policy: Annotated[
        Path | None,
        Param("Whom receipts are held to; else the ledger's own policy.", "FILE", holds="machine"),
    ] = None,
) -> None:
    """Serve a ledger to an AI agent, on standard input and output (Model Context Protocol).

    Nothing that is sealed is opened. Raises as `open_ledger`, NotFound with code ledger.unnamed,
    Unavailable with code extra.missing.
    """
    folder = find_ledger(ledger)
    with open_for_reading(folder):
        pass  # what is broken is said before an agent asks
    agents = import_module("counterfoil.agents")
    agents.serve_stdio(folder, policy=policy, allow_writes=allow_writes)
