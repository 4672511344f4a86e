"""Keep a Delta table of a ledger's entries up to date: each time only what is new is appended.

A commit of the table holds some entries and how far it got, as an application transaction, so an
interrupted export goes on where it stopped, and two at once cannot write the same rows: one of
them is told so. What a killed export leaves in the folder is in no commit, and no reader sees it.

The whole content stands as text in the column `content`, and every path that has a plain name in a
column of its own as well, if its value is of the kind that this column began with. So nothing is
lost and no later record can break the table: what fits no column is in `content` alone. What is
sealed has no column: whether it is erased may change after its row was written.

This module refuses a table of another ledger or kind, and to take a ledger for the one that it
knows when it has other entries. Source: Delta transaction log protocol, "Transaction Identifiers".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from counterfoil.errors import Conflict, CounterfoilError, InputError, Unavailable
from counterfoil.extras import brings
from counterfoil.ledger.export.columns import (
    COLUMNS_MAX,
    HEADER_COLUMNS,
    ColumnKind,
    cells,
    header_values,
    kind_of_value,
)
from counterfoil.ledger.export.rows import ExportRow, rows
from counterfoil.ledger.export.run import Exportable, Exported, Progress
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.storage.durable import sync_folder

with brings("delta"):
    import pyarrow as pa
    from deltalake import (
        CommitProperties,
        DeltaTable,
        QueryBuilder,
        Transaction,
        write_deltalake,
    )
    from deltalake.exceptions import CommitFailedError, DeltaError

    from counterfoil.ledger.export.arrow import BATCH_CELLS, field_of, header_fields

__all__ = ["COMMIT_ENTRIES", "NamedLog", "append_delta"]

COMMIT_ENTRIES: Final = 32_768
"""Most entries that one commit goes through."""

_COMMIT_CELLS: Final = 4 * BATCH_CELLS
_REPORT_ENTRIES: Final = 1024
_ORIGIN: Final = "counterfoil.origin"
_KIND: Final = "counterfoil.kind"
_WRITER: Final = "counterfoil"
_LOG: Final = "_delta_log"
_CONTENT: Final = "content"
_PLAIN: Final = re.compile(r"content\.[A-Za-z0-9_.-]{1,200}", re.ASCII)
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_EXACT_MAX: Final = 1 << 53
_KINDS: Final[Mapping[str, ColumnKind]] = {
    "bool": "boolean",
    "int64": "integer",
    "double": "number",
    "string": "text",
}


class NamedLog(Exportable, Protocol):
    """What is read: an open ledger, its name and single entries."""

    @property
    def origin(self) -> str:
        """The log's identity."""

    def entry(self, index: int) -> bytes:
        """Read the bytes of the entry at an index."""


