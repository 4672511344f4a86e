"""Keep the key that OpenLineage clients show: made at the first start, for its owner alone.

This module refuses a key that others on the machine could read, and one that could be guessed.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Final

from counterfoil.errors import InputError, Refused, Unavailable
from counterfoil.storage.durable import sync_folder, write_new

__all__ = ["load_or_make_key"]

_BYTES: Final = 32
_FILE_MAX_BYTES: Final = 4096
_KEY: Final = re.compile(r"[!-~]{16,512}")


def load_or_make_key(path: Path) -> bytes:
    """Read the key in a file; make one, with mode 0600, where there is no file.

    Raises InputError with code lineage.key, Refused with code lineage.key-exposed, Unavailable
    with code lineage.key-file.
    """
    try:
        try:
            write_new(path, secrets.token_urlsafe(_BYTES).encode() + b"\n", mode=0o600)
            sync_folder(path.parent)
        except FileExistsError:
            pass
        exposed = path.stat().st_mode & 0o077
        with path.open("rb") as file:
            text = file.read(_FILE_MAX_BYTES).decode("utf-8", "replace").strip()
    except OSError as err:
        raise Unavailable(
            "lineage.key-file",
            f"expected to read or make the clients' key at {path}, but: {err}",
            hint="Name a file in a folder that is there and yours.",
        ) from err
    if exposed:
        raise Refused(
            "lineage.key-exposed",
            f"expected {path} to be its owner's alone, found that others may read or change it",
            hint="Set its mode to 600, and change the key if anybody may have read it.",
        )
    if not _KEY.fullmatch(text):
        raise InputError(
            "lineage.key",
            f"expected a key of 16 to 512 visible ASCII characters in {path}, found another text",
            hint="Move the file away: a new key is made at the next start.",
        )
    return text.encode()
