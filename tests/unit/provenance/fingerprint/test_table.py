"""The same data has the same fingerprint, whatever holds it; any change has another."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.proofs.merkle import inclusion_path, reader_of, verify_inclusion
from counterfoil.provenance.fingerprint import TablePrint, fingerprint_table, open_table
from counterfoil.provenance.fingerprint.table import (
    CHUNK_ROWS,
    digest_of,
    row_cells,
    row_leaf,
    salts_of,
)
from tests.statements import refused

DAYS = [dt.date(2020, 1, 1), dt.date(1969, 12, 31), None]
TIMES = [dt.datetime(2020, 1, 1, 10, 0, 0, 500_000), dt.datetime(1960, 5, 5), None]
TABLE = pa.table(
    {
        "whole": pa.array([1, -2, None], pa.int32()),
        "number": pa.array([1.5, -0.0, None], pa.float64()),
        "text": ["a", "é", 'x,"y\nz'],
        "truth": [True, None, False],
        "day": pa.array(DAYS),
        "at": pa.array(TIMES, pa.timestamp("us")),
        "moment": pa.array(TIMES, pa.timestamp("us", "Europe/Berlin")),
    }
)
"""What all libraries can hold."""


def print_of(data: Any, secret: bytes | None = None, **reading: Any) -> TablePrint:
    opened = open_table(data, **reading)
    return fingerprint_table(opened.schema, opened.batches(), secret)


def forms(table: pa.Table, folder: Path) -> dict[str, Any]:
    """Give a table in every form."""
    pq.write_table(table, folder / "t.parquet", row_group_size=2)
    connection = duckdb.connect()
    connection.register("t", table)
    return {
        "pyarrow": table,
        "chunks": pa.concat_tables([table.slice(at, 1) for at in range(table.num_rows)]),
        "pandas": table.to_pandas(types_mapper=pd.ArrowDtype),
        "polars": pl.from_arrow(table),
        "duckdb": connection.sql("select * from t"),
        "parquet": folder / "t.parquet",
    }


def test_every_library_gives_the_same(tmp_path: Path) -> None:
    """pandas, polars, pyarrow, DuckDB and Parquet agree, salted or not."""
    secret = b"s" * 32
    for key in (None, secret):
        found = {name: print_of(one, key).digest for name, one in forms(TABLE, tmp_path).items()}
        assert set(found.values()) == {print_of(TABLE, key).digest}, found
    assert print_of(TABLE, secret).root != print_of(TABLE).root


def test_csv_gives_the_same_as_what_it_was_written_from(tmp_path: Path) -> None:
    """Types are inferred from whole columns; a type that is given counts instead."""
    frame = pd.DataFrame(
        {
            "whole": [1, 2, 3],
            "number": [1.5, float("nan"), 0.25],
            "text": ["007", "b", "c,d"],
            "truth": [True, False, True],
            "day": [dt.date(2020, 1, 1)] * 3,
            "at": pd.to_datetime(["2020-01-01 10:00:00.25"] * 3),
        }
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    found = print_of(tmp_path / "t.csv")
    kinds = ["integer", "float", "string", "boolean", "date", "timestamp"]
    assert [one.type for one in found.columns] == kinds
    assert found.digest == print_of(frame).digest
    as_text = print_of(tmp_path / "t.csv", types={"whole": "string"})
    assert as_text.columns[0].type == "string"
    (tmp_path / "u.csv").write_text("a,b\n1,NA\n,2\n")
    assert [one.type for one in print_of(tmp_path / "u.csv").columns] == ["integer", "string"]
    assert print_of(tmp_path / "u.csv", missing=["NA"]).columns[1].type == "integer"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([1, 2], pa.int8()), pa.array([1, 2], pa.uint64())),
        (pa.array([1.5, None], pa.float32()), pa.array([1.5, None], pa.float64())),
        (pa.array([0.0]), pa.array([-0.0])),
        (pa.array([1.0, None]), pa.array([1.0, float("nan")])),
        (pa.array(["a", "b"]), pa.array(["a", "b"]).dictionary_encode()),
        (pa.array(["a", None], pa.large_string()), pa.array(["a", None], pa.string_view())),
        (pa.array([b"ab"], pa.binary(2)), pa.array([b"ab"], pa.large_binary())),
        (
            pa.array([Decimal("1.50")], pa.decimal128(5, 2)),
            pa.array([Decimal("1.5")], pa.decimal256(40, 1)),
        ),
        (pa.array([1], pa.timestamp("s")), pa.array([10**9], pa.timestamp("ns"))),
        (
            pa.array([1], pa.timestamp("s", "UTC")),
            pa.array([1000], pa.timestamp("ms", "Asia/Tokyo")),
        ),
        (pa.array([7], pa.duration("ms")), pa.array([7000], pa.duration("us"))),
        (pa.array([1], pa.date32()), pa.array([86_400_000], pa.date64())),
        (pa.array([1], pa.time32("s")), pa.array([10**9], pa.time64("ns"))),
        (pa.array([[1], None, []]), pa.array([[1], None, []], pa.large_list(pa.int8()))),
        (pa.array([[1, 2]], pa.list_(pa.int64(), 2)), pa.array([[1, 2]])),
        (pa.array([{"a": "x"}]), pa.array([{"a": "x"}], pa.struct({"a": pa.large_string()}))),
    ],
    ids=range(16),
)
def test_storage_does_not_count(one: pa.Array, other: pa.Array) -> None:
    """Widths, units, views, dictionaries and zones are storage; the value is the same."""
    assert print_of(pa.table({"x": one})).digest == print_of(pa.table({"x": other})).digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([1, 2]), pa.array([2, 1])),
        (pa.array([1, 2]), pa.array([1, 2, None])),
        (pa.array([1]), pa.array([1.0])),
        (pa.array([1]), pa.array(["1"])),
        (pa.array([True]), pa.array([1])),
        (pa.array([None, 0], pa.int64()), pa.array([0, None], pa.int64())),
        (pa.array([2**63], pa.uint64()), pa.array([-(2**63)], pa.int64())),
        (pa.array(["a", ""]), pa.array(["a", None])),
        (pa.array(["ab", "c"]), pa.array(["a", "bc"])),
        (pa.array([[1], [2]]), pa.array([[1, 2], []])),
        (pa.array([1], pa.timestamp("s")), pa.array([1], pa.timestamp("s", "UTC"))),
        (pa.array([{"a": 1}]), pa.array([{"b": 1}])),
    ],
    ids=range(12),
)
def test_values_count(one: pa.Array, other: pa.Array) -> None:
    """Another value, type, order or missing value is another fingerprint."""
    assert print_of(pa.table({"x": one})).digest != print_of(pa.table({"x": other})).digest


def test_names_and_order_of_columns_count() -> None:
    """A renamed or moved column is another data set; a nameless index of pandas is no column."""
    base = print_of(pa.table({"a": [1], "b": [2]})).digest
    assert print_of(pa.table({"b": [2], "a": [1]})).digest != base
    assert print_of(pa.table({"a": [1], "c": [2]})).digest != base
    assert print_of(pd.DataFrame({"a": [1], "b": [2]}, index=[7])).digest == base


@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.text(max_size=5),
            st.none() | st.floats(allow_nan=False),
        ),
        min_size=1,
        max_size=20,
    ),
    size=st.integers(1, 7),
)
@settings(max_examples=40, deadline=None)
def test_any_table_in_any_batches(rows: list[tuple[Any, ...]], size: int) -> None:
    """How rows are cut into batches makes no difference; polars agrees."""
    kinds = [pa.int64(), pa.string(), pa.float64()]
    columns = [
        pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)
    ]
    table = pa.table(dict(zip("abc", columns, strict=True)))
    base = print_of(table)
    cut = fingerprint_table(table.schema, table.to_batches(max_chunksize=size))
    assert cut == base
    assert print_of(pl.from_arrow(table)).digest == base.digest


def test_rows_are_proven_under_the_root() -> None:
    """Each row's leaf is made from its cells and salt alone, and stands at its place."""
    secret = b"k" * 32
    table = pa.table({"n": range(9000), "s": [f"row {n}" for n in range(9000)]})
    made = print_of(table, secret)
    leaves = [made.leaf(row) for row in range(made.rows)]
    read = reader_of(leaves)
    for row in (0, 4095, 4096, 8999):
        cells = row_cells(table.schema, table.to_batches()[0], row)
        leaf = row_leaf(salts_of(secret, row, 1), cells)
        path = inclusion_path(row, made.rows, read)
        verify_inclusion(leaf, row, made.rows, path, bytes.fromhex(made.root))
    assert made.digest == digest_of(made.rows, made.columns, made.root, salted=True)
    changed = table.set_column(1, "s", pa.array([f"row {n + (n == 5000)}" for n in range(9000)]))
    other = print_of(changed, secret)
    differ = np.flatnonzero(np.frombuffer(made.leaves, "V32") != np.frombuffer(other.leaves, "V32"))
    assert differ.tolist() == [5000]
    assert CHUNK_ROWS < 5000
    assert other.columns[0] == made.columns[0]


def test_what_cannot_be_settled_is_refused(tmp_path: Path) -> None:
    """Intervals, twice a name, a short secret, mixed objects and broken files have clear errors."""
    interval = pa.array([pa.MonthDayNano([1, 2, 3])])
    with refused("dataset.column-type"):
        print_of(pa.table({"x": interval}))
    with refused("dataset.columns"):
        print_of(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]))
    with refused("dataset.secret"):
        print_of(TABLE, b"short")
    with refused("dataset.frame"):
        print_of(pd.DataFrame({"a": [1, "x", dt.date(2020, 1, 1)]}))
    with refused("dataset.frame"):
        print_of([1, 2])
    for name, text in {
        "ragged.csv": "a,b\n1,2\n3\n",
        "empty.csv": "",
        "no.parquet": "PAR1",
    }.items():
        (tmp_path / name).write_text(text)
        with refused("dataset.unreadable"):
            print_of(tmp_path / name)
