"""Cells read back are the values that were written, and bytes that no value has are refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.provenance.fingerprint import row_values
from counterfoil.provenance.fingerprint.logical import logical_type
from counterfoil.provenance.fingerprint.table import row_cells
from tests.statements import refused

MOMENT = dt.datetime(1969, 12, 31, 23, 59, 59, 999_999)
VALUES: list[tuple[str, Any, Any]] = [
    ("whole", pa.array([-5], pa.int8()), -5),
    ("large", pa.array([2**64 - 1], pa.uint64()), 2**64 - 1),
    ("number", pa.array([1.5]), 1.5),
    ("infinity", pa.array([float("-inf")]), "-inf"),
    ("not a number", pa.array([float("nan")]), None),
    ("minus zero", pa.array([-0.0]), 0.0),
    ("truth", pa.array([True]), True),
    ("text", pa.array(["é\0"]), "é\0"),
    ("category", pa.array(["a"]).dictionary_encode(), "a"),
    ("bytes", pa.array([b"\0\1"]), "0001"),
    ("money", pa.array([Decimal("-1.500")]), "-1.5"),
    ("small", pa.array([Decimal("0.00000015")], pa.decimal128(38, 20)), "0.00000015"),
    ("naught", pa.array([Decimal(0)], pa.decimal128(38, 30)), "0"),
    ("tons", pa.array([Decimal("150e40")], pa.decimal256(60, -1)), "15" + "0" * 41),
    ("day", pa.array([dt.date(1969, 12, 31)]), "1969-12-31"),
    ("far day", pa.array([10**7], pa.int32()).cast(pa.date32()), "10000000 days after 1970-01-01"),
    ("clock", pa.array([dt.time(23, 5, 9, 120_000)]), "23:05:09.12"),
    ("stamp", pa.array([MOMENT]), "1969-12-31T23:59:59.999999"),
    ("instant", pa.array([MOMENT], pa.timestamp("us", "UTC")), "1969-12-31T23:59:59.999999Z"),
    ("span", pa.array([dt.timedelta(milliseconds=-1500)]), "-1.5 s"),
    ("list", pa.array([[1, None]]), [1, None]),
    ("empty list", pa.array([[]], pa.list_(pa.int8())), []),
    ("struct", pa.array([{"a": 1, "b, c": "x"}]), {"a": 1, "b, c": "x"}),
    ("map", pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int8())), [["k", 1]]),
    ("nothing", pa.array([None]), None),
    ("deep", pa.array([[{"a": [{"b": 1.0}]}]]), [{"a": [{"b": 1.0}]}]),
]
NAMES = [name for name, *_ in VALUES]


def cells_and_types(table: pa.Table) -> tuple[bytes, list[tuple[str, str]]]:
    (batch,) = table.to_batches()
    kinds = [(field.name, logical_type(field.type, field.name)) for field in table.schema]
    return row_cells(table.schema, batch, 0), kinds


@pytest.mark.parametrize(("array", "value"), [one[1:] for one in VALUES], ids=NAMES)
def test_a_value_is_read_back(array: pa.Array, value: Any) -> None:
    """Every logical type's values come back, and so does a missing one beside them."""
    missing = pa.nulls(1, array.type)
    table = pa.table({"x": array, "gap": missing, "y": array})
    cells, kinds = cells_and_types(table)
    assert row_values(cells, kinds) == {"x": value, "gap": None, "y": value}


def test_all_columns_of_a_row_are_read_in_order() -> None:
    """A row of all types is the sum of its columns."""
    cells, kinds = cells_and_types(pa.table({name: array for name, array, _ in VALUES}))
    assert row_values(cells, kinds) == {name: value for name, _, value in VALUES}
    with refused("dataset.cells"):
        row_values(cells + b"\0", kinds)
    with refused("dataset.cells"):
        row_values(cells[:-1], kinds)


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("integer", "00" + "00" * 7 + "01"),
        ("integer", "02" + "00" * 8),
        ("integer", "03" + "00" * 8),
        ("boolean", "0102"),
        ("boolean", "0201"),
        ("float", "018000000000000000"),
        ("float", "017ff8000000000000"),
        ("date", "02" + "00" * 8),
        ("timestamp", "01" + "00" * 8 + "ffffffff"),
        ("string", "01000000" + "01ff"),
        ("string", "0200000000"),
        ("decimal", "0100000003" + b"1.0".hex()),
        ("list<integer>", "01ffffffff"),
        ("list<integer>", "0200000000"),
        ("null", "03"),
        ("number", "00"),
        ("list<>", "00"),
        ("struct<a integer>", "00"),
        ("integer>", "00" * 9),
        ("list<" * 50 + "null" + ">" * 50, "00"),
    ],
)
def test_what_no_value_is_written_as_is_refused(kind: str, cells: str) -> None:
    """One value has one writing: another is no second name for it, and no type is guessed."""
    with refused("dataset.cells"):
        row_values(bytes.fromhex(cells), [("x", kind)])


@given(st.binary(max_size=60), st.sampled_from(NAMES))
@settings(max_examples=300, deadline=None)
def test_whatever_bytes_come_only_our_errors_leave(data: bytes, name: str) -> None:
    """Bytes of others are values or are refused."""
    array = next(one for title, one, _ in VALUES if title == name)
    try:
        row_values(data, [("x", logical_type(array.type, "x"))])
    except InputError as err:
        assert err.code == "dataset.cells"
