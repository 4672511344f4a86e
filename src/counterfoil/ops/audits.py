"""Check a whole ledger, and say what is wrong with it and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from counterfoil.errors import VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats.receipt import RECEIPT_MAX_BYTES
from counterfoil.ledger.audit import AuditReport
from counterfoil.ledger.audit import audit as audit_ledger
from counterfoil.ops.files import POLICY_MAX_BYTES, read_file, shown
from counterfoil.ops.phases import told
from counterfoil.ops.place import LedgerFolder, find_ledger
from counterfoil.ports import Param, Progress, no_progress

__all__ = ["Audited", "audit", "kept_evidence"]


@dataclass(frozen=True, slots=True)
class Audited:
    """The report of an audit. exit_status: 1 when something is damaged, so that scripts stop."""

    report: AuditReport

    @property
    def exit_status(self) -> int:
        """Of the command line."""
        return VerificationError.exit_status if self.report.damaged else 0

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return self.report.to_json()


def audit(
    *,
    ledger: LedgerFolder = None,
    full: Annotated[bool, Param("Check every signature too, not only the hashes.")] = False,
    against: Annotated[
        tuple[Path, ...],
        Param(
            "A receipt, tlog-proof or checkpoint that somebody kept, to compare with.",
            "FILE",
            holds="file",
        ),
    ] = (),
    policy: Annotated[
        Path | None, Param("Your own trust policy; else the ledger's.", "FILE", holds="file")
    ] = None,
    progress: Progress = no_progress,
) -> Audited:
    """Check the whole log: hashes, tree, database, and with --full every signature.

    What is damaged is reported, not raised. Raises NotFound with code ledger.missing or
    file.missing, InputError for a file that is no evidence.
    """
    folder = find_ledger(ledger)
    trusted = None if policy is None else policies.parse(read_file(policy, POLICY_MAX_BYTES))
    return Audited(
        audit_ledger(
            folder,
            full=full,
            against=kept_evidence(against),
            policy=trusted,
            progress=told(progress),
        )
    )


def kept_evidence(files: tuple[Path, ...]) -> Mapping[str, bytes]:
    """Read receipts, proofs and checkpoints that somebody kept; errors as `read_file`."""
    return {shown(path): read_file(path, RECEIPT_MAX_BYTES) for path in files}
