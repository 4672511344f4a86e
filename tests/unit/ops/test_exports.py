"""Entries written for other programs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.ledger import open_ledger
from counterfoil.ops.exports import ExportFile, export
from counterfoil.ports import STANDARD_STREAM, Channel


@pytest.fixture
def sold(shop: Path) -> Path:
    """Give a ledger with rows."""
    with open_ledger(shop) as ledger:
        ledger.record_many([{"n": n} for n in range(10)], source="rows")
    return shop


def test_three_formats_hold_the_same(sold: Path, tmp_path: Path, channel: Channel) -> None:
    """Lines, a table of text and a table of values name the same entries."""
    done = export(out=tmp_path / "x.ndjson", ledger=sold, kind="record", channel=channel)
    assert done == ExportFile(
        str(tmp_path / "x.ndjson"), "ndjson", 10, (tmp_path / "x.ndjson").stat().st_size
    )
    lines = [json.loads(line) for line in (tmp_path / "x.ndjson").read_text().splitlines()]
    export(out=tmp_path / "x.csv", ledger=sold, kind="record", channel=channel)
    with (tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    export(out=tmp_path / "x.pq", ledger=sold, format="parquet", kind="record", channel=channel)
    table = pq.read_table(tmp_path / "x.pq")
    leaves = [line["leaf"] for line in lines]
    assert leaves == [row["leaf"] for row in rows] == table.column("leaf").to_pylist()
    assert [line["content"]["n"] for line in lines] == list(range(10))


def test_a_delta_table_grows(sold: Path, tmp_path: Path, channel: Channel) -> None:
    """Into the same folder again only new entries go; parts of a ledger and streams are refused."""
    out = tmp_path / "sold.delta"
    made = export(out=out, ledger=sold, kind="record", channel=channel)
    assert made == ExportFile(
        str(out), "delta", 10, sum(one.stat().st_size for one in out.glob("*.parquet"))
    )
    with open_ledger(sold) as ledger:
        ledger.record({"n": 10})
    again = export(out=out, ledger=sold, kind="record", channel=channel)
    assert (again is not None, again and again.entries) == (True, 1)
    for place, first in ((out, 3), (STANDARD_STREAM, 0)):
        with pytest.raises(InputError) as found:
            export(out=place, format="delta", ledger=sold, from_=first, channel=channel)
        assert found.value.code == "export.delta-part"


def test_standard_output_gets_the_bytes_and_no_answer(sold: Path) -> None:
    """`--out -` writes the data and nothing else, from a range if one is given."""
    channel = Channel(io.BytesIO(), io.BytesIO())
    assert export(out=STANDARD_STREAM, ledger=sold, from_=3, until=4, channel=channel) is None
    lines = channel.sink.getvalue().splitlines()  # type: ignore[attr-defined]  # a BytesIO
    assert [json.loads(line)["index"] for line in lines] == [3, 4]


def test_an_ending_of_another_format_is_refused(
    sold: Path, tmp_path: Path, channel: Channel
) -> None:
    """No spreadsheet that is none, and no CSV that is Parquet; another ending says nothing."""
    with pytest.raises(InputError, match=r"ends with \.csv for csv") as found:
        export(out=tmp_path / "x.xls", ledger=sold, format="csv", channel=channel)
    assert found.value.code == "file.ending"
    with pytest.raises(InputError, match=r"\.parquet or \.pq"):
        export(out=tmp_path / "x.csv", ledger=sold, format="parquet", channel=channel)
    made = export(out=tmp_path / "x.2026", ledger=sold, format="csv", channel=channel)
    assert made is not None
    assert made.format == "csv"


def test_a_failed_export_leaves_nothing(sold: Path, tmp_path: Path, channel: Channel) -> None:
    """A range that is none, or a folder that is not there, writes no file."""
    for out, first in ((tmp_path / "x", 9), (tmp_path / "none" / "x", 0)):
        with pytest.raises(CounterfoilError):
            export(out=out, ledger=sold, from_=first, until=4, channel=channel)
    assert {path.name for path in tmp_path.iterdir()} == {"shop"}
