"""Tables are read by their usual names or by those given, in any of three forms."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterfoil.apps.finance.graphs import Settings, search_network
from counterfoil.apps.finance.graphs.reading import Columns, read_network
from counterfoil.errors import CounterfoilError
from tests.shared_data import data_path

CSV = (
    "debtor_account,creditor_account,amount,at\n"
    "A,B,12.50,2026-03-02T12:00:05Z\n"
    "7,B,1,2026-03-02T12:00:00Z\n"
    "A,C,0,2026-03-02T12:00:01Z\n"
)
NOON_S = 1_772_452_800


def write(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_usual_names_are_guessed(tmp_path: Path) -> None:
    """Payments come in order of time with their row; rows that move nothing are counted."""
    read = read_network(write(tmp_path, CSV))
    made = read.network
    assert read.skipped == 1
    assert made.at.tolist() == [NOON_S, NOON_S + 5]
    assert made.row.tolist() == [1, 0]
    assert [made.accounts[one] for one in made.source] == ["7", "A"]
    assert made.amount.tolist() == [1.0, 12.5]
    assert read.columns["source"] == "debtor_account"


def test_three_forms_give_the_same(tmp_path: Path) -> None:
    """CSV, NDJSON and Parquet with the same rows are the same network."""
    rows = [("A", "B", 5, NOON_S + 1), ("B", "C", 4, NOON_S)]
    text = "From,To,Value,Timestamp\n" + "".join(f"{a},{b},{x},{t}\n" for a, b, x, t in rows)
    lines = "".join(
        f'{{"from":"{a}","to":"{b}","value":{x},"timestamp":{t}}}\n' for a, b, x, t in rows
    )
    columns = dict(zip(("src", "dst", "amount", "at_ms"), zip(*rows, strict=True), strict=True))
    columns["at_ms"] = tuple(one * 1000 for one in columns["at_ms"])
    pq.write_table(
        pa.table({name: list(one) for name, one in columns.items()}), tmp_path / "t.parquet"
    )
    found = [
        read_network(write(tmp_path, text)).network,
        read_network(write(tmp_path, lines, "t.ndjson")).network,
        read_network(tmp_path / "t.parquet").network,
    ]
    for made in found:
        assert made.at.tolist() == [NOON_S, NOON_S + 1]
        assert made.amount.tolist() == [4, 5]
        assert list(made.accounts) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("head", "row", "columns", "at"),
    [
        ("a,b,x,step", "A,B,1,36", Columns("a", "b", "x", None, "h"), 36 * 3_600),
        ("a,b,x,day", "A,B,1,3", Columns("a", "b", "x", "day", "d"), 3 * 86_400),
        ("a,b,x,t", "A,B,1,2026-03-02", Columns("a", "b", "x", "t"), NOON_S - 43_200),
        ("a,b,x,t", "A,B,1,2026-03-02 12:00:00", Columns("a", "b", "x", "t"), NOON_S),
        (
            "Timestamp,Account,To Bank,Account,Amount Paid",
            "2026/03/02 12:00,A,7,B,1",
            Columns(),
            NOON_S,
        ),
        (
            "Time,Date,Sender_account,Receiver_account,Amount",
            "12:00:00,2026-03-02,A,B,1",
            Columns(),
            NOON_S,
        ),
        ("source,target,t", f"A,B,{NOON_S}", Columns(amount="none", time="t"), NOON_S),
        ("source,target,value,t", "A,B,1,1772452800000", Columns(time="t"), NOON_S),
    ],
)
def test_times_have_their_unit(
    tmp_path: Path, head: str, row: str, columns: Columns, at: int
) -> None:
    """Dates, times and numbers with a unit give seconds."""
    read = read_network(write(tmp_path, f"{head}\n{row}\n"), columns)
    assert read.network.at.tolist() == [at]
    assert list(read.network.accounts) == ["A", "B"]


@pytest.mark.parametrize(
    ("text", "columns", "code"),
    [
        ("a,b\n1,2\n", None, "graph.column"),
        (CSV, Columns(source="nobody"), "graph.column"),
        (CSV, Columns(amount="at"), "graph.column"),
        ("source,target,amount,at\nA,B,1,soon\n", None, "graph.time"),
        ("source,target,amount,at\nA,B,1,\n", None, "graph.time"),
        ("source,target,amount,at\nA,B,1,7\n", None, "graph.unit"),
        ("source,target,amount,at\nA,B,0,1772452800\n", None, "graph.empty"),
        ("source,target,amount,at\n", None, "graph.empty"),
        ("", None, "graph.table"),
        ('a,b\n"1', None, "graph.table"),
    ],
)
def test_what_is_no_table_of_payments_is_refused(
    tmp_path: Path, text: str, columns: Columns | None, code: str
) -> None:
    """What is missing or wrong is told, with the columns that are there."""
    with pytest.raises(CounterfoilError) as caught:
        read_network(write(tmp_path, text), columns)
    assert caught.value.code == code


def test_no_file_is_told(tmp_path: Path) -> None:
    """A file that is not there is not found."""
    with pytest.raises(CounterfoilError) as caught:
        read_network(tmp_path / "none.csv")
    assert caught.value.code == "file.missing"


def test_ratings_are_a_network_too() -> None:
    """Who rated whom has no money, only time: bursts are found, and nothing breaks."""
    path = data_path("bitcoin_otc_trust/bitcoin_otc_trust.csv.gz")
    read = read_network(path, Columns(amount="none"))
    found = search_network(read.network, Settings(networks=1))
    assert read.network.size == 35_592
    assert {one.pattern for one in found.findings} == {"fan-in", "fan-out"}
    with_ratings = read_network(path, Columns(amount="rating"))
    assert with_ratings.skipped == 3_563
    assert search_network(with_ratings.network, Settings(networks=1)).findings
