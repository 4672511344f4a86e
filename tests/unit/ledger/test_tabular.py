"""Lists of entries are Arrow tables, for whichever library reads such."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow as pa
import pytest

import counterfoil
from counterfoil.ledger import Ledger
from counterfoil.ledger.export import export
from tests.ledgers import copy_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as made:
        for n in range(4):
            made.record({"n": n, "amount": n / 2, "who": {"city": "Köln"}}, source="single")
        yield made


def test_a_search_page_is_a_frame(ledger: Ledger) -> None:
    """Polars, pandas, DuckDB and pyarrow take a page of hits as it is, and read the same."""
    page = ledger.search("kind=record n>0")
    expected = [hit.content["n"] for hit in page.hits]
    assert expected == [3, 2, 1]
    assert polars.DataFrame(page)["content.n"].to_list() == expected
    assert pa.table(page).column("content.n").to_pylist() == expected
    frame = pandas.DataFrame.from_arrow(page)
    assert list(frame["content.amount"]) == [1.5, 1.0, 0.5]
    assert duckdb.execute('SELECT sum("content.n") FROM page').fetchall() == [(6,)]
    assert page.to_arrow().column("leaf").to_pylist() == [hit.leaf for hit in page.hits]


def test_views_are_the_table_of_an_export(ledger: Ledger, tmp_path: Path) -> None:
    """Columns, types and cells are those that an export of the same entries has."""
    export(ledger, tmp_path / "out.arrow", "arrow")
    exported = pa.ipc.open_file(tmp_path / "out.arrow").read_all()
    table = ledger.views().to_arrow()
    assert table.schema == exported.schema
    assert table.to_pylist() == exported.to_pylist()


def test_views_are_read_as_they_are_asked_for(ledger: Ledger) -> None:
    """They come one by one; as a table they are what is left, and nothing after that."""
    views = ledger.views(1, 5)
    assert next(views).index == 1
    assert views.to_arrow().column("index").to_pylist() == [2, 3, 4]
    assert list(views) == []
    assert views.to_arrow().num_rows == 0


def test_nothing_found_is_an_empty_table(ledger: Ledger) -> None:
    """A page without hits has the header's columns, so that a query over it still works."""
    table = ledger.search("nothing").to_arrow()
    assert (table.num_rows, table.column_names[:2]) == (0, ["index", "leaf"])


def test_arrow_is_imported_when_it_is_asked_for(ledger: Ledger) -> None:
    """A search brings no pyarrow with it; without pyarrow a table says what to install."""
    code = f"""
import sys, counterfoil
from counterfoil.errors import Unavailable
with counterfoil.open({str(ledger.layout.folder)!r}, read_only=True) as ledger:
    page = ledger.search("n=1")
    assert "pyarrow" not in sys.modules
    sys.modules["pyarrow"] = None
    try:
        page.to_arrow()
    except Unavailable as err:
        print(err.code, err.hint)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "extra.missing Install it: pip install 'counterfoil[frames]'.\n"
