"""Compute a decision again, and explain it again: both compared with what was recorded."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import Annotated, Any

from counterfoil.errors import InputError, NotFound, VerificationError
from counterfoil.ledger import Ledger
from counterfoil.ledger.decisions import Explanations, Replay
from counterfoil.ops.place import LedgerFolder, find_ledger, open_for_reading, open_for_writing
from counterfoil.ops.records import Entry, find_entry
from counterfoil.ports import Param
from counterfoil.provenance.decisions import TOLERANCE

__all__ = ["Explained", "Replayed", "explain", "replay"]

Actor = Annotated[
    str | None,
    Param("Who gets to see it; stands in the log. Else the user of this machine.", "NAME"),
]
Tolerance = Annotated[
    str | None,
    Param(f"Allowed difference, relative to the larger of 1 and it; else {TOLERANCE:g}.", "NUMBER"),
]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay.

    exit_status: 1 when the score differs, or score and threshold give another outcome than the
    recorded one; 3 when something is missing.
    """

    replay: Replay

    @property
    def exit_status(self) -> int:
        """Of the command line."""
        if self.replay.outcome_follows is False:
            return VerificationError.exit_status
        return _status(self.replay.verdict)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return self.replay.to_json()


@dataclass(frozen=True, slots=True)
class Explained:
    """What came of explaining again. exit_status: as of `Replayed`."""

    explanations: Explanations

    @property
    def exit_status(self) -> int:
        """Of the command line."""
        return _status(self.explanations.verdict)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return self.explanations.to_json()


def replay(
    entry: Entry,
    *,
    actor: Actor = None,
    tolerance: Tolerance = None,
    ledger: LedgerFolder = None,
) -> Replayed:
    """Compute a decision again from what was recorded, and say whether it is the same.

    That sealed inputs are opened is recorded first. A difference is reported, not raised.
    Raises InputError with code entry.reference, decision.kind or replay.tolerance, Refused with
    code replay.model-damaged.
    """
    allowed, who = _tolerance(tolerance), actor or getpass.getuser()
    with _open(ledger, entry) as opened:
        found = find_entry(opened, entry)
        return Replayed(opened.decisions.replay(found, actor=who, tolerance=allowed))


def explain(
    entry: Entry,
    *,
    actor: Actor = None,
    tolerance: Tolerance = None,
    ledger: LedgerFolder = None,
) -> Explained:
    """Explain a decision again: what each input added; compared with what was recorded.

    Raises as `replay`.
    """
    allowed, who = _tolerance(tolerance), actor or getpass.getuser()
    with _open(ledger, entry) as opened:
        found = find_entry(opened, entry)
        return Explained(opened.decisions.explain(found, actor=who, tolerance=allowed))


def _open(ledger: LedgerFolder, entry: str) -> Ledger:
    """Open the ledger; for writing only where something sealed is to be opened."""
    folder = find_ledger(ledger)
    with open_for_reading(folder) as reading:
        sealed = "sealed" in reading.get(find_entry(reading, entry)).content
    return open_for_writing(folder) if sealed else open_for_reading(folder)


def _tolerance(text: str | None) -> float:
    try:
        found = TOLERANCE if text is None else float(text)
    except ValueError:
        found = -1.0
    if 0 <= found < 1:
        return found
    raise InputError(
        "replay.tolerance",
        f"expected a tolerance from 0 to below 1, found {str(text)[:80]!a}",
        hint="For example 1e-6.",
    )


def _status(verdict: str) -> int:
    if verdict == "different":
        return VerificationError.exit_status
    return NotFound.exit_status if verdict == "impossible" else 0
