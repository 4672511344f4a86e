"""Bring a ledger back: the legal ways."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from counterfoil.ledger import open_ledger
from counterfoil.ledger.recover import RecoverReport
from counterfoil.ledger.recover import recover as recover_ledger
from counterfoil.ops.audits import kept_evidence
from counterfoil.ops.phases import told
from counterfoil.ops.place import AcceptNewWitness
from counterfoil.ports import Param, Progress, no_progress

__all__ = ["recover"]


def recover(
    folder: Annotated[Path, Param("The ledger's folder.", "DIR", holds="machine")],
    *,
    from_: Annotated[
        Path | None, Param("A backup or mirror to mend it from.", "COPY", holds="machine")
    ] = None,
    last_known: Annotated[
        tuple[Path, ...],
        Param("A checkpoint, receipt or tlog-proof that somebody kept.", "FILE", holds="machine"),
    ] = (),
    successor: Annotated[
        bool, Param("Begin a new log in an empty DIR that names where the old one ended.")
    ] = False,
    accept_loss: Annotated[
        bool, Param("Go on although acknowledged entries are known to be lost.")
    ] = False,
    accept_new_witness: AcceptNewWitness = False,
    why: Annotated[str, Param("Why, for people; a successor records it.", "TEXT")] = "",
    progress: Progress = no_progress,
) -> RecoverReport:
    """Bring a damaged ledger back: from its own tiles, from a copy, or as a successor.

    Raises as `counterfoil.ledger.recover`.
    """
    report = recover_ledger(
        folder,
        source=from_,
        last_known=kept_evidence(last_known),
        successor=successor,
        accept_loss=accept_loss,
        why=why,
        progress=told(progress),
    )
    if accept_new_witness:
        open_ledger(folder, accept_new_witness=True).close()
    return report
