"""Each Arrow type has one text in JSON, value by value, and nothing is lost without a word."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.formats import json_text
from counterfoil.ledger.sources.arrow_values import check_fields, values_of
from tests.unit.ledger.sources.reading import refusal

UTC = dt.UTC
ZONE = "America/New_York"
NOON = dt.datetime(2018, 7, 18, 12, 0, 37)
EPOCH = dt.datetime(1970, 1, 1)


def said(column: pa.Array) -> list[Any]:
    """Check the column's type, convert it, and check that strict JSON can say the values."""
    check_fields([pa.field("c", column.type)])
    values = values_of(column, "column 'c'")
    assert json_text.parse(json_text.format(values)) == values
    return values


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (pa.null(), [None, None], [None, None]),
        (pa.bool_(), [True, None, False], [True, None, False]),
        (pa.int8(), [-128, None, 127], [-128, None, 127]),
        (pa.uint16(), [0, 65535], [0, 65535]),
        (pa.int64(), [2**53 - 1, -(2**53) + 1], [2**53 - 1, -(2**53) + 1]),
        (
            pa.int64(),
            [2**53, 1, None, -(2**53)],
            ["9007199254740992", 1, None, "-9007199254740992"],
        ),
        (pa.int64(), [-(2**63)], ["-9223372036854775808"]),
        (pa.uint64(), [2**64 - 1, 0], ["18446744073709551615", 0]),
        (pa.float64(), [0.1, None, 1e300], [0.1, None, 1e300]),
        (pa.float32(), [0.1], [0.10000000149011612]),
        (pa.float16(), [1.5, None], [1.5, None]),
        (pa.decimal128(38, 2), [Decimal("1.50"), None], ["1.50", None]),
        (pa.decimal128(38, 10), [Decimal("1E-10"), Decimal(0)], ["0.0000000001", "0.0000000000"]),
        (pa.decimal128(38, 0), [Decimal(10**37)], ["1" + "0" * 37]),
        (pa.decimal256(70, 2), [Decimal("-0.01")], ["-0.01"]),
        (pa.decimal128(10, -3), [Decimal("1E5")], ["100000"]),
        (pa.string(), ["", "é\0\n", None], ["", "é\0\n", None]),
        (pa.large_string(), ["a"], ["a"]),
        (pa.string_view(), ["a", None], ["a", None]),
        (pa.binary(), [b"", b"\x00\xff", None], ["", "AP8=", None]),
        (pa.large_binary(), [b"\x00"], ["AA=="]),
        (pa.binary(2), [b"\x00\xff", None], ["AP8=", None]),
        (pa.binary_view(), [b"\x00"], ["AA=="]),
        (
            pa.date32(),
            [dt.date(2018, 7, 18), None, dt.date(1, 1, 1)],
            ["2018-07-18", None, "0001-01-01"],
        ),
        (pa.date64(), [dt.date(9999, 12, 31)], ["9999-12-31"]),
        (pa.time32("s"), [dt.time(0, 0, 37)], ["00:00:37"]),
        (pa.time32("ms"), [dt.time(0, 0, 37, 250_000), None], ["00:00:37.25", None]),
        (pa.time64("us"), [dt.time(23, 59, 59, 999_999)], ["23:59:59.999999"]),
        (pa.time64("ns"), [dt.time(10, 0), 1], ["10:00:00", "00:00:00.000000001"]),
        (pa.list_(pa.int64()), [[1, None], None, [], [2**60]], [[1, None], None, [], [str(2**60)]]),
        (pa.large_list(pa.date32()), [[dt.date(2020, 1, 1)], None], [["2020-01-01"], None]),
        (pa.list_(pa.int8(), 2), [[1, 2], None, [3, None]], [[1, 2], None, [3, None]]),
        (pa.list_view(pa.int8()), [[1, 2], None, [], [3]], [[1, 2], None, [], [3]]),
        (pa.large_list_view(pa.int8()), [[1], None, [2]], [[1], None, [2]]),
        (pa.list_(pa.list_(pa.bool_())), [[[True], None], []], [[[True], None], []]),
        (
            pa.struct({"a": pa.int8(), "b": pa.binary()}),
            [{"a": 1, "b": b"\x00"}, None, {"a": None, "b": None}],
            [{"a": 1, "b": "AA=="}, None, {"a": None, "b": None}],
        ),
        (
            pa.map_(pa.string(), pa.float64()),
            [[("x", 1.0), ("y", None)], None, []],
            [{"x": 1.0, "y": None}, None, {}],
        ),
        (
            pa.map_(pa.int8(), pa.string()),
            [[(1, "x"), (1, "y")], None],
            [[{"key": 1, "value": "x"}, {"key": 1, "value": "y"}], None],
        ),
    ],
)
def test_types(kind: pa.DataType, values: list[Any], expected: list[Any]) -> None:
    """A column of each type says its values, whole and through a window on it."""
    column = pa.array(values, kind)
    assert said(column) == expected
    for start in range(len(values)):
        assert said(column.slice(start)) == expected[start:]
        assert said(column.slice(start, 1)) == expected[start : start + 1]
    assert said(column.slice(0, 0)) == []


