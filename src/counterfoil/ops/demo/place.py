"""The demonstration's folder: what is where, whose it is, and that only one process uses it.

It is the same folder every time, so that a demonstration goes on where it was. This module refuses
a folder that holds anything which no demonstration made.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counterfoil.errors import Conflict, InputError, Unavailable
from counterfoil.ledger import Layout
from counterfoil.ledger.state import state_folder
from counterfoil.ops.files import shown, write_file
from counterfoil.storage import OwnerLock
from counterfoil.storage.owner_lock import LOCK_FILE

__all__ = ["DemoPlace", "default_folder", "take_place"]

_MARKER: Final = "demo.json"
_WHAT: Final = {"counterfoil": "demo", "version": 1}


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """The files of a demonstration in `folder`, and the lock that keeps others out."""

    folder: Path
    lock: OwnerLock

    @property
    def ledger(self) -> Path:
        """The ledger's folder."""
        return self.folder / "ledger"

    @property
    def models(self) -> Path:
        """Saved models, named by their digests."""
        return self.folder / "models"

    @property
    def model(self) -> Path:
        """Which model is the newest, and how far it has read the log."""
        return self.folder / "model.json"

    @property
    def policy(self) -> Path:
        """The trust policy, as a reader would have it."""
        return self.folder / "policy.txt"

    @property
    def anchors(self) -> Path:
        """Where the log is anchored and by whom, as a reader would have it."""
        return self.folder / "anchors.json"

    @property
    def receipt(self) -> Path:
        """The receipt that the tour takes."""
        return self.folder / "receipt.json"

    @property
    def page(self) -> Path:
        """The same receipt as a page that checks itself."""
        return self.folder / "receipt.html"

    @property
    def case(self) -> Path:
        """The page of a held payment."""
        return self.folder / "case.html"

    @property
    def evidence(self) -> Path:
        """Proof that the log's key signed two histories."""
        return self.folder / "evidence.json"

    @property
    def scratch(self) -> Path:
        """Where cheats happen, on copies; removed after them."""
        return self.folder / "cheats"

    @property
    def begun(self) -> bool:
        """Tell whether an earlier run left its ledger here."""
        return Layout(self.ledger).exists()

    def release(self) -> None:
        """Clear up and let the next one in."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.lock.release()


def default_folder() -> Path:
    """Tell the folder that is used where none is named."""
    return state_folder() / "demo"


def take_place(folder: Path, *, fresh: bool = False) -> DemoPlace:
    """Take a demonstration's folder for this process.

    fresh: remove what an earlier demonstration left. Raises InputError with code demo.folder,
    Conflict with code demo.running, Unavailable with code demo.place.
    """
    _require_own(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _lock(folder)
        try:
            place = DemoPlace(folder, lock)
            shutil.rmtree(place.scratch, ignore_errors=True)  # who made it was killed
            if fresh:
                _clear(folder)
            write_file(folder / _MARKER, json.dumps(_WHAT).encode() + b"\n")
        except BaseException:
            lock.release()
            raise
    except OSError as err:
        raise Unavailable(
            "demo.place",
            f"expected to make the demonstration in {shown(folder)}, but: {err}",
            hint="Name another folder: `counterfoil demo DIR`.",
        ) from err
    return place


def _lock(folder: Path) -> OwnerLock:
    try:
        return OwnerLock(folder)
    except Conflict as err:
        raise Conflict(
            "demo.running",
            f"expected no other demonstration in {shown(folder)}, found one that runs",
            hint="Look at its page, stop it with Ctrl-C, or name another folder.",
        ) from err


def _require_own(folder: Path) -> None:
    """Refuse what is no folder, or holds what no demonstration made."""
    try:
        if not folder.exists():
            return
        found = {part.name for part in folder.iterdir()}
    except (OSError, ValueError) as err:
        raise _foreign(folder) from err
    if found - {LOCK_FILE} and not _is_marked(folder / _MARKER):
        raise _foreign(folder)


def _is_marked(marker: Path) -> bool:
    try:
        return bool(json.loads(marker.read_bytes()) == _WHAT)
    except (OSError, ValueError):
        return False


def _clear(folder: Path) -> None:
    for part in folder.iterdir():
        if part.name in (LOCK_FILE, _MARKER):
            continue
        shutil.rmtree(part) if part.is_dir() and not part.is_symlink() else part.unlink()


def _foreign(folder: Path) -> InputError:
    return InputError(
        "demo.folder",
        f"expected no folder, an empty one or an earlier demonstration's at {shown(folder)}, "
        "found something else there",
        hint="Name another folder, or none.",
    )
