"""Take a frame or a file as a table for checks.

CSV has no types: a column is of numbers when everything in it that is not missing is one. Times
become milliseconds since 1970. What stands for nothing: the empty text, ?, NA, N/A, NaN, null and
None; a fingerprint takes all but the empty text as the texts that they are, since it has to tell
them apart. This module refuses columns of lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from counterfoil.errors import InputError
from counterfoil.provenance.checks.extra import need
from counterfoil.provenance.checks.table import Column, Table
from counterfoil.provenance.fingerprint import open_table

__all__ = ["MISSING", "read_table", "table_of"]

MISSING: Final = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
"""Texts that stand for nothing."""

_PLAIN_NUMBER: Final = r"^[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"


def read_table(path: Path, columns: Sequence[str] = ()) -> Table:
    """Read a file: CSV, Parquet, NDJSON or Arrow, as `open_table` does.

    columns: names of the columns of a CSV file without a header. Raises InputError with code
    check.data, and as `open_table`.
    """
    opened = open_table(path, infer=False, columns=columns or None)
    names = [str(name).strip() for name in opened.schema.names]
    if len(set(names)) != len(names):
        raise InputError(
            "check.data",
            "expected a header with each name once, found one twice",
            hint="If the file has no header, name the columns in order.",
        )
    found = need("pyarrow").Table.from_batches(opened.batches(), opened.schema)
    return _table(found.rename_columns(names), guess=opened.kind == "csv")


def table_of(data: Any) -> Table:
    """Take a frame as a table.

    data: a `Table`, path, pyarrow table, anything with `__arrow_c_stream__` (pandas, polars,
    DuckDB), or a mapping of names to sequences. Raises InputError with code check.data.
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, (str, Path)):
        return read_table(Path(data))
    arrow = need("pyarrow")
    try:
        if isinstance(data, Mapping):
            found = arrow.table({str(k): arrow.array(_plain(v)) for k, v in data.items()})
        elif isinstance(data, arrow.Table):
            found = data
        elif hasattr(data, "__arrow_c_stream__"):
            found = arrow.table(data)
        else:
            raise TypeError(f"found {type(data).__name__}")
    except (arrow.ArrowException, TypeError, ValueError) as err:
        raise InputError(
            "check.data",
            f"expected a frame, a file or a mapping of columns, but: {str(err)[:300]}",
            hint="Give a pandas, polars or pyarrow table, or the path of a CSV or Parquet file.",
        ) from err
    return _table(found, guess=False)


def _plain(values: Any) -> Any:
    return (
        values
        if hasattr(values, "__array__") or hasattr(values, "__arrow_array__")
        else list(values)
    )


def _table(found: Any, *, guess: bool) -> Table:
    if not found.num_rows or not found.num_columns:
        raise InputError(
            "check.data",
            f"expected rows and columns, found {found.num_rows} rows of {found.num_columns}",
            hint="Check that it is the data that you mean.",
        )
    columns = [
        _column(str(name), column, guess=guess)
        for name, column in zip(found.column_names, found.columns, strict=True)
        if not str(name).startswith("__index_level_")
    ]
    return Table(tuple(columns))


def _column(name: str, chunked: Any, *, guess: bool) -> Column:
    arrow, compute = need("pyarrow"), need("pyarrow.compute")
    types = arrow.types
    array = chunked.combine_chunks() if chunked.num_chunks != 1 else chunked.chunk(0)
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind = array.type
    if types.is_temporal(kind) and not types.is_duration(kind):
        unit = kind if types.is_time(kind) else arrow.timestamp("ms")
        array = array.cast(unit, safe=False).cast(arrow.int64(), safe=False)
        kind = array.type
    if types.is_boolean(kind) or types.is_null(kind):
        array = array.cast(arrow.string())
    elif types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return _number(name, array.cast(arrow.float64(), safe=False))
    elif types.is_duration(kind):
        return _number(name, array.cast(arrow.int64()).cast(arrow.float64(), safe=False))
    elif not (types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)):
        raise InputError(
            "check.data",
            f"expected numbers, texts, truths or times in column {name[:80]!a}, found {kind}",
            hint="Leave the column out, or unfold it into plain columns.",
        )
    text = compute.utf8_trim_whitespace(array.cast(arrow.string()))
    text = compute.if_else(
        compute.is_in(text, value_set=arrow.array(MISSING)),
        arrow.scalar(None, arrow.string()),
        text,
    )
    if guess and len(text) > text.null_count:
        plain = compute.all(compute.match_substring_regex(text, _PLAIN_NUMBER))
        if plain.as_py():
            return _number(name, text.cast(arrow.float64()))
    return _text(name, text)


def _number(name: str, array: Any) -> Column:
    values = array.to_numpy(zero_copy_only=False).astype(np.float64)
    return Column(name, "number", values, np.empty(0, dtype=np.int64))


def _text(name: str, array: Any) -> Column:
    coded = array.dictionary_encode()
    texts = [str(one) for one in coded.dictionary.to_pylist()]
    places = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    order = sorted(range(len(texts)), key=texts.__getitem__)
    rank = np.empty(len(texts) + 1, dtype=np.int64)
    rank[order] = np.arange(len(texts))
    rank[-1] = -1  # what is missing has place -1
    labels = tuple(texts[at] for at in order)
    return Column(name, "text", np.empty(0), rank[places], labels)
