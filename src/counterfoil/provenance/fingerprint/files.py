"""Fingerprint files that are no table: `files/v1`, a tree over the files of a folder.

A file's leaf is SHA-256(0x00 || "counterfoil file v1" || 0x00 || canonical JSON of its path below
the folder, with `/`, its size and the SHA-256 of its bytes); leaves stand in the order of the
paths' code points. A single file is a folder of one. This module refuses links and special files:
what they lead to is not in the folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Final

from counterfoil.errors import InputError, NotFound
from counterfoil.formats.json_text import canonicalise
from counterfoil.proofs.merkle import root_of

__all__ = ["FileEntry", "FilesPrint", "fingerprint_files"]

_DOMAIN: Final = b"\x00counterfoil file v1\x00"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file: its path below the folder, size in bytes, and SHA-256, 64 hexadecimal digits."""

    path: str
    size: int
    sha256: str

    @property
    def leaf(self) -> bytes:
        """Its leaf, 32 bytes."""
        said = {"path": self.path, "size": self.size, "sha256": self.sha256}
        return sha256(_DOMAIN + canonicalise(said)).digest()


@dataclass(frozen=True, slots=True)
class FilesPrint:
    """A folder's fingerprint; root: 64 hexadecimal digits."""

    root: str
    files: tuple[FileEntry, ...]


def fingerprint_files(path: Path) -> FilesPrint:
    """Fingerprint a file, or all files below a folder.

    Raises NotFound with code dataset.file, InputError with code dataset.folder.
    """
    if not path.exists():
        raise NotFound(
            "dataset.file",
            f"expected a file or folder at {path}, found none",
            hint="Check the path.",
        )
    entries = tuple(sorted(_entries(path), key=lambda one: one.path))
    if not entries:
        raise InputError("dataset.folder", f"expected files in {path}, found none")
    return FilesPrint(root_of(one.leaf for one in entries).hex(), entries)


def _entries(path: Path) -> Iterator[FileEntry]:
    single = path.is_file()
    for found in [path] if single else path.rglob("*"):
        if found.is_dir() and not found.is_symlink():
            continue
        if found.is_symlink() or not found.is_file():
            raise InputError(
                "dataset.folder",
                f"expected plain files, found a link or special file: {found}",
                hint="Copy what it leads to into the folder.",
            )
        name = found.name if single else found.relative_to(path).as_posix()
        try:
            with found.open("rb") as stream:
                digest = file_digest(stream, "sha256").hexdigest()
            yield FileEntry(name, found.stat().st_size, digest)
        except OSError as err:
            raise InputError("dataset.folder", f"expected to read {found}, but: {err}") from err
