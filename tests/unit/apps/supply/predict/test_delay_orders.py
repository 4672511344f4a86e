"""Orders are read as people write them, and nothing known too late gets in."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import msgspec
import pytest

from counterfoil.apps.supply.predict.delay.layout import DEFAULT, Layout, known_of, read_layout
from counterfoil.apps.supply.predict.delay.orders import (
    day_of,
    moment_of,
    number_of,
    order_of,
    read_orders,
    serial_of,
)
from tests.log_rig import raises_code

LAYOUT = Layout(
    id="Line",
    order="PO",
    placed="Ordered",
    scheduled="Due",
    delivered="Arrived",
    recorded="Booked",
    value="Value",
    categories=("Vendor",),
    numbers=("Pack Price",),
)
ROW = {
    "Line": "7",
    "PO": "SO-4711",
    "Ordered": "2024-01-10",
    "Due": "2024-03-01",
    "Arrived": "2024-03-04",
    "Booked": "2024-03-06",
    "Value": "1,200.50",
    "Vendor": " Acme ",
    "Pack Price": "See ASN-93 (ID#:1281)",
}


def day(text: str) -> int:
    """Count a day."""
    return date.fromisoformat(text).toordinal()


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2-Jun-06", "2006-06-02"),
        ("02 June 2006", "2006-06-02"),
        ("11/6/09", "2009-11-06"),
        ("11/06/2009 00:00", "2009-11-06"),
        ("6.11.2009", "2009-11-06"),
        ("2009-11-06T23:59:00Z", "2009-11-06"),
        ("2009/11/6", "2009-11-06"),
        ("1-Jan-70", "1970-01-01"),
    ],
)
def test_dates_are_read_in_the_ways_people_write_them(text: str, iso: str) -> None:
    """A date is the same day, however it is written."""
    assert day_of(text) == day(iso)


def test_a_day_may_stand_before_its_month() -> None:
    """Where the layout says so, 3/4 is in April."""
    assert day_of("3/4/2024") == day("2024-03-04")
    assert day_of("3/4/2024", day_first=True) == day("2024-04-03")


@pytest.mark.parametrize(
    "text", ["Date Not Captured", "Pre-PQ Process", "N/A", "", "31-Feb-24", "2-Foo-06", None, 44000]
)
def test_what_is_no_date_is_missing(text: object) -> None:
    """Words in a column of dates are missing dates."""
    assert day_of(text) is None


def test_what_is_no_number_is_missing() -> None:
    """Words in a column of numbers are missing numbers, and so is what is not finite."""
    texts = ("See ASN-93", "", None, "nan", "inf", True)
    assert [number_of(one) for one in texts] == [None] * 6
    assert number_of("9,736.10") == 9736.10


def test_an_order_holds_what_its_row_says() -> None:
    """Dates, numbers and texts come from their columns."""
    one = order_of(ROW, LAYOUT)
    assert (one.id, one.order, one.value) == ("7", "SO-4711", 1200.5)
    assert (one.categories, one.numbers) == (("Acme",), (None,))
    assert (one.late_days, one.known) == (3, day("2024-03-06"))
    assert serial_of(one) == ("SO-", 4711)


def test_the_moment_is_when_the_order_is_placed_or_so_many_days_before_its_schedule() -> None:
    """The moment of decision is the layout's, and never after the schedule."""
    one = order_of(ROW, LAYOUT)
    unplaced = msgspec.structs.replace(one, placed=None)
    assert moment_of(one, LAYOUT) == day("2024-01-10")
    assert moment_of(unplaced, LAYOUT) == day("2024-03-01") - 30
    notice = msgspec.structs.replace(LAYOUT, moment="notice", notice_days=14)
    assert moment_of(one, notice) == day("2024-03-01") - 14
    late = msgspec.structs.replace(one, placed=one.scheduled + 9)
    assert moment_of(late, notice) == moment_of(late, LAYOUT) == one.scheduled


