"""Prices are read from wide and long tables alike, and what is no price is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from counterfoil.apps.quant.prices import Prices, prices_of, read_prices
from counterfoil.errors import InputError, NotFound
from tests.log_rig import raises_code

WIDE = "Date,A,B\n2030-01-01,1,10\n2030-01-02,1.5,\n2030-01-04,2,12\n"
LONG = (
    "date,name,price\n2030-01-01,A,1\n2030-01-01,B,10\n2030-01-02,A,1.5\n2030-01-04,A,2\n"
    "2030-01-04,B,12\n"
)


def read(folder: Path, text: str, name: str = "p.csv") -> Prices:
    """Write a file and read it."""
    (folder / name).write_text(text)
    return read_prices(folder / name)


def test_wide_and_long_are_the_same(tmp_path: Path) -> None:
    """A column for each thing and a row for each price tell the same, in CSV and in Parquet."""
    wide, long = read(tmp_path, WIDE), read(tmp_path, LONG)
    assert (wide.days, wide.names) == (long.days, long.names)
    np.testing.assert_array_equal(wide.values, long.values)
    table = pa.table(
        {
            "date": pa.array(["2030-01-01", "2030-01-02", "2030-01-04"]).cast(pa.date32()),
            "A": [1.0, 1.5, 2.0],
            "B": [10.0, None, 12.0],
        }
    )
    parquet.write_table(table, tmp_path / "p.parquet")
    other = read_prices(tmp_path / "p.parquet")
    assert (other.days, other.names) == (wide.days, wide.names)
    np.testing.assert_array_equal(other.values, wide.values)


def test_the_first_price_on_or_after_a_day(tmp_path: Path) -> None:
    """A day without a price takes the next one, within ten days, and no earlier one."""
    prices = read(tmp_path, WIDE)
    assert prices.at("A", "2030-01-02") == (1, 1.5)
    assert prices.at("B", "2030-01-02") == (2, 12.0)
    assert prices.at("A", "2030-01-03") == (2, 2.0)
    assert prices.at("A", "2029-12-22") == (0, 1.0)
    assert prices.at("A", "2029-12-21") is None
    assert prices.at("A", "2030-01-05") is None
    assert prices.at("C", "2030-01-01") is None


@pytest.mark.parametrize(
    "text",
    [
        "Date,A\n2030-01-02,1\n2030-01-01,2\n",
        "Date,A\n2030-01-01,1\n2030-01-01,2\n",
        "Date,A\n2030-01-01,0\n",
        "Date,A\n2030-01-01,-1\n",
        "Date,A\nsoon,1\n",
        "Date,A\n",
        "Date\n2030-01-01\n",
        "date,name,price\n2030-01-01,A,1\n2030-01-01,A,2\n",
        "date,name,place,price\n2030-01-01,A,x,1\n",
    ],
    ids=range(9),
)
def test_what_is_no_table_of_prices(text: str, tmp_path: Path) -> None:
    """Days out of order, twice or none, and prices that are none, are named and refused."""
    with raises_code("quant.prices", InputError):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is not found, and infinity is no price."""
    with raises_code("dataset.file", NotFound):
        read_prices(tmp_path / "none.csv")
    with raises_code("quant.prices", InputError):
        prices_of(pa.table({"date": ["2030-01-01"], "A": [float("inf")]}))
