"""Hash a model's files as model-signing does: whole, or in shards, each by its path.

This module refuses links, and hash functions that Python's hashlib does not have.
Source: model_signing.manifest and model_signing.hashing of model-signing 1.1.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec

from counterfoil.errors import InputError, NotFound

__all__ = ["GIT_PATHS", "Resource", "Serialization", "hash_files"]

GIT_PATHS: Final = (".git", ".gitattributes", ".github", ".gitignore")
_READ_BYTES: Final = 1 << 20
_HASHES: Final = ("sha256", "blake2b")


class Serialization(msgspec.Struct, frozen=True, omit_defaults=True):
    """How files became a list of digests.

    method: `files` or `shards`. hash_type: of the digests. ignore_paths: paths that are left out,
    with all below them. shard_size: bytes; the package writes it as a float.
    """

    method: str
    hash_type: str
    ignore_paths: tuple[str, ...] = ()
    allow_symlinks: bool = False
    shard_size: int | float | None = None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what a signature says."""
        found: dict[str, Any] = {
            "method": self.method,
            "hash_type": self.hash_type,
            "allow_symlinks": self.allow_symlinks,
        }
        if self.ignore_paths:
            found["ignore_paths"] = list(self.ignore_paths)
        return found


@dataclass(frozen=True, slots=True)
class Resource:
    """A file or shard (`path:start:end`) and its digest, hexadecimal."""

    name: str
    digest: str


def hash_files(path: Path, how: Serialization) -> list[Resource]:
    """Hash every file of a model, in the order of their paths; one file is called `.`.

    Raises InputError with code model.signature-file, model.link or model.empty, NotFound with code
    model.missing.
    """
    if how.method not in ("files", "shards") or how.hash_type not in _HASHES:
        raise InputError(
            "model.signature-file",
            f"expected files or shards hashed by {' or '.join(_HASHES)}, found "
            f"{how.method[:40]!a} by {how.hash_type[:40]!a}",
            hint="Sign the model again with the default settings.",
        )
    size = int(how.shard_size or 0) if how.method == "shards" else None
    if size is not None and size <= 0:
        raise InputError("model.signature-file", "expected a size of shards, found none")
    found = []
    for name in sorted(_names(path, how), key=PurePosixPath):
        file = path if name == "." else path / name
        if size is None:
            found.append(Resource(name, _digest(file, how.hash_type, 0, None)))
            continue
        end = file.stat().st_size
        for start in range(0, end, size):
            stop = min(start + size, end)
            digest = _digest(file, how.hash_type, start, stop - start)
            found.append(Resource(f"{name}:{start}:{stop}", digest))
    if not found:
        raise InputError("model.empty", f"expected files to sign in {path}, found none")
    return found


def _names(path: Path, how: Serialization) -> Iterator[str]:
    if not path.exists():
        raise NotFound(
            "model.missing", f"expected a model at {path}, found none", hint="Check the path."
        )
    ignored = [PurePosixPath(one) for one in how.ignore_paths]
    for file in [path] if path.is_file() else path.rglob("*"):
        name = file.relative_to(path).as_posix()
        if any(PurePosixPath(name).is_relative_to(one) for one in ignored):
            continue
        if file.is_symlink():
            raise InputError(
                "model.link",
                f"expected files alone in {path}, found a link: {name!a}",
                hint="Copy the file itself into the folder.",
            )
        if file.is_file():
            yield name


def _digest(path: Path, kind: str, start: int, length: int | None) -> str:
    digest = hashlib.new(kind)
    with path.open("rb") as stream:
        stream.seek(start)
        left = length
        while block := stream.read(_READ_BYTES if left is None else min(left, _READ_BYTES)):
            digest.update(block)
            left = None if left is None else left - len(block)
    return digest.hexdigest()
