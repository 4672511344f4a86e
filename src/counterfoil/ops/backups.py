"""Copy a ledger while it is in use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from counterfoil.ledger.backup import BackupReport
from counterfoil.ledger.backup import backup as back_up
from counterfoil.ops.phases import told
from counterfoil.ports import Param, Progress, no_progress

__all__ = ["backup"]


def backup(
    folder: Annotated[Path, Param("The ledger's folder.", "DIR", holds="machine")],
    destination: Annotated[
        Path, Param("Folder of the copy; again for the next copy.", "DEST", holds="machine")
    ],
    *,
    with_keys: Annotated[
        bool, Param("Copy the private keys too; keep such a copy as safe as the keys.")
    ] = False,
    progress: Progress = no_progress,
) -> BackupReport:
    """Copy a ledger while it is in use; again into the same folder copies only what is new.

    Raises as `counterfoil.ledger.backup`.
    """
    return back_up(
        folder,
        destination,
        with_keys=with_keys,
        progress=told(progress),
    )
