"""A Delta table of a ledger: only what is new is added, once, and readers of all kinds read it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

import counterfoil
from counterfoil.errors import Conflict, InputError, Unavailable
from counterfoil.ledger import Ledger
from counterfoil.ledger.export import delta
from counterfoil.ledger.export.delta import append_delta
from counterfoil.proofs.merkle import leaf_hash
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.polling import until


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as made:
        made.record_many([{"n": n, "who": {"city": "Köln"}} for n in range(10)], source="rows")
        yield made


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """Read the table with polars, an independent reader of Parquet and of the table's log."""
    return polars.read_delta(str(folder)).sort("index").to_dicts()


def test_it_holds_every_entry_as_it_is(ledger: Ledger, tmp_path: Path) -> None:
    """Polars and DuckDB find each entry with its leaf, its content and a column for each path."""
    table = tmp_path / "table"
    done = append_delta(ledger, table)
    assert done.entries == ledger.size
    assert done.bytes == sum(path.stat().st_size for path in table.glob("*.parquet"))
    found = rows_of(table)
    assert [row["leaf"] for row in found] == [leaf_hash(one).hex() for one in ledger.entries()]
    assert [row["content.n"] for row in found if row["kind"] == "record"] == list(range(10))
    files = DeltaTable(str(table)).file_uris()
    counted = duckdb.execute(
        """SELECT count(*), sum("content.n"), min(content->'who'->>'city')
        FROM read_parquet(?) WHERE kind = 'record'""",
        [files],
    ).fetchall()
    assert counted == [(10, 45, "Köln")]


def test_only_what_is_new_is_added(ledger: Ledger, tmp_path: Path) -> None:
    """A second export adds later entries, a third nothing; earlier files are not touched."""
    table = tmp_path / "table"
    append_delta(ledger, table, end=5)
    before = {path: path.stat().st_mtime_ns for path in table.glob("*.parquet")}
    assert [row["index"] for row in rows_of(table)] == list(range(5))
    ledger.record({"n": 10, "new": True})
    assert append_delta(ledger, table).entries == ledger.size - 5
    assert append_delta(ledger, table) == append_delta(ledger, table, end=3)
    assert append_delta(ledger, table).entries == append_delta(ledger, table).bytes == 0
    assert [row["index"] for row in rows_of(table)] == list(range(ledger.size))
    assert rows_of(table)[-1]["content.new"] is True
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_no_later_record_breaks_a_table(ledger: Ledger, tmp_path: Path) -> None:
    """Whatever changes its kind, or has no plain name, is in `content`, and null in its column."""
    table = tmp_path / "table"
    append_delta(ledger, table)
    odd: list[dict[str, Any]] = [
        {"n": 0.5, "who": "nobody", "N": 1},
        {"n": None, "who": {"city": 7, "my field": 1, "a,b": {"x": 2}}, "tags": ["a"]},
        {"n": "three", "rate": 1},
        {"rate": 0.25},
    ]
    ledger.record_many(odd[:3], source="odd")
    append_delta(ledger, table)
    ledger.record_many(odd[3:], source="odd")
    append_delta(ledger, table, kind=None)
    found = [row for row in rows_of(table) if row["source"] == "odd"]
    assert [json.loads(row["content"]) for row in found] == odd
    assert [row["content.n"] for row in found] == [None, None, None, None]
    assert [row["content.who.city"] for row in found] == [None, None, None, None]
    assert [row["content.rate"] for row in found] == [None, None, 1, None]
    assert found[1]["content.tags"] == '["a"]'
    names = set(rows_of(table)[0])
    assert not names & {"content.N", "content.who.my field", "content.who.a,b.x"}


def test_integers_join_a_column_of_numbers(ledger: Ledger, tmp_path: Path) -> None:
    """What a column can hold without loss it holds."""
    table = tmp_path / "table"
    ledger.record({"rate": 0.5}, source="s")
    append_delta(ledger, table)
    ledger.record({"rate": 2}, source="s")
    append_delta(ledger, table)
    assert [row["content.rate"] for row in rows_of(table) if row["source"] == "s"] == [0.5, 2.0]