def append_delta(
    ledger: NamedLog,
    folder: Path,
    *,
    end: int | None = None,
    kind: str | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Append what a Delta table does not hold yet of entries [0, end), or to the log's end.

    folder: of the table; made where there is none. kind: only entries of this kind, the same each
    time. Gives what was appended now.
    Raises InputError with code export.range, Conflict with code export.delta-other for a table of
    something else and export.delta-raced, Unavailable with code export.write or extra.missing,
    FatalLogError with code log.damaged.
    """
    size = ledger.size
    last = size if end is None else min(end, size)
    if end is not None and end < 0:
        raise InputError("export.range", f"expected an end of at least 0, found {end}")
    with _told(folder):
        held = _files(folder)
        table = _opened(folder, ledger.origin, kind)
        done = _done(table, ledger)
        before, entries = _bytes(table), 0
        batch = _Batch(table, done)
        for row in rows(ledger.entries, done, last):
            if kind is None or row.kind == kind:
                batch.add(row)
                entries += 1
            if progress is not None and row.index % _REPORT_ENTRIES == 0:
                progress(row.index - done, last - done)
            if batch.is_full(row.index + 1):
                batch.commit(row.index + 1)
                batch = _Batch(table, row.index + 1)
        batch.commit(last)
        _sync(folder, _files(folder) - held)
        return Exported(entries, _bytes(table) - before)


def _opened(folder: Path, origin: str, kind: str | None) -> DeltaTable:
    """Open the table, or make an empty one; refuse another's."""
    if not folder.is_dir() or not DeltaTable.is_deltatable(str(folder)):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise Conflict(
                "export.delta-other",
                f"expected a Delta table or an empty folder, found {str(folder)[:200]}",
                hint="Name a folder of its own for the table.",
            )
        return DeltaTable.create(
            str(folder),
            pa.schema([*header_fields(), field_of(_CONTENT, "text")]),
            description=f"Entries of the log {origin}",
            configuration={_ORIGIN: origin, _KIND: kind or ""},
            raise_if_key_not_exists=False,
        )
    table = DeltaTable(str(folder))
    said = table.metadata().configuration
    for name, expected in ((_ORIGIN, origin), (_KIND, kind or "")):
        if said.get(name) != expected:
            raise Conflict(
                "export.delta-other",
                f"expected a table whose {name} is {expected!r}, found {said.get(name)!r:.200}",
                hint="Name another folder: a table holds one ledger, and one choice of entries.",
            )
    return table


def _done(table: DeltaTable, ledger: NamedLog) -> int:
    """Tell how many entries the table went through, and check that they are this ledger's."""
    done = int(table.transaction_version(_WRITER) or 0)
    newest = "SELECT index, leaf FROM entries ORDER BY index DESC LIMIT 1"
    found = pa.table(QueryBuilder().register("entries", table).execute(newest).read_all())
    for row in found.to_pylist():
        same = row["index"] < min(done, ledger.size)
        same = same and leaf_hash(ledger.entry(row["index"])).hex() == row["leaf"]
        if not same:
            raise Conflict(
                "export.delta-other",
                f"expected entry {row['index']} as the table holds it, found another or none",
                hint="The ledger was put back to an earlier state. Keep the table as evidence, and "
                "export into a new folder.",
            )
    if done > ledger.size:
        raise Conflict(
            "export.delta-other",
            f"expected a ledger of at least {done} entries, found {ledger.size}",
            hint="The ledger was put back to an earlier state. Export into a new folder.",
        )
    return done


class _Batch:
    """Rows of one commit; the columns that they fill, of the table's and new ones."""

    def __init__(self, table: DeltaTable, first: int) -> None:
        self._table, self._first = table, first
        own = {field.name: str(field.type) for field in pa.schema(table.schema().to_arrow())}
        self._kinds = {name: _KINDS.get(type_, "text") for name, type_ in own.items()}
        self._folded = {name.lower() for name in own}
        self._used: dict[str, None] = {}
        self._rows: list[tuple[Sequence[Any], str, dict[str, Any]]] = []

    def add(self, row: ExportRow) -> None:
        """Take up a row."""
        found = cells(row)
        for name, value in found.items():
            if name in self._used or not _PLAIN.fullmatch(name):
                continue
            if name in self._kinds or self._is_new(name, kind_of_value(value)):
                self._used[name] = None
        self._rows.append((header_values(row), bytes(row.content).decode(), found))

    def is_full(self, stop: int) -> bool:
        """Tell whether it is time to commit, before entry `stop`."""
        held = len(self._rows) * (len(self._used) + len(HEADER_COLUMNS))
        return stop - self._first >= COMMIT_ENTRIES or held >= _COMMIT_CELLS

    def commit(self, stop: int) -> None:
        """Append the rows, and say in the same commit that all before entry `stop` are done.

        Without rows nothing is written: the next export goes through these entries again.
        """
        if not self._rows:
            return
        headers = zip(*(header for header, _, _ in self._rows), strict=True)
        fields = [*header_fields(), field_of(_CONTENT, "text")]
        columns: list[Sequence[Any]] = [*headers, [content for _, content, _ in self._rows]]
        for name in self._used:
            kind = self._kinds[name]
            fields.append(field_of(name, kind))
            columns.append([_cell(found.get(name), kind) for _, _, found in self._rows])
        arrays = [
            pa.array(column, type=field.type) for column, field in zip(columns, fields, strict=True)
        ]
        data = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
        moved = CommitProperties(app_transactions=[Transaction(_WRITER, stop, None)])
        write_deltalake(
            self._table, data, mode="append", schema_mode="merge", commit_properties=moved
        )
        self._table.update_incremental()

    def _is_new(self, name: str, kind: ColumnKind | None) -> bool:
        """Add a column where there can be one; Delta tells columns apart by more than case."""
        if kind is None or name.lower() in self._folded or len(self._kinds) >= COLUMNS_MAX:
            return False
        self._kinds[name] = kind
        self._folded.add(name.lower())
        return True


def _cell(value: Any, kind: ColumnKind) -> Any:
    """Give a value as its column holds it; None where it does not."""
    own = kind_of_value(value)
    if own == kind:
        return value if own != "text" or type(value) is str else msgspec.json.encode(value).decode()
    if own == "integer" and kind == "number" and abs(value) <= _EXACT_MAX:
        return float(value)
    return None


def _files(folder: Path) -> frozenset[Path]:
    return frozenset((*folder.glob("*.parquet"), *folder.glob(f"{_LOG}/*")))


def _sync(folder: Path, new: frozenset[Path]) -> None:
    """Make new files durable, which the Delta library does not, before anybody hears of them."""
    for path in new:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    if new:
        sync_folder(folder)
        sync_folder(folder / _LOG)
        sync_folder(folder.resolve().parent)


def _bytes(table: DeltaTable) -> int:
    sizes = pa.table(table.get_add_actions(flatten=True)).column("size_bytes")
    return sum(sizes.to_pylist())


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turn what the Delta library raises into our errors."""
    try:
        yield
    except CounterfoilError:
        raise
    except CommitFailedError as err:
        raise Conflict(
            "export.delta-raced",
            f"expected to be the only one who writes {str(folder)[:200]}, but: {_plain(err)}",
            hint="Another export was quicker. Run this one again: it goes on where that one ended.",
        ) from err
    except (DeltaError, OSError) as err:
        raise Unavailable(
            "export.write",
            f"expected to write {str(folder)[:200]}, but: {_plain(err)}",
            hint="Check the space and the permissions; what was committed before is whole.",
        ) from err


def _plain(err: Exception) -> str:
    """Say what the library says in one line, without the colours that it may hold."""
    return " ".join(_COLOUR.sub("", str(err)).split())[:200]
