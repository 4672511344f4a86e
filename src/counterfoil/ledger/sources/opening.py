"""Choose the reader of a file by its name's ending, else by its first bytes.

This module refuses to guess further: a file that is neither is refused with the list of what is
read.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from counterfoil.errors import InputError
from counterfoil.extras import brings
from counterfoil.ledger.sources.csv_text import CsvFile
from counterfoil.ledger.sources.file import SourceFile
from counterfoil.ledger.sources.lines import BYTE_ORDER_MARK
from counterfoil.ledger.sources.ndjson import NdjsonFile, NdjsonStream

if TYPE_CHECKING:
    from counterfoil.ledger.sources.rows import RowSource

__all__ = ["open_source", "stream_source"]

_MEDIA: Final = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".csv": "csv",
    ".parquet": "parquet",
}
_PARQUET_MAGIC: Final = b"PAR1"
_PACKED: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}
_NAME_MAX: Final = 255
_SNIFF_BYTES: Final = 4096


def open_source(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> RowSource:
    """Open a file of rows: NDJSON (.ndjson, .jsonl, .json), CSV (.csv) or Parquet.

    name: the source's id instead of the file's digest; see stream_source. on_bytes: told how many
    bytes have been digested, each MiB, for progress.
    A file with another ending is read as Parquet or NDJSON when it begins like one.
    Raises NotFound with code source.missing; InputError with code source.not-a-file,
    source.unreadable, source.empty, source.format, source.name, or as the format's reader does;
    Conflict with code source.changed; Unavailable with code extra.missing (Parquet needs
    the extra `frames`) or source.unreadable.
    """
    where = Path(path)
    _check_name(name)
    file = SourceFile.at(where, name=name, on_bytes=on_bytes)
    if file.size == 0:
        raise InputError(
            "source.empty",
            f"expected at least one row in {where}, found no rows: the file is empty",
            hint="Check that the file is the one you mean.",
        )
    media = _MEDIA.get(where.suffix.lower()) or _sniff(file)
    if media == "csv":
        return CsvFile(file)
    if media == "ndjson":
        return NdjsonFile(file)
    return _open_parquet(file)


def stream_source(stream: BinaryIO, *, name: str) -> RowSource:
    """Read NDJSON from a stream, once; the stream stays open and its owner's.

    name: the source's id, 1 to 255 printable characters, not beginning with `sha256:`. The rows
    of two streams with one name are the same records, number for number.
    Raises InputError with code source.name.
    """
    _check_name(name)
    return NdjsonStream(stream, name)


def _check_name(name: str | None) -> None:
    if name is None:
        return
    if not 0 < len(name) <= _NAME_MAX or not name.isprintable():
        raise InputError(
            "source.name",
            f"expected a name of 1 to {_NAME_MAX} printable characters, got {name[:80]!a}",
            hint="Name the source, for example after the sensor or export it comes from.",
        )
    if name.startswith("sha256:"):
        # It would claim a digest that nobody computed, and take the place of that file's rows.
        raise InputError(
            "source.name",
            f"expected a name that does not begin with sha256:, got {name[:80]!a}",
            hint="Give the file itself, without a name, to have it named by its digest.",
        )


def _sniff(file: SourceFile) -> str:
    with file.open() as stream:
        head = stream.read(_SNIFF_BYTES)
    if head.startswith(_PARQUET_MAGIC):
        return "parquet"
    if head.removeprefix(BYTE_ORDER_MARK).lstrip().startswith(b"{"):
        return "ndjson"
    packed = next((kind for magic, kind in _PACKED.items() if head.startswith(magic)), None)
    if packed:
        raise InputError(
            "source.format",
            f"expected NDJSON, CSV or Parquet in {file.path}, found {packed} data",
            hint="Unpack it first; NDJSON can be piped in with - as the file.",
        )
    raise InputError(
        "source.format",
        f"expected NDJSON, CSV or Parquet in {file.path}, found neither by name nor by content",
        hint="Give the file the ending .ndjson, .jsonl, .csv or .parquet.",
    )


def _open_parquet(file: SourceFile) -> RowSource:
    with brings("frames"):  # Arrow is large: it is loaded only for the files that need it
        from counterfoil.ledger.sources.parquet import ParquetFile
    return ParquetFile(file)