def test_what_json_has_not() -> None:
    """NaN and the infinities become their names, per value, in every width; never null."""
    values = [float("nan"), float("inf"), -float("inf"), 1.5, None]
    for kind in (pa.float16(), pa.float32(), pa.float64()):
        assert said(pa.array(values, kind)) == ["NaN", "Infinity", "-Infinity", 1.5, None]
    nested = pa.array([[float("nan")], None])
    assert said(nested) == [["NaN"], None]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "+02:00", ZONE])
def test_timestamps(unit: str, zone: str | None) -> None:
    """A timestamp is ISO 8601: without a zone as it stands, with one in UTC and Z."""
    column = pa.array([NOON, None], pa.timestamp(unit, zone))
    assert said(column) == ["2018-07-18T12:00:37" + ("Z" if zone else ""), None]


def test_fractions_of_a_second() -> None:
    """Zeros at a fraction's end are dropped value by value, whatever stands beside it."""
    ticks = [0, 1, 1_000, 250_000_000, 10**9, 10 * 10**9, None]
    column = pa.array(ticks, pa.timestamp("ns", "UTC"))
    expected = ["00.000000001", "00.000001", "00.25", "01", "10"]
    assert said(column) == [
        "1970-01-01T00:00:00Z",
        *[f"1970-01-01T00:00:{second}Z" for second in expected],
        None,
    ]
    for place in range(len(ticks)):
        assert said(column.slice(place, 1)) == said(column)[place : place + 1]


@given(
    st.lists(
        st.none() | st.datetimes(min_value=dt.datetime(1, 1, 1), max_value=dt.datetime.max),
        min_size=1,
        max_size=4,
    )
)
def test_times_read_back(moments: list[dt.datetime | None]) -> None:
    """Dates, times and timestamps read back as what they were, by the standard library."""
    texts = said(pa.array(moments, pa.timestamp("us")))
    assert [t if t is None else dt.datetime.fromisoformat(t) for t in texts] == moments
    texts = said(pa.array(moments, pa.timestamp("us", "UTC")))
    aware = [m if m is None else m.replace(tzinfo=UTC) for m in moments]
    assert [t if t is None else dt.datetime.fromisoformat(t) for t in texts] == aware
    dates = [m if m is None else m.date() for m in moments]
    texts = said(pa.array(dates, pa.date32()))
    assert [t if t is None else dt.date.fromisoformat(t) for t in texts] == dates
    times = [m if m is None else m.time() for m in moments]
    texts = said(pa.array(times, pa.time64("us")))
    assert [t if t is None else dt.time.fromisoformat(t) for t in texts] == times


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1), st.binary(max_size=9))
def test_exact(numbers: list[int], data: bytes) -> None:
    """Integers, decimals and bytes read back exactly."""
    assert [int(v) for v in said(pa.array(numbers, pa.int64()))] == numbers
    decimals = [Decimal(number).scaleb(-7) for number in numbers]
    texts = said(pa.array(decimals, pa.decimal128(38, 7)))
    assert [Decimal(text) for text in texts] == decimals
    assert not any("E" in text for text in texts)
    assert base64.b64decode(said(pa.array([data]))[0]) == data


@given(st.lists(st.floats(width=32), min_size=1))
def test_single_precision(numbers: list[float]) -> None:
    """A single-precision number is said as the double that equals it."""
    for number, said_number in zip(numbers, said(pa.array(numbers, pa.float32())), strict=True):
        if isinstance(said_number, str):
            assert float(said_number) == number or number != number
        else:
            assert said_number == number


