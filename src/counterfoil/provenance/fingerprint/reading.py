"""Open a table wherever it is: a frame in memory, a Parquet file, CSV or NDJSON text.

Files are read in parts, so that memory stays flat, whatever their size; CSV twice, since its types
are those of whole columns. This module refuses files that change while they are read, ragged rows
and repeated columns: it repairs nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.provenance.fingerprint.csv_types import TypeOf, check_types, converted
from counterfoil.provenance.fingerprint.extra import need

__all__ = ["OpenTable", "open_table"]

_DELIMITERS: Final = (",", ";", "\t")
_PART_BYTES: Final = 8 << 20
_TEXT: Final = (".csv", ".dat", ".data", ".tab", ".tsv", ".txt")
_LINES: Final = (".ndjson", ".jsonl")
_PACKED: Final = (".gz", ".bz2", ".zst")


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table that can be read, more than once.

    schema: pyarrow Schema. batches: gives its RecordBatches from the start. rows: how many, where
    that is known. kind: `frame`, `parquet`, `csv` or `ndjson`.
    """

    schema: Any
    batches: Callable[[], Iterator[Any]]
    rows: int | None
    kind: str


def open_table(
    data: Any,
    *,
    types: Mapping[str, str] | None = None,
    missing: Sequence[str] = (),
    infer: bool = True,
    columns: Sequence[str] | None = None,
) -> OpenTable:
    """Open a table.

    data: a path, or anything with `__arrow_c_stream__` (pandas, polars, pyarrow, DuckDB). types:
    column -> type, for CSV. missing: texts that stand for nothing in CSV, beside the empty cell.
    infer: give CSV the types of its text; else all its columns are text. columns: names, for CSV
    without a header.
    Raises NotFound with code dataset.file, InputError with code dataset.unreadable,
    dataset.frame, dataset.schema or dataset.columns, Unavailable with code extra.missing.
    """
    if isinstance(data, (str, Path)):
        return _open_file(Path(data), _Csv(types or {}, missing, columns, infer=infer))
    arrow = need("pyarrow")
    if not hasattr(data, "__arrow_c_stream__"):
        raise InputError(
            "dataset.frame",
            f"expected a file, or a frame with __arrow_c_stream__, found {type(data).__name__}",
            hint="Give a pandas, polars, pyarrow or DuckDB table.",
        )
    try:
        table = data if isinstance(data, arrow.Table) else arrow.table(data)
    except (arrow.ArrowException, TypeError, ValueError) as err:
        raise InputError(
            "dataset.frame",
            f"expected a frame whose columns have one type each, but: {str(err)[:300]}",
            hint="Give columns of mixed objects one type, such as text.",
        ) from err
    return OpenTable(table.schema, lambda: iter(table.to_batches()), table.num_rows, "frame")


@dataclass(frozen=True, slots=True)
class _Csv:
    """How CSV is to be read."""

    types: Mapping[str, str]
    missing: Sequence[str]
    columns: Sequence[str] | None
    infer: bool


def _open_file(path: Path, how: _Csv) -> OpenTable:
    if not path.is_file():
        raise NotFound(
            "dataset.file", f"expected a file at {path}, found none", hint="Check the path."
        )
    arrow = need("pyarrow")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    last = next((s for s in reversed(suffixes) if s not in _PACKED), "")
    try:
        if _begins(path, b"PAR1"):
            return _open_parquet(path)
        if last in _LINES:
            return _open_lines(path)
        if last in (".arrow", ".feather", ".ipc") or _begins(path, b"ARROW1"):
            return _open_ipc(path)
        if last in _TEXT or not last:
            return _open_csv(path, how)
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as err:
        raise _unreadable(path, err) from err
    raise InputError(
        "dataset.unreadable",
        f"expected Parquet, Arrow, CSV or NDJSON, found {path.name[:80]!a}",
        hint="Name the file by what it is, or fingerprint it as a file with --file.",
    )


def _begins(path: Path, magic: bytes) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(magic)) == magic


def _open_parquet(path: Path) -> OpenTable:
    parquet = need("pyarrow.parquet")
    with parquet.ParquetFile(path) as found:
        schema, rows = found.schema_arrow.remove_metadata(), found.metadata.num_rows

    def batches() -> Iterator[Any]:
        with _readable(path), parquet.ParquetFile(path) as opened:
            yield from opened.iter_batches(batch_size=65_536)

    return OpenTable(schema, batches, rows, "parquet")


