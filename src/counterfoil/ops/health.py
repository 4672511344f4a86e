"""Look a ledger and its machine over for what could go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from counterfoil.errors import VerificationError
from counterfoil.ledger.doctor import Check, diagnose
from counterfoil.ops.place import LedgerFolder, find_ledger

__all__ = ["Diagnosis", "doctor"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was looked at, and how it is. exit_status: 1 when something is bad."""

    checks: tuple[Check, ...]

    @property
    def exit_status(self) -> int:
        """Of the command line."""
        bad = any(check.status == "bad" for check in self.checks)
        return VerificationError.exit_status if bad else 0

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {"checks": [check.to_json() for check in self.checks]}


def doctor(*, ledger: LedgerFolder = None) -> Diagnosis:
    """Look over a ledger's disk, database, keys and clock, and say what to do.

    Raises NotFound with code ledger.missing.
    """
    return Diagnosis(tuple(diagnose(find_ledger(ledger))))
