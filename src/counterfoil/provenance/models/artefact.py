"""Know a model by its bytes: which format, which digest; and refuse every one that holds code.

ONNX, LightGBM's text, skops, and folders of such with the files that belong to them. This module
refuses pickles in every wrapping, and whatever it does not know.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from counterfoil.errors import InputError
from counterfoil.ports import Progress, no_progress
from counterfoil.provenance.models.folder import (
    Part,
    is_tar,
    list_files,
    manifest_of,
    pack,
    part_of,
    read_file,
    unpack,
)
from counterfoil.provenance.models.lightgbm_text import is_lightgbm, read_lightgbm
from counterfoil.provenance.models.onnx_graph import is_onnx, read_graph
from counterfoil.provenance.models.skops_file import check_types, is_skops
from counterfoil.provenance.models.suspects import refuse_suspects, zip_members

__all__ = ["Artefact", "Format", "open_artefact"]

Format = Literal["onnx", "lightgbm", "skops", "folder"]

_NPY: Final = b"\x93NUMPY"
_ZIP: Final = b"PK\x03\x04"
_SAFETENSORS_HEADER_MAX: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Artefact:
    """A model's bytes, checked.

    format: what it is. digest: SHA-256 of the file, or of a folder's manifest, 64 hexadecimal
    digits. size: bytes, all files together. files: each with its digest; one, with an empty name,
    for a model that is one file. name: what to call it in messages.
    """

    format: Format
    digest: str
    size: int
    files: tuple[Part, ...]
    name: str
    _read: Callable[[str], bytes] = field(repr=False, compare=False)

    def read(self, name: str = "") -> bytes:
        """Read one of its files again, and check that it did not change.

        name: as in `files`. Raises InputError with code model.changed, NotFound model.missing.
        """
        data = self._read(name)
        known = {part.name: part.digest for part in self.files}
        if sha256(data).hexdigest() != known.get(name):
            raise InputError(
                "model.changed",
                f"expected the file {name or self.name!a} as it was opened, found other bytes",
                hint="Write models to a new path, and open the model again.",
            )
        return data

    def content(self) -> bytes:
        """Give the bytes to keep: the file itself, or one tar archive of a folder's files.

        `open_artefact` of them is the same model again. Raises as `read`.
        """
        if self.format != "folder":
            return self.read()
        return pack([part.name for part in self.files], self.read)

    def manifest(self) -> bytes:
        """Write the digests of its files, as `sha256sum` does; a folder's digest is this text's."""
        return manifest_of(self.files)


def open_artefact(source: str | Path | bytes, *, progress: Progress = no_progress) -> Artefact:
    """Look at a model, and refuse it when it holds code or is not known.

    source: a file or folder, or the bytes of a file, or of a folder's archive as `content` gives
    it. progress: told the files that are read.
    Raises NotFound with code model.missing; InputError with code model.pickle, model.objects,
    model.packed, model.zip, model.untrusted, model.format, model.onnx, model.protobuf,
    model.lightgbm, model.skops, model.link, model.file-name, model.tar or model.empty.
    """
    if isinstance(source, bytes):
        if is_tar(source):
            files = unpack(source)
            return _folder(
                "the archive", sorted(files, key=str.encode), files.__getitem__, progress
            )
        return _file(source, "the bytes", lambda _: source)
    path = Path(source)
    if path.is_dir():
        return _folder(
            path.name or str(path), list_files(path), lambda name: read_file(path / name), progress
        )
    return _file(read_file(path), path.name, lambda _: read_file(path))


def _file(data: bytes, name: str, read: Callable[[str], bytes]) -> Artefact:
    kind = _format_of(data, name)
    if kind is None:
        raise _unknown(name)
    digest = sha256(data).hexdigest()
    return Artefact(kind, digest, len(data), (Part("", len(data), digest),), name, read)


def _folder(
    name: str, names: list[str], read: Callable[[str], bytes], progress: Progress
) -> Artefact:
    parts: list[Part] = []
    strange: list[str] = []
    weights: set[str] = set()
    for done, member in enumerate(names):
        progress(done, len(names), "files read")
        data = read(member)
        kind = _format_of(data, member)
        if kind == "onnx":
            folder = member.rpartition("/")[0]
            weights |= {f"{folder}/{one}".lstrip("/") for one in read_graph(data).external}
        elif kind is None and not _is_harmless(data, member):
            strange.append(member)
        parts.append(part_of(member, data))
    progress(len(names), len(names), "files read")
    unknown = [member for member in strange if member not in weights]
    if unknown:
        raise _unknown(f"{name}/{unknown[0]}")
    digest = sha256(manifest_of(parts)).hexdigest()
    return Artefact("folder", digest, sum(part.size for part in parts), tuple(parts), name, read)


def _format_of(data: bytes, name: str) -> Literal["onnx", "lightgbm", "skops"] | None:
    """Tell which model a file is; None where it is none. Refuses what holds code."""
    if is_lightgbm(data):
        read_lightgbm(data)
        return "lightgbm"
    refuse_suspects(data, name)
    if is_onnx(data):
        read_graph(data)
        return "onnx"
    if data.startswith(_ZIP) and is_skops(data):
        check_types(data, name)
        return "skops"
    return None


def _is_harmless(data: bytes, name: str) -> bool:
    """Tell whether a file may lie beside a model: text, safetensors, or arrays of numbers."""
    if data.startswith(_NPY) or _is_safetensors(data):
        return True
    if data.startswith(_ZIP):
        return all(content.startswith(_NPY) for _, content in zip_members(data, name))
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False


def _is_safetensors(data: bytes) -> bool:
    if len(data) < 9 or data[8:9] != b"{":
        return False
    (length,) = struct.unpack("<Q", data[:8])
    if not 0 < length <= min(len(data) - 8, _SAFETENSORS_HEADER_MAX):
        return False
    try:
        header = json.loads(data[8 : 8 + length])
    except ValueError:
        return False
    return isinstance(header, Mapping)


def _unknown(name: str) -> InputError:
    return InputError(
        "model.format",
        f"expected ONNX, LightGBM text, skops, or a folder of them with text, safetensors and "
        f"arrays, found none of these in {name}",
        hint="Convert it where it was made: skl2onnx.to_onnx(model, X), "
        "skops.io.dump(model, path) or booster.save_model(path).",
    )
