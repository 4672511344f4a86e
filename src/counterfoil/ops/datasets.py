"""Fingerprint data sets, and say how two of them differ, down to the cell; no ledger is needed.

This module refuses to know formats: `provenance.fingerprint` reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.ops.files import shown
from counterfoil.ops.table_options import Columns, Missing, Types, on_disk, reading
from counterfoil.ports import Channel, Param, Progress
from counterfoil.provenance.fingerprint import (
    FilesPrint,
    OpenTable,
    Side,
    TableDiff,
    TablePrint,
    diff_tables,
    fingerprint_files,
    fingerprint_table,
    open_table,
)

__all__ = ["Compared", "Fingerprinted", "diff", "fingerprint"]

_FILES_SHOWN: Final = 1000


@dataclass(frozen=True, slots=True)
class Fingerprinted:
    """What a file or folder is; exactly one of table and files is there."""

    path: str
    table: TablePrint | None = None
    files: FilesPrint | None = None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print; the first 1,000 files."""
        if self.table is not None:
            return {
                "path": self.path,
                "format": "table/v1",
                "digest": self.table.digest,
                "root": self.table.root,
                "rows": self.table.rows,
                "columns": [asdict(one) for one in self.table.columns],
                "salted": self.table.salted,
            }
        listed = () if self.files is None else self.files.files
        root = "" if self.files is None else self.files.root
        return {
            "path": self.path,
            "format": "files/v1",
            "digest": root,
            "root": root,
            "rows": len(listed),
            "size": sum(one.size for one in listed),
            "files": [asdict(one) for one in listed[:_FILES_SHOWN]],
        }


@dataclass(frozen=True, slots=True)
class Compared:
    """How two tables differ; a, b: their files."""

    a: str
    b: str
    diff: TableDiff

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {"a": self.a, "b": self.b, **asdict(self.diff)}


def fingerprint(
    path: Annotated[
        Path,
        Param(
            "A table (Parquet, CSV, NDJSON, Arrow) or a folder, - for a stream.",
            "FILE",
            holds="tree",
        ),
    ],
    *,
    channel: Channel,
    file: Annotated[bool, Param("Take the file as bytes, and not as a table.")] = False,
    type_: Types = (),
    missing: Missing = (),
    columns: Columns = None,
    progress: Progress,
) -> Fingerprinted:
    """Fingerprint a table or folder: the same data gives the same, whatever format holds it.

    Rows are not salted: whoever sees a leaf can try values. Raises NotFound with code
    dataset.file; InputError with code dataset.unreadable, dataset.columns, dataset.column-type,
    dataset.value, dataset.schema, dataset.type or dataset.folder; Unavailable with code
    extra.missing.
    """
    if file or path.is_dir():
        return Fingerprinted(shown(path), files=fingerprint_files(path))
    how = reading(type_, missing, columns)
    with on_disk(path, channel) as found:
        table = open_table(found, **how.options)
        counted = _counted(table, progress)
        return Fingerprinted(shown(path), table=fingerprint_table(table.schema, counted))


def diff(
    a: Annotated[Path, Param("The table before.", "A", holds="file")],
    b: Annotated[Path, Param("The table after.", "B", holds="file")],
    *,
    key: Annotated[str | None, Param("A column whose values name rows.", "COLUMN")] = None,
    limit: Annotated[int, Param("List at most so many changes.", "N", short="n")] = 100,
    type_: Types = (),
    missing: Missing = (),
    columns: Columns = None,
) -> Compared:
    """Say how two tables differ: columns, types, rows and cells.

    Raises as `fingerprint`, and InputError with code dataset.key or dataset.limit.
    """
    if limit < 0:
        raise InputError("dataset.limit", f"expected a limit of 0 or more, found {limit}")
    for path in (a, b):
        if not path.is_file():
            raise NotFound(
                "dataset.file",
                f"expected a file at {shown(path)}, found none",
                hint="Check the path.",
            )
    how = reading(type_, missing, columns)
    sides = [Side(path, **how.options) for path in (a, b)]
    return Compared(shown(a), shown(b), diff_tables(sides[0], sides[1], key=key, limit=limit))


def _counted(table: OpenTable, progress: Progress) -> Iterator[Any]:
    done = 0
    for batch in table.batches():
        yield batch
        done += batch.num_rows
        progress(done, table.rows, "rows")