@given(st.lists(st.none() | st.sampled_from(["a", "b", "cc"]), max_size=9), st.integers(0, 9))
def test_dictionaries(words: list[str | None], start: int) -> None:
    """A dictionary column says its words, whichever window on it is read."""
    column = pa.array(words, pa.string()).dictionary_encode()
    assert said(column.slice(start)) == words[start:]


def test_many_words() -> None:
    """A window on a column of many words does not convert them all."""
    words = [f"word {number}" for number in range(1000)]
    column = pa.array(words).dictionary_encode()
    assert said(column.slice(990)) == words[990:]


def test_extensions() -> None:
    """A UUID is its text; another extension is what it is stored as."""
    some = uuid.UUID(int=5)
    column = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([some.bytes, None], pa.binary(16)))
    assert said(column) == [str(some), None]
    column = pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a":1}']))
    assert said(column) == ['{"a":1}']


@pytest.mark.parametrize(
    "column",
    [
        pa.array([253_402_300_800], pa.timestamp("s")),
        pa.array([-62_135_596_801], pa.timestamp("s", "UTC")),
        pa.array([2**63 - 1], pa.timestamp("s", "UTC")),
        pa.array([-(2**63)], pa.timestamp("ms")),
        pa.array([2_932_897], pa.date32()),
        pa.array([-719_163], pa.date32()),
        pa.array([12_345], pa.int64()).view(pa.date64()),
        pa.array([-1], pa.time32("s")),
        pa.array([86_400], pa.time32("s")),
        pa.array([2**62], pa.time64("ns")),
        pa.array([b"\xff"], pa.binary()).view(pa.string()),
        pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int8())),
    ],
)
def test_values_that_are_refused(column: pa.Array) -> None:
    """A value with no honest text is refused, naming the column; Arrow would wrap some around."""
    error = refusal(lambda: said(column), "source.value")
    assert error.message.startswith("column 'c': ")


def test_edges_of_the_calendar() -> None:
    """The first and the last second of the years 1 to 9999 are said."""
    column = pa.array([-62_135_596_800, 253_402_300_799], pa.timestamp("s"))
    assert said(column) == ["0001-01-01T00:00:00", "9999-12-31T23:59:59"]
    assert said(pa.array([-(2**63), 2**63 - 1], pa.timestamp("ns", "UTC"))) == [
        "1677-09-21T00:12:43.145224192Z",
        "2262-04-11T23:47:16.854775807Z",
    ]


@pytest.mark.parametrize(
    "kind",
    [
        pa.duration("us"),
        pa.month_day_nano_interval(),
        pa.run_end_encoded(pa.int32(), pa.string()),
        pa.dense_union([pa.field("x", pa.int8())]),
        pa.list_(pa.duration("s")),
        pa.dictionary(pa.int8(), pa.duration("s")),
        pa.map_(pa.string(), pa.duration("s")),
        pa.map_(pa.duration("s"), pa.string()),
        pa.struct({"a": pa.list_(pa.duration("s"))}),
    ],
)
def test_types_that_are_refused(kind: pa.DataType) -> None:
    """A type that JSON cannot say is refused by the column's name, however deep it lies."""
    error = refusal(lambda: check_fields([pa.field("when", kind)]), "source.column-type")
    assert error.message.startswith("column 'when'")


def test_columns_that_are_refused() -> None:
    """No column, no name, a name twice, and nesting without end are refused."""
    refusal(lambda: check_fields([]), "source.columns")
    refusal(lambda: check_fields([pa.field("", pa.int8())]), "source.columns")
    twice = [pa.field("a", pa.int8()), pa.field("a", pa.int8())]
    assert "twice" in refusal(lambda: check_fields(twice), "source.columns").message
    refusal(lambda: check_fields([pa.field("s", pa.struct(twice))]), "source.columns")
    refusal(lambda: check_fields([pa.field("s", pa.struct([]))]), "source.columns")
    deep = pa.int8()
    for _ in range(40):
        deep = pa.list_(deep)
    refusal(lambda: check_fields([pa.field("deep", deep)]), "source.columns")
