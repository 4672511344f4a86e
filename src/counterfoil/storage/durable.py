"""Write small files so that a power cut leaves all of them or none.

A file's bytes are synced with the file, its name with its folder: both are needed. This module
refuses to replace a file.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["sync_folder", "write_new"]


def write_new(target: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file that is not there yet, and sync its bytes; its name needs `sync_folder`.

    mode: permissions, less the umask. A file that could not be written whole is removed.
    Raises OSError as `os.open` and writing do, FileExistsError when it is there.
    """
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            target.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
