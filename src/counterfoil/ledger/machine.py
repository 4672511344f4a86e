"""What a ledger asks of its machine: disk, file system, SQLite, versions.

Each function answers (word, status, detail, hint). This module refuses to know a ledger.
"""

from __future__ import annotations

import platform
import shutil
import sqlite3
import sys
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

__all__ = ["Answer", "disk", "filesystem", "search", "sqlite", "versions"]

Answer = tuple[str, Literal["ok", "warn", "bad"], str, str]

_SQLITE_SOUND: Final = (3, 51, 3)
_DISK_WARN_BYTES: Final = 1 << 30
_DISK_BAD_BYTES: Final = 100 << 20
_UNFIT: Final = {
    "nfs": "locks and fsync over NFS cannot be relied on",
    "nfs4": "locks and fsync over NFS cannot be relied on",
    "cifs": "locks and fsync over SMB cannot be relied on",
    "smb3": "locks and fsync over SMB cannot be relied on",
    "9p": "locks and fsync over 9P cannot be relied on",
    "vboxsf": "shared folders do not sync",
    "fuse.sshfs": "locks and fsync over SSH cannot be relied on",
    "tmpfs": "it lives in memory: all is lost when the machine stops",
    "ramfs": "it lives in memory: all is lost when the machine stops",
}
_PACKAGES: Final = ("counterfoil", "cryptography", "pynacl", "msgspec")


def disk(folder: Path) -> Answer:
    """Tell how much space is left."""
    usage = shutil.disk_usage(folder)
    detail = f"{usage.free / (1 << 30):,.1f} GiB free of {usage.total / (1 << 30):,.1f}"
    hint = "Free space: a full disk refuses new entries, and loses none."
    if usage.free < _DISK_BAD_BYTES:
        return "disk", "bad", detail, hint
    if usage.free < _DISK_WARN_BYTES:
        return "disk", "warn", detail, hint
    return "disk", "ok", detail, ""


def filesystem(folder: Path, mounts: Path = Path("/proc/mounts")) -> Answer:
    """Tell whether the file system can sync and lock.

    mounts: the kernel's list of what is mounted where.
    """
    kind = filesystem_type(folder.resolve(), mounts)
    if kind in _UNFIT:
        hint = "Move the ledger to a local disk."
        return "filesystem", "warn", f"{kind}: {_UNFIT[kind]}", hint
    return "filesystem", "ok", kind or "of unknown type", ""


def filesystem_type(folder: Path, mounts: Path) -> str | None:
    """Find the type of the file system that a folder is on; None where the system does not say."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    found: tuple[int, str] | None = None
    for line in lines:
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = Path(parts[1].encode().decode("unicode_escape", "replace"))
        if folder.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = len(point.parts), parts[2]
    return found[1] if found is not None else None


def sqlite(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> Answer:
    """Tell whether this SQLite has a known fault."""
    text = ".".join(map(str, version))
    if version < _SQLITE_SOUND:
        return (
            "sqlite",
            "warn",
            f"{text}: before 3.51.3 a commit can be lost when two connections checkpoint at once; "
            "here only the writer does",
            "Use a newer SQLite, and open the database with no other program while it is written.",
        )
    return "sqlite", "ok", text, ""


def search() -> Answer:
    """Tell whether SQLite can search text."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE found USING fts5(text)")
    except sqlite3.Error as err:
        hint = "Use a Python whose SQLite has FTS5; everything but search works."
        return "search", "warn", f"no FTS5: {err}", hint
    finally:
        connection.close()
    return "search", "ok", "FTS5 is there", ""


def versions() -> Answer:
    """Tell the versions that matter for a report of a fault."""
    found = [f"{name} {_version(name)}" for name in _PACKAGES]
    detail = f"Python {platform.python_version()} on {sys.platform}, {', '.join(found)}"
    return "versions", "ok", detail, ""


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