@pytest.mark.parametrize(
    "column",
    [
        "Delivered to Client Date",
        "Delivery Recorded Date",
        "Freight Cost (USD)",
        "Weight (Kilograms)",
        "Line Item Insurance (USD)",
        "ASN/DN #",
        "Actual arrival",
    ],
)
def test_what_is_known_only_after_dispatch_is_no_input(tmp_path: Path, column: str) -> None:
    """A column that would give the answer away is refused, whatever role it is given."""
    for role in ("numbers", "categories"):
        layout = msgspec.structs.replace(DEFAULT, **{role: (column,)})
        path = tmp_path / "layout.json"
        path.write_bytes(msgspec.json.encode(layout))
        with raises_code("delay.late-column"):
            read_layout(path)


def test_the_columns_of_the_outcome_are_no_input_even_where_somebody_says_so(
    tmp_path: Path,
) -> None:
    """A name that misleads can be explained, the date of delivery cannot."""
    weight = (*LAYOUT.numbers, "Net weight")
    said = msgspec.structs.replace(LAYOUT, numbers=weight, known={"Net weight": "placed"})
    path = tmp_path / "layout.json"
    path.write_bytes(msgspec.json.encode(said))
    assert read_layout(path) == said
    lying = msgspec.structs.replace(LAYOUT, categories=("Arrived",), known={"Arrived": "placed"})
    path.write_bytes(msgspec.json.encode(lying))
    with raises_code("delay.late-column"):
        read_layout(path)
    assert known_of("Scheduled Delivery Date", {}) == "placed"


def test_a_layout_is_toml_or_json_or_an_error(tmp_path: Path) -> None:
    """What is neither says so, and what is missing too."""
    path = tmp_path / "layout.toml"
    path.write_text('scheduled = "Due"\ndelivered = "Arrived"\ncategories = ["Vendor"]\n')
    assert read_layout(path).categories == ("Vendor",)
    assert read_layout(None) == DEFAULT
    path.write_text("scheduled = ")
    with raises_code("delay.layout"):
        read_layout(path)
    path.write_text('scheduled = "Due"\ndelivered = "Arrived"\nfreight = "Cost"\n')
    with raises_code("delay.layout"):
        read_layout(path)
    with raises_code("delay.layout-missing"):
        read_layout(tmp_path / "none.toml")


def test_rows_that_are_no_orders_are_told_and_left_out(tmp_path: Path) -> None:
    """A row without a schedule and one that came before are named; the others are read."""
    path = tmp_path / "orders.csv"
    heads = ",".join(ROW)
    good = "7,SO-1,2024-01-10,2024-03-01,,,5,Acme,1"
    path.write_text(f"{heads}\n{good}\n{good}\n8,SO-1,2024-01-10,soon,,,5,Acme,1\n")
    read = read_orders(path, LAYOUT)
    assert [one.id for one in read.orders] == ["7"]
    assert set(read.bad) == {1, 2}
    assert "Due" in read.bad[2]


def test_a_file_without_the_columns_or_without_orders_is_refused(tmp_path: Path) -> None:
    """What cannot be read names the column that is missing, or the first bad row."""
    path = tmp_path / "orders.csv"
    path.write_text("Line,Due\n1,2024-03-01\n")
    with raises_code("delay.column"):
        read_orders(path, LAYOUT)
    path.write_text(f"{','.join(ROW)}\n7,SO-1,,soon,,,5,Acme,1\n")
    with raises_code("delay.rows"):
        read_orders(path, LAYOUT)


def test_a_file_may_be_compressed(tmp_path: Path) -> None:
    """What gzip packed is read as what it was; what is cut short is refused."""
    data = f"{','.join(ROW)}\n7,SO-1,2024-01-10,2024-03-01,,,5,Acme,1\n".encode()
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(data))
    assert [one.id for one in read_orders(path, LAYOUT).orders] == ["7"]
    path.write_bytes(gzip.compress(data)[:-6])
    with raises_code("delay.gzip"):
        read_orders(path, LAYOUT)
