"""Mark a folder as a backup, so that nobody goes on writing in it as if it were the log.

Two folders that both go on are a fork. This module refuses to remove a marker: `recover` does,
once it knows that nothing newer was ever published.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from counterfoil.errors import Refused
from counterfoil.storage.folder_copy import replace_file

__all__ = ["MARKER_FILE", "BackupMarker", "read_marker", "refuse_backup", "write_marker"]

MARKER_FILE: Final = "backup.json"
_TYPE: Final = "https://counterfoil.dev/backup/v1"


@dataclass(frozen=True, slots=True)
class BackupMarker:
    """What a backup holds.

    origin: of the log. size, root: of its published tree, 64 hexadecimal digits. at_ms: when it
    was made, Unix ms. state: `writing` while a newer state is put in place.
    """

    origin: str
    size: int
    root: str
    at_ms: int
    state: Literal["writing", "complete"]


def read_marker(folder: Path) -> BackupMarker | None:
    """Read the marker of a backup; None in a folder that has none.

    A marker that cannot be read marks the folder all the same.
    """
    path = folder / MARKER_FILE
    try:
        found = json.loads(path.read_bytes())
        return BackupMarker(
            str(found["origin"]),
            int(found["size"]),
            str(found["root"]),
            int(found["at_ms"]),
            "complete" if found["state"] == "complete" else "writing",
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return BackupMarker("", 0, "", 0, "writing")


def write_marker(folder: Path, marker: BackupMarker) -> None:
    """Write the marker. Raises Unavailable with code copy.write."""
    text = json.dumps({"type": _TYPE, **asdict(marker)}, indent=1) + "\n"
    replace_file(folder / MARKER_FILE, text.encode())


def refuse_backup(folder: Path) -> None:
    """Refuse to write in a folder that is a backup. Raises Refused with code ledger.is-backup."""
    if (folder / MARKER_FILE).exists():
        raise Refused(
            "ledger.is-backup",
            f"expected a ledger at {folder}, found a backup of one",
            hint="It can be read and audited. To go on from it: `counterfoil recover NEW_DIR "
            "--from BACKUP`, which makes sure that the log does not fork.",
        )
