"""What differs between two tables is named: columns, rows, cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from counterfoil.provenance.fingerprint import Side, TableDiff, diff_tables
from counterfoil.provenance.fingerprint.alignment import align
from tests.statements import refused

ROWS = 500
TABLE = pa.table(
    {
        "id": range(ROWS),
        "amount": [n / 7 for n in range(ROWS)],
        "name": [f"n{n}" for n in range(ROWS)],
        "truth": [n % 3 == 0 for n in range(ROWS)],
    }
)


def compare(one: Any, other: Any, **options: Any) -> TableDiff:
    return diff_tables(Side(one), Side(other), **options)


def with_cell(table: pa.Table, column: str, row: int, value: Any) -> pa.Table:
    """Change one cell."""
    place = table.column_names.index(column)
    values = table.column(column).to_pylist()
    values[row] = value
    return table.set_column(place, column, pa.array(values, table.schema.field(column).type))


@pytest.mark.parametrize("form", ["frame", "parquet", "csv"])
@pytest.mark.parametrize(
    ("column", "value"), [("id", -1), ("amount", 0.5), ("name", "é\n,"), ("truth", None)]
)
def test_one_cell_is_named(form: str, column: str, value: Any, tmp_path: Path) -> None:
    """The only cell that differs is named by row and column, with both values."""
    changed = with_cell(TABLE, column, 321, value)
    sides: list[Any] = [TABLE, changed]
    if form != "frame":
        write = pq.write_table if form == "parquet" else pacsv.write_csv
        paths = [tmp_path / f"{at}.{form}" for at in range(2)]
        for table, path in zip(sides, paths, strict=True):
            write(table, path)
        sides = list(paths)
    found = compare(*sides)
    assert (found.same, found.cells_changed, found.rows_changed) == (False, 1, 1)
    (cell,) = found.changes
    assert (cell.row_before, cell.row_after, cell.column) == (321, 321, column)
    assert cell.after == value
    assert cell.before == TABLE.column(column)[321].as_py()
    assert found.by_column == {column: 1}


def test_equal_tables_are_the_same_in_any_form(tmp_path: Path) -> None:
    """A table and its files do not differ, nor do narrower integers or dictionaries."""
    pq.write_table(TABLE, tmp_path / "t.parquet")
    pacsv.write_csv(TABLE, tmp_path / "t.csv")
    stored = TABLE.set_column(0, "id", TABLE.column("id").cast(pa.int16()))
    stored = stored.set_column(2, "name", stored.column("name").dictionary_encode())
    for other in (tmp_path / "t.parquet", tmp_path / "t.csv", stored):
        assert compare(TABLE, other).same


def test_columns_are_named() -> None:
    """Added, removed, retyped and moved columns are told apart."""
    other = TABLE.drop_columns(["truth"]).append_column("new", pa.array([1] * ROWS))
    found = compare(TABLE, other)
    assert (found.columns_added, found.columns_removed) == (("new",), ("truth",))
    moved = compare(TABLE, TABLE.select(["name", "id", "amount", "truth"]))
    assert (moved.columns_reordered, moved.cells_changed, moved.same) == (True, 0, False)
    text = TABLE.set_column(0, "id", TABLE.column("id").cast(pa.string()))
    (retyped,) = compare(TABLE, text).columns_retyped
    assert (retyped.column, retyped.before, retyped.after) == ("id", "integer", "string")


def test_rows_that_come_and_go_are_named() -> None:
    """Inserted and deleted rows are found in the middle, and by key in any order."""
    parts = [TABLE.slice(0, 100), TABLE.slice(101, 199), TABLE.slice(5, 1), TABLE.slice(300)]
    found = compare(TABLE, pa.concat_tables(parts))
    assert (found.method, found.deleted, found.inserted) == ("alignment", (100,), (299,))
    assert found.rows_changed == 0
    order = np.random.default_rng(1).permutation(ROWS)
    shuffled = with_cell(TABLE, "amount", 7, 99.0).take(order)
    keyed = compare(TABLE, shuffled.slice(0, ROWS - 1), key="id")
    assert (keyed.rows_deleted, keyed.rows_inserted) == (1, 0)
    assert [(cell.row_before, cell.column) for cell in keyed.changes] == [(7, "amount")]
    assert compare(TABLE, TABLE.take(order)).rows_reordered
    with refused("dataset.key"):
        compare(TABLE, TABLE, key="truth")
    with refused("dataset.key"):
        compare(TABLE, TABLE, key="no such column")


def test_alignment_is_an_edit_script() -> None:
    """Whatever was inserted, deleted and changed, the script turns one list into the other."""
    rng = np.random.default_rng(3)
    for _ in range(200):
        before = rng.integers(0, 12, rng.integers(0, 15)).astype("S2")
        after = rng.integers(0, 12, rng.integers(0, 15)).astype("S2")
        found = align(before, after)
        kept = [n for n in range(len(before)) if n not in set(found.deleted.tolist())]
        there = [n for n in range(len(after)) if n not in set(found.inserted.tolist())]
        assert len(kept) == len(there)
        changed = {tuple(pair) for pair in found.changed.tolist()}
        for row, place in zip(kept, there, strict=True):
            assert (before[row] != after[place]) == ((row, place) in changed)
