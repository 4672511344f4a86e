"""Tests of reading sales: two layouts, days that are closed or missing, and what is known ahead."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterfoil.apps.supply.predict.demand.history import history_of
from counterfoil.apps.supply.predict.demand.table import Mapped, read_history
from counterfoil.errors import CounterfoilError
from tests.shared_data import data_path

LONG = Mapped(series=("shop", "item"), known=("rain",), closed="shut")


def table(folder: Path, text: str) -> Path:
    file = folder / "sales.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_both_layouts_give_the_same_history(tmp_path: Path) -> None:
    """A row for each sale of a day and a column for each series say the same, in any order."""
    long = "date,item,sales\n2030-01-02,tea,4\n2030-01-01,tea,3\n2030-01-01,milk,7\n"
    wide = "date,tea,milk\n2030-01-01,3,7\n2030-01-02,4,\n"
    one = read_history(table(tmp_path, long), Mapped(series=("item",)))
    two = read_history(table(tmp_path, wide), Mapped(sales=("tea", "milk")))
    assert one.names == two.names == ("tea", "milk")
    assert np.array_equal(one.values, two.values, equal_nan=True)
    assert (one.date(0), one.days, one.whole) == ("2030-01-01", 2, True)


def test_closed_missing_and_sold_out_of_nothing_are_told_apart(tmp_path: Path) -> None:
    """A closed day has no sales, a day without a row is missing, unless zeros are said."""
    text = (
        "date,shop,item,rain,shut,sales\n"
        "2030-01-01,1,tea,0,no,3\n2030-01-02,1,tea,1.5,yes,0\n2030-01-04,1,tea,0,no,0\n"
    )
    found = read_history(table(tmp_path, text), LONG)
    assert found.names == ("1/tea",)
    assert np.array_equal(found.values, [[3, np.nan, np.nan, 0]], equal_nan=True)
    assert found.closed.tolist() == [[False, True, False, False]]
    assert np.array_equal(found.given[0, :, 0], [0, 1.5, np.nan, 0], equal_nan=True)
    zeros = Mapped(series=("shop", "item"), closed="shut", zeros=True)
    assert read_history(tmp_path / "sales.csv", zeros).values[0, 2] == 0


def test_rows_of_days_to_come_say_what_is_known_ahead(tmp_path: Path) -> None:
    """What is given behind the last sales is kept for the forecast, the same for all series."""
    text = (
        "date,shop,item,rain,shut,sales\n"
        "2030-01-01,1,tea,0,0,3\n2030-01-01,2,tea,0,0,5\n"
        "2030-01-02,1,tea,7,1,\n2030-01-02,2,tea,7,1,\n"
    )
    found = read_history(table(tmp_path, text), LONG)
    assert (found.days, found.ahead, found.given.shape) == (1, 1, (1, 2, 1))
    assert found.given[0, 1, 0] == 7
    assert found.closed[:, 1].all()
    own = read_history(
        table(tmp_path, text.replace("2030-01-02,2,tea,7", "2030-01-02,2,tea,9")), LONG
    )
    assert own.given[:, 1, 0].tolist() == [7, 9]


def test_parquet_with_timestamps_is_read(tmp_path: Path) -> None:
    """Times of day are cut off, and numbers of any width are sales."""
    days = pa.array([1_893_456_000_000, 1_893_542_400_000], pa.timestamp("ms"))
    pq.write_table(
        pa.table({"date": days, "sales": pa.array([1, 2], pa.int16())}), tmp_path / "s.parquet"
    )
    found = read_history(tmp_path / "s.parquet", Mapped())
    assert (found.names, found.date(0), found.values.tolist()) == (
        ("sales",),
        "2030-01-01",
        [[1.0, 2.0]],
    )


@pytest.mark.parametrize(
    ("text", "mapped", "code"),
    [
        ("day,sales\n2030-01-01,1\n", Mapped(), "demand.column"),
        ("date,sales\n2030-01-01,1\n2030-01-01,2\n", Mapped(), "demand.twice"),
        ("date,sales\nsoon,1\n", Mapped(), "demand.row"),
        ("date,sales\n2030-01-01,many\n", Mapped(), "demand.row"),
        ("date,sales\n,1\n2030-01-01,1\n", Mapped(), "demand.row"),
        ("date,sales\n2030-01-01,\n", Mapped(), "demand.row"),
        ("date,sales\n2030-01-01,-1\n", Mapped(), "demand.negative"),
        ("date,item,sales\n2030-01-01,,1\n", Mapped(series=("item",)), "demand.row"),
    ],
    ids=["column", "twice", "date", "word", "no date", "no sales", "negative", "no series"],
)
def test_what_is_no_table_of_sales_is_refused(
    tmp_path: Path, text: str, mapped: Mapped, code: str
) -> None:
    """Each error says which column or row, and none is a traceback."""
    with pytest.raises(CounterfoilError) as caught:
        read_history(table(tmp_path, text), mapped)
    assert caught.value.code == code


def test_arrays_of_other_lengths_are_refused() -> None:
    """Series, closed days and covariates have to cover the same days."""
    for sales, more in (
        ({"a": [1, 2], "b": [1]}, {}),
        ({}, {}),
        ({"a": ["x"]}, {}),
        ({"a": [1, 2]}, {"closed": [True]}),
        ({"a": [1, 2]}, {"covariates": {"rain": [1]}}),
    ):
        with pytest.raises(CounterfoilError) as caught:
            history_of(sales, "2030-01-01", **more)
        assert caught.value.code == "demand.table"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """The error names the path."""
    with pytest.raises(CounterfoilError) as caught:
        read_history(tmp_path / "none.csv", Mapped())
    assert caught.value.code == "dataset.file"


def test_real_tables_are_read_as_they_are() -> None:
    """A chain's sales by shop and item, and a restaurant's by dish with closed days."""
    shops = read_history(
        data_path("store_item_demand") / "store_item.parquet", Mapped(series=("store", "item"))
    )
    assert shops.values.shape == (150, 1826)
    assert np.isfinite(shops.values).all()
    dishes = Mapped(sales=("fish", "steak"), known=("rain",), closed="is_closed")
    found = read_history(data_path("restaurant_demand_yaz") / "yaz.csv", dishes)
    assert (found.names, found.values.shape) == (("fish", "steak"), (2, 765))
    assert found.closed[0].sum() == np.isnan(found.values[0]).sum() == 5
