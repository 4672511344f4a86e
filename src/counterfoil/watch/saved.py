"""What a watcher knows, where it stands and what it still has to say: one file, replaced whole.

What is to be recorded is in the file before it is recorded. Killed before the file is replaced, the
watcher reads the same events again and has said nothing of them; killed after, it says what the
file holds, under the same numbers. This module refuses a damaged file, and a file of other
settings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.errors import FatalLogError, Refused
from counterfoil.storage.folder_copy import replace_file
from counterfoil.watch.grouping import Grouping, Pending

__all__ = ["STATE_FILE", "Saved", "load_saved", "read_saved"]

STATE_FILE: Final = "state.json"
"""Name of the file in a watcher's folder."""

_TYPE: Final = "https://counterfoil.dev/watcher-state/v1"


class Saved(msgspec.Struct, tag_field="type", tag=_TYPE, forbid_unknown_fields=True):
    """The state of one watcher of one thing.

    name, version, digest: of the watcher with its settings. watches: what it reads. cursor: where
    reading goes on. seen: events. learned: places below it are learned from in silence. state: of
    the watcher, as JSON. outbox: to be recorded. own: entries of its own that are yet to be read.
    told: alerts recorded. watcher: leaf of the statement about itself.
    """

    name: str
    version: str
    digest: str
    watches: str
    grouping: Grouping
    state: msgspec.Raw
    cursor: Any = None
    seen: int = 0
    learned: int = 0
    outbox: list[Pending] = []
    own: list[int] = []
    told: int = 0
    watcher: str = ""

    def save(self, folder: Path) -> None:
        """Replace the file, durably. Raises Unavailable with code copy.write."""
        replace_file(folder / STATE_FILE, msgspec.json.encode(self) + b"\n")


def load_saved(folder: Path, digest: str, watches: str) -> Saved | None:
    """Read a watcher's state; None where there is none yet.

    Raises FatalLogError with code watch.state, Refused with code watch.other-settings.
    """
    saved = read_saved(folder / STATE_FILE)
    if saved is not None and (saved.digest, saved.watches) != (digest, watches):
        raise Refused(
            "watch.other-settings",
            f"expected the state of a watcher {digest[:12]} of {watches}, found one of "
            f"{saved.name} {saved.version} {saved.digest[:12]} of {saved.watches}",
            hint="Use the settings that it began with, or another --state folder for new ones.",
        )
    return saved


def read_saved(path: Path) -> Saved | None:
    """Read a file of state; None where there is none. Raises FatalLogError code watch.state."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Saved)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise FatalLogError(
            "watch.state",
            f"expected to read {path}, but: {err}",
            hint="Restore it from a copy; or remove it: the watcher then reads all again, and "
            "what it told before is not told twice.",
        ) from err
