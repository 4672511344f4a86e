"""Write a small file whole or not at all: a key, or which contracts stand on a chain.

The file's bytes are synced before its name is, so that a power cut leaves the old one or the new
one. This module refuses to know what is in a file.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["replace_file", "sync_folder", "write_new"]


def write_new(target: Path, data: bytes, mode: int) -> None:
    """Write a file that is not there yet, durably. mode: permissions, less the umask.

    Raises OSError, FileExistsError when it is there.
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
    sync_folder(target.parent)


def replace_file(target: Path, data: bytes, mode: int = 0o644) -> None:
    """Put a file in the place of another, durably and at once. Raises OSError."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    write_new(fresh, data, mode)
    try:
        fresh.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