def test_a_table_is_of_one_ledger_and_kind(ledger: Ledger, tmp_path: Path) -> None:
    """Another ledger, another choice of entries or a folder with other files is refused."""
    table = tmp_path / "table"
    append_delta(ledger, table, kind="record")
    assert {row["kind"] for row in rows_of(table)} == {"record"}
    before = DeltaTable(str(table)).version()
    with raises_code("export.delta-other", Conflict):
        append_delta(ledger, table)
    with (
        counterfoil.open(tmp_path / "other", create=True) as other,
        raises_code("export.delta-other", Conflict),
    ):
        append_delta(other, table, kind="record")
    assert DeltaTable(str(table)).version() == before
    with raises_code("export.delta-other", Conflict):
        append_delta(ledger, tmp_path)
    (tmp_path / "file").write_text("x")
    with raises_code("export.delta-other", Conflict):
        append_delta(ledger, tmp_path / "file")
    with raises_code("export.range", InputError):
        append_delta(ledger, table, kind="record", end=-1)


def test_a_ledger_that_was_put_back_is_noticed(tmp_path: Path) -> None:
    """A restored copy is shorter, or has other entries where the table has some: it is refused."""
    folder, table = copy_ledger(tmp_path / "ledger"), tmp_path / "table"
    with counterfoil.open(folder) as ledger:
        ledger.record({"n": 1})
    shutil.copytree(folder, tmp_path / "copy")
    with counterfoil.open(folder) as ledger:
        ledger.record({"n": 2})
        append_delta(ledger, table)
    with counterfoil.open(tmp_path / "copy") as restored:
        with raises_code("export.delta-other", Conflict):
            append_delta(restored, table)
        restored.record({"n": "another"})
        restored.record({"n": "and one more"})
        with raises_code("export.delta-other", Conflict):
            append_delta(restored, table)


