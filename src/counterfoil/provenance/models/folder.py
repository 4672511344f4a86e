"""A model of many files: a manifest of their digests, and one archive to keep them in.

The manifest is what `sha256sum` prints: a line `<digest>  <name>` a file, by name; its own
SHA-256 is the model's digest, and `sha256sum --check` confirms it. The archive is a tar file whose
bytes follow from the files alone. This module refuses links, and names that could leave a folder.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

from counterfoil.errors import InputError, NotFound

__all__ = [
    "Part",
    "check_name",
    "is_tar",
    "list_files",
    "manifest_of",
    "pack",
    "part_of",
    "read_file",
    "unpack",
]

_MODE: Final = 0o644


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a model: its path below the model, size in bytes, SHA-256 in hexadecimal."""

    name: str
    size: int
    digest: str


def manifest_of(parts: Iterable[Part]) -> bytes:
    """Write the manifest, as `sha256sum` does."""
    ordered = sorted(parts, key=lambda part: part.name.encode())
    return "".join(f"{part.digest}  {part.name}\n" for part in ordered).encode()


def list_files(folder: Path) -> list[str]:
    """List the files below a folder by their POSIX paths, in order of their bytes.

    Raises InputError with code model.link, model.file-name or model.empty.
    """
    found = []
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise InputError(
                "model.link",
                f"expected files and folders alone in {folder}, found a link or device: {name!a}",
                hint="Copy the file itself into the folder.",
            )
        if path.is_file():
            found.append(check_name(name))
    if not found:
        raise InputError("model.empty", f"expected a model in {folder}, found no files")
    return sorted(found, key=str.encode)


def check_name(name: str) -> str:
    """Refuse a name that a manifest cannot hold or that leaves its folder.

    Raises InputError with code model.file-name.
    """
    path = PurePosixPath(name)
    plain = name.isprintable() and "\\" not in name and name == path.as_posix()
    if not plain or path.is_absolute() or ".." in path.parts or not name or name == ".":
        raise InputError(
            "model.file-name",
            f"expected a printable path inside the model's folder, found {name[:120]!a}",
            hint="Rename the file.",
        )
    return name


def read_file(path: Path) -> bytes:
    """Read a file. Raises NotFound with code model.missing, InputError with code model.read."""
    try:
        return path.read_bytes()
    except FileNotFoundError as err:
        raise NotFound(
            "model.missing",
            f"expected a model at {path}, found none",
            hint="Check the path.",
        ) from err
    except OSError as err:
        raise InputError("model.read", f"expected to read {path}, but: {err}") from err


def pack(names: Iterable[str], read: Callable[[str], bytes]) -> bytes:
    """Pack files into a tar archive whose bytes follow from names and contents alone."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(names, key=str.encode):
            data = read(name)
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), _MODE
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def is_tar(data: bytes) -> bool:
    """Tell whether bytes are a tar archive."""
    return data[257:262] == b"ustar"


def unpack(data: bytes) -> Mapping[str, bytes]:
    """Read the files of a tar archive: name -> bytes.

    Raises InputError with code model.tar, model.link or model.file-name.
    """
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                name = check_name(member.name)
                if member.isdir():
                    continue
                content = archive.extractfile(member) if member.isreg() else None
                if content is None or name in found:
                    raise InputError(
                        "model.link", f"expected each file once and no link, found {name!a}"
                    )
                found[name] = content.read()
    except (tarfile.TarError, EOFError, ValueError, OSError) as err:
        raise InputError("model.tar", f"expected a whole tar archive, but: {err}") from err
    if not found:
        raise InputError("model.empty", "expected a model in the archive, found no files")
    return found


def part_of(name: str, data: bytes) -> Part:
    """Describe a file."""
    return Part(name, len(data), sha256(data).hexdigest())
