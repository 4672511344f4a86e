"""What each kind of job on a chain is about: one `Work` for each kind.

This module refuses a gate that asks another anchor or registry than those of this ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.act.gate import GateContract
from counterfoil.act.governance import GovernanceWork
from counterfoil.act.queue import Work
from counterfoil.act.registry import RegistryContract
from counterfoil.act.verdict_work import AnnounceWork, VerdictWork
from counterfoil.errors import VerificationError

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["make_works"]


def make_works(
    ledger: Ledger,
    gate: GateContract,
    registry: RegistryContract,
    anchor: str,
    first: int,
) -> dict[str, Work]:
    """Make what each kind of job is about.

    anchor: address of the contract in which the ledger is anchored. first: block in which the gate
    was made. Raises VerificationError with code act.other-gate.
    """
    _require_pair(gate, anchor, registry.address)
    verdict = VerdictWork(ledger, gate, first)
    governance = GovernanceWork(ledger, registry)
    return {
        "verdict": verdict,
        "announce": AnnounceWork(verdict, gate),
        **dict.fromkeys(("approve", "revoke", "halt", "resume"), governance),
    }


def _require_pair(gate: GateContract, anchor: str, registry: str) -> None:
    """Refuse a gate that asks others than the anchor of this log and the registry known here."""
    asked = (gate.anchor(), gate.registry())
    if asked != (anchor, registry):
        raise VerificationError(
            "act.other-gate",
            f"expected a gate that asks the anchor {anchor} and the registry {registry}, found one "
            f"that asks {asked[0]} and {asked[1]}",
            hint="Another contract stands at that address, or the node lies: use another node of "
            "the same chain.",
        )