def _open_ipc(path: Path) -> OpenTable:
    ipc = need("pyarrow.ipc")
    table = ipc.open_file(path).read_all()
    return OpenTable(table.schema, lambda: iter(table.to_batches()), table.num_rows, "frame")


def _open_lines(path: Path) -> OpenTable:
    table = need("pyarrow.json").read_json(path)
    return OpenTable(table.schema, lambda: iter(table.to_batches()), table.num_rows, "ndjson")


def _open_csv(path: Path, how: _Csv) -> OpenTable:
    arrow = need("pyarrow")
    text = _Text(path, how.missing, how.columns)
    if not how.infer:
        schema = arrow.schema([(name, arrow.string()) for name in text.names])
        return OpenTable(schema, text.parts, None, "csv")
    check_types(how.types, text.names)
    learned = [TypeOf(name, how.types.get(name)) for name in text.names]
    rows = 0
    for part in text.parts():
        rows += part.num_rows
        for learning, column in zip(learned, part.columns, strict=True):
            learning.see(column)
    kinds = [learning.stored for learning in learned]
    empty = [converted(arrow.array([], arrow.string()), kind, "") for kind in kinds]
    schema = arrow.schema([(n, e.type) for n, e in zip(text.names, empty, strict=True)])

    def batches() -> Iterator[Any]:
        for part in text.parts():
            arrays = [
                converted(column, kind, name)
                for name, kind, column in zip(text.names, kinds, part.columns, strict=True)
            ]
            yield arrow.RecordBatch.from_arrays(arrays, schema=schema)

    return OpenTable(schema, batches, rows, "csv")


class _Text:
    """CSV as text: its column names, and its cells part by part, missing ones null."""

    def __init__(self, path: Path, missing: Sequence[str], columns: Sequence[str] | None) -> None:
        self._path = path
        self._columns = None if columns is None else list(columns)
        self._missing = ["", *missing]
        self._delimiter = self._find_delimiter()
        with self._open() as stream:
            self.names = [str(name) for name in stream.schema.names]

    def _find_delimiter(self) -> str:
        with self._stream() as stream:
            head = stream.read(1 << 16).split(b"\n", 1)[0]
        return next((one for one in _DELIMITERS if one.encode() in head), ",")

    def _stream(self) -> Any:
        arrow = need("pyarrow")
        packed = self._path.suffix.lower() in _PACKED
        return arrow.input_stream(str(self._path), compression="detect" if packed else None)

    def _open(self, names: Sequence[str] = ()) -> Any:
        csv, arrow = need("pyarrow.csv"), need("pyarrow")
        return csv.open_csv(
            self._stream(),
            read_options=csv.ReadOptions(block_size=_PART_BYTES, column_names=self._columns),
            parse_options=csv.ParseOptions(
                delimiter=self._delimiter,
                newlines_in_values=True,
                ignore_empty_lines=len(names) != 1,  # there they are missing values
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, arrow.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=self._missing,
            ),
        )

    def parts(self) -> Iterator[Any]:
        """Read the rows as text, in order."""
        last = None
        with _readable(self._path), self._open(self.names) as stream:
            for part in stream:
                last = part if part.num_rows else last
                yield part
        if last is not None:
            self._check_end(last.column(last.num_columns - 1)[-1].as_py())

    def _check_end(self, cell: str | None) -> None:
        """Refuse a last cell whose quote is never closed: it would be read as if it were."""
        if cell is None:
            return
        ending = b'"' + cell.encode().replace(b'"', b'""')
        found = self._tail(len(ending) + 1)
        if found.endswith(ending) and (cell or not found.endswith(b'""')):
            raise _unreadable(self._path, ValueError("no quote closes the last cell"))

    def _tail(self, length: int) -> bytes:
        found = b""
        with _readable(self._path), self._stream() as stream:
            if stream.seekable():
                stream.seek(max(0, stream.size() - length))
            while part := stream.read(_PART_BYTES):
                found = (found + part)[-length:]
        return found


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (need("pyarrow").ArrowException, OSError) as err:
        raise _unreadable(path, err) from err


def _unreadable(path: Path, err: Exception) -> InputError:
    return InputError(
        "dataset.unreadable",
        f"expected a table in {path}, but: {str(err)[:300]}",
        hint="Check that the file is whole, and that each row has the columns of the header.",
    )