def test_wide_records_make_small_commits(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit holds a bounded number of cells, and at most so many columns as a table may have."""
    monkeypatch.setattr(delta, "_COMMIT_CELLS", 900)
    monkeypatch.setattr(delta, "COLUMNS_MAX", 150)
    ledger.record_many([{f"c{n}-{at}": n for n in range(60)} for at in range(3)] * 4, source="wide")
    heard: list[tuple[int, int]] = []
    append_delta(ledger, tmp_path / "table", progress=lambda *told: heard.append(told))
    table = DeltaTable(str(tmp_path / "table"))
    assert table.version() >= 2  # it was made, then two commits or more
    assert len(table.schema().fields) == 150
    found = [row for row in rows_of(tmp_path / "table") if row["source"] == "wide"]
    assert all(json.loads(row["content"])[f"c7-{at % 3}"] == 7 for at, row in enumerate(found))
    assert heard == [(0, ledger.size)]


def test_a_shorter_ledger_is_noticed_by_its_size(tmp_path: Path) -> None:
    """Also where the newest row of the table is an entry that the restored ledger still has."""
    folder, table = copy_ledger(tmp_path / "ledger"), tmp_path / "table"
    with counterfoil.open(folder) as ledger:
        ledger.record({"n": 1})
    shutil.copytree(folder, tmp_path / "copy")
    with counterfoil.open(folder) as ledger:
        ledger.record_block([{"n": 2}])
        ledger.record({"n": 3})
        append_delta(ledger, table, kind="record", end=ledger.size - 1)
        append_delta(ledger, table, kind="record")
        DeltaTable(str(table)).delete(f"index = {ledger.size - 1}")
    with (
        counterfoil.open(tmp_path / "copy") as restored,
        raises_code("export.delta-other", Conflict),
    ):
        append_delta(restored, table, kind="record")


def test_two_exports_at_once_write_nothing_twice(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes second with the same rows is told so, and goes on from there the next time."""
    table = tmp_path / "table"
    append_delta(ledger, table, end=2)
    real = delta._Batch.commit

    def beaten(batch: Any, stop: int) -> None:
        monkeypatch.setattr(delta._Batch, "commit", real)
        append_delta(ledger, table, end=stop)
        real(batch, stop)

    monkeypatch.setattr(delta._Batch, "commit", beaten)
    with raises_code("export.delta-raced", Conflict):
        append_delta(ledger, table)
    assert append_delta(ledger, table).entries == 0
    assert [row["index"] for row in rows_of(table)] == list(range(ledger.size))


def test_without_its_transaction_a_race_writes_twice(ledger: Ledger, tmp_path: Path) -> None:
    """Control: the same two commits without what names their place both get in."""
    table = tmp_path / "table"
    append_delta(ledger, table)
    one, two = DeltaTable(str(table)), DeltaTable(str(table))
    row = pa.table({"index": pa.array([99], pa.int64())})
    for opened in (one, two):
        write_deltalake(opened, row, mode="append", schema_mode="merge")
    assert [found["index"] for found in rows_of(table)].count(99) == 2


KILLED = """
import pathlib, sys
import counterfoil
from counterfoil.ledger.export import delta
delta.COMMIT_ENTRIES = 40
with counterfoil.open(sys.argv[1], read_only=True) as ledger:
    delta.append_delta(ledger, pathlib.Path(sys.argv[2]))
"""


def test_a_killed_export_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Killed at any moment it leaves whole commits; at the end each entry is there once."""
    folder, table = copy_ledger(tmp_path / "ledger"), tmp_path / "table"
    with counterfoil.open(folder) as ledger:
        ledger.record_many([{"n": n, f"c{n // 300}": n} for n in range(1500)])
        size = ledger.size
    held = 0
    for files in (1, 6, 14):
        with subprocess.Popen([sys.executable, "-c", KILLED, str(folder), str(table)]) as export:
            until(lambda: len([*table.glob("*.parquet")]) >= files)  # noqa: B023
            os.kill(export.pid, signal.SIGKILL)
        if DeltaTable.is_deltatable(str(table)):
            found = [row["index"] for row in rows_of(table)]
            assert found == list(range(len(found)))
            assert held <= len(found) < size
            held = len(found)
    with counterfoil.open(folder, read_only=True) as reader:
        assert append_delta(reader, table).entries == size - held
    assert [row["index"] for row in rows_of(table)] == list(range(size))


def test_what_was_told_is_durable(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every new file and its folder is synced before an export says that it is done."""
    synced: list[str] = []
    real = os.fsync

    def noted(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        real(handle)

    monkeypatch.setattr(os, "fsync", noted)
    table = tmp_path / "table"
    append_delta(ledger, table, end=3)
    first = set(synced)
    assert {path.name for path in table.rglob("*") if path.is_file()} <= first
    assert {"table", "_delta_log", tmp_path.name} <= first
    synced.clear()
    append_delta(ledger, table)
    assert len(set(synced) - first) == 2


def test_what_cannot_be_written_is_said(ledger: Ledger, tmp_path: Path) -> None:
    """A place below a file is no folder: the error says where, and nothing is made."""
    (tmp_path / "file").write_text("x")
    with raises_code("export.write", Unavailable):
        append_delta(ledger, tmp_path / "file" / "table")


@pytest.mark.parametrize("package", ["deltalake", "pyarrow"])
def test_the_extra_is_asked_for_by_name(ledger: Ledger, tmp_path: Path, package: str) -> None:
    """Without a package of it the command says what to install, and makes no folder."""
    code = f"""
import sys
sys.modules[{package!r}] = None
from counterfoil.cli.main import main
sys.exit(main(["export", "--out", {str(tmp_path / "t")!r}, "--format", "delta",
    "--ledger", {str(ledger.layout.folder)!r}]))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 5
    assert "pip install 'counterfoil[delta]'" in ran.stderr
    assert not (tmp_path / "t").exists()
