"""Parquet files give their rows exactly, in flat memory, and damage is an error of ours."""

from __future__ import annotations

import errno
import io
import json
import math
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import CounterfoilError, Unavailable
from counterfoil.formats import json_text
from counterfoil.ledger.sources import CONTENT_MAX_BYTES, open_source
from counterfoil.ledger.sources.file import SourceFile
from counterfoil.ledger.sources.parquet import explained
from tests.shared_data import data_path
from tests.unit.ledger.sources.reading import refusal, rows_in, rows_of


def parquet(table: pa.Table, **options: Any) -> bytes:
    """Write the table as Parquet."""
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "i": st.none() | st.integers(-(2**63), 2**63 - 1),
                "f": st.none() | st.floats(),
                "s": st.none() | st.text(st.characters(exclude_categories=["Cs"])),
                "l": st.none() | st.lists(st.none() | st.booleans(), max_size=3),
            }
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 5),
    st.integers(1, 13),
)
def test_round_trip(rows: list[dict[str, Any]], group: int, size: int) -> None:
    """Every value comes back, whatever the row groups and the chunks, as strict compact JSON."""
    kinds = {"i": pa.int64(), "f": pa.float64(), "s": pa.string(), "l": pa.list_(pa.bool_())}
    table = pa.Table.from_pylist(rows, pa.schema(kinds))
    contents = rows_in(parquet(table, row_group_size=group), ".parquet", size)
    assert [json_text.normalise_object(content) for content in contents] == contents
    for row, content in zip(rows, contents, strict=True):
        found = json.loads(content)
        assert list(found) == ["i", "f", "s", "l"]
        assert (found["s"], found["l"]) == (row["s"], row["l"])
        assert (found["i"] is None) == (row["i"] is None)
        assert row["i"] is None or int(found["i"]) == row["i"]
        assert (found["f"] is None) == (row["f"] is None)
        if row["f"] is not None:
            number = float(found["f"])
            assert number == row["f"] or (math.isnan(number) and math.isnan(row["f"]))


def test_real_table() -> None:
    """All 268,119 payments of the handbook come out, the first and last as they stand there."""
    source = open_source(data_path("card_fraud_handbook") / "transactions.parquet")
    assert source.rows == 268_119
    first, count, last = b"", 0, b""
    for chunk in source.chunks(5000):
        first = first or chunk.contents[0]
        count += len(chunk.contents)
        last = chunk.contents[-1]
    assert count == source.rows
    assert first.startswith(
        b'{"TRANSACTION_ID":1035659,"TX_DATETIME":"2018-07-18T00:02:58","CUSTOMER_ID":4443,'
        b'"TERMINAL_ID":3222,"TX_AMOUNT":44.67,'
    )
    assert json.loads(last)["TX_DATETIME"].startswith("2018-08-14T")


def test_categories() -> None:
    """A column of categories, as pandas writes it, says its words."""
    words = pa.array(["a", None, "b", "a"]).dictionary_encode()
    rows = rows_in(parquet(pa.table({"c": words}), row_group_size=2), ".parquet")
    assert rows == [b'{"c":"a"}', b'{"c":null}', b'{"c":"b"}', b'{"c":"a"}']


def test_bad_column_is_refused_at_once(tmp_path: Path) -> None:
    """A type or name that JSON cannot say is refused before a row is handed out."""
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet(pa.table({"n": [1], "took": pa.array([5], pa.duration("s"))})))
    error = refusal(lambda: open_source(path), "source.column-type")
    assert error.message.startswith("column 'took'")
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    path.write_bytes(parquet(twice))
    refusal(lambda: open_source(path), "source.columns")


def test_empty() -> None:
    """A table without rows is refused."""
    table = pa.table({"a": pa.array([], pa.int8())})
    refusal(lambda: rows_in(parquet(table), ".parquet"), "source.empty")


def test_row_limit() -> None:
    """A row beyond the limit is refused by its number; the rows of earlier batches come out."""
    long = "x" * CONTENT_MAX_BYTES
    table = pa.table({"a": ["y", "y", long]})
    error = refusal(lambda: rows_in(parquet(table), ".parquet"), "source.row-too-long")
    assert error.message.startswith("row 2: ")


def test_long_rows_come_in_small_batches() -> None:
    """Rows of half a megabyte are decoded a few at a time."""
    table = pa.table({"a": [chr(65 + number) * 500_000 for number in range(60)]})
    data = parquet(table, use_dictionary=False, compression="none")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        path.write_bytes(data)
        source = open_source(path)
        assert max(len(chunk.contents) for chunk in source.chunks()) <= 34
        assert len(rows_of(source)) == 60


def test_footer_that_lies(tmp_path: Path) -> None:
    """A footer that counts other rows than there are is damage, not a shorter table."""
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet(pa.table({"a": [1, 2, 3]})))
    source = open_source(path)
    vars(source)["rows"] = 4
    error = refusal(lambda: list(source.chunks()), "source.parquet")
    assert "found 3" in error.message


def test_disk_that_fails() -> None:
    """An error of the disk is not called a damaged file."""
    with pytest.raises(Unavailable), explained(SourceFile(Path("a"), "id", 1, (0, 0, 0, 0))):
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize(
    "data", [b"PAR1", b"hello", b"PAR1" * 3, b"PAR1" + b"\xff" * 60 + b"PAR1", b"\0" * 100]
)
def test_no_parquet(data: bytes) -> None:
    """Bytes that are no Parquet file are refused."""
    refusal(lambda: rows_in(data, ".parquet"), "source.parquet")


def test_truncated_at_every_length() -> None:
    """A file cut anywhere is refused."""
    data = parquet(pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}))
    for length in range(1, len(data), 7):
        refusal(lambda length=length: rows_in(data[:length], ".parquet"), "source.parquet")  # type: ignore[misc] # mypy cannot infer a lambda with a default


PLAIN = parquet(
    pa.table({"a": list(range(100)), "b": [str(number) for number in range(100)], "c": [0.5] * 100})
)


@given(st.lists(st.tuples(st.integers(0, len(PLAIN) - 1), st.integers(0, 255)), max_size=4))
def test_damaged(changes: list[tuple[int, int]]) -> None:
    """A damaged file gives rows of strict JSON, or an error of ours and nothing else."""
    data = bytearray(PLAIN)
    for place, value in changes:
        data[place] = value
    try:
        contents = rows_in(bytes(data), ".parquet")
    except CounterfoilError:
        return
    for content in contents:
        json_text.normalise_object(content)
