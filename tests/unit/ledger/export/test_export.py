"""Exports hold every entry, whole and in order; tables lose nothing that a table can hold."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import counterfoil
from counterfoil.errors import FatalLogError, InputError, Unavailable
from counterfoil.ledger import Ledger
from counterfoil.ledger.export import EXPORT_FORMATS, Exported, export
from counterfoil.ledger.recorder import LocalRecorder
from counterfoil.log import Submission
from counterfoil.proofs.merkle import leaf_hash
from tests.log_rig import raises_code

ROWS: list[dict[str, Any]] = [
    {"id": 1, "amount": 5.5, "name": 'ä, "b"\n', "ok": True, "who": {"city": "Köln", "zip": 50667}},
    {"id": 2, "amount": 7, "name": None, "ok": False, "items": [1, {"a": 2}]},
    {"id": "three", "amount": -0.5, "who": {"city": "", "tags": {}}, "a.b": 1, "a": {"b": 2}},
    {"ok": None, "c\\d": "=1+1", "zero": "\x00\rx"},
]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with counterfoil.open(tmp_path_factory.mktemp("export") / "ledger", create=True) as made:
        made.record_many(ROWS)
        made.record({"id": 4}, source="single", number=9)
        made.record_block([{"x": 1}])
        yield made


def text_of(ledger: Ledger, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    done = export(ledger, out, format, **options)
    assert done.bytes == len(out.getvalue())
    return out.getvalue()


def lines(ledger: Ledger, **options: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text_of(ledger, "ndjson", **options).splitlines()]


def table(ledger: Ledger, **options: Any) -> list[dict[str, str]]:
    text = text_of(ledger, "csv", **options).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_ndjson_is_what_the_ledger_shows(ledger: Ledger) -> None:
    """Each line is an entry as `get` shows it, with who signed it and when."""
    found = lines(ledger)
    shown = [view.to_json() for view in ledger.views()]
    assert len(found) == ledger.size
    for line, view in zip(found, shown, strict=True):
        signing = {"at_ms": line.pop("at_ms"), "signed_by": line.pop("signed_by")}
        own = {"at_ms": view.pop("at_ms"), "signed_by": list(view.pop("signed_by"))}
        expected = own if own["signed_by"] else {key: batch_value(ledger, key) for key in own}
        assert signing == expected
        assert line == {key: view[key] for key in line}


def batch_value(ledger: Ledger, key: str) -> Any:
    (batch,) = ledger.search("kind=batch").hits
    return json.loads(json.dumps(batch.to_json()))[key]


def test_content_is_exported_as_it_was_recorded(ledger: Ledger) -> None:
    """The text of numbers and the order of keys are those that were recorded and signed."""
    recorded = ledger.record('{"z":1e22,"a":1.10,"m":0.1}')
    (line,) = text_of(ledger, "ndjson", first=recorded.index).splitlines()
    assert line.endswith(b'"content":{"z":1e22,"a":1.1,"m":0.1}}')


def test_what_cannot_be_decoded_has_its_line(tmp_path: Path) -> None:
    """An entry of a kind that this version does not know is exported with its leaf."""
    with counterfoil.open(tmp_path / "ledger", create=True) as ledger:
        assert isinstance(ledger._recorder, LocalRecorder)
        ledger._recorder._writing.log.submit(Submission([b"\xd2\x84\x43"])).result()
        (line,) = lines(ledger, first=ledger.size - 1)
    assert (line["kind"], line["content"]) == ("unreadable", {})
    assert line["leaf"] == leaf_hash(b"\xd2\x84\x43").hex()


def test_part_of_a_ledger(ledger: Ledger) -> None:
    """A range and a kind choose the entries."""
    size = ledger.size
    assert [line["index"] for line in lines(ledger, first=3, end=6)] == [3, 4, 5]
    assert [line["index"] for line in lines(ledger, first=size - 1, end=10**9)] == [size - 1]
    assert lines(ledger, first=size) == lines(ledger, first=10**9) == []
    kinds = {line["kind"] for line in lines(ledger, kind="block")}
    assert kinds == {"block"}
    assert lines(ledger, kind="nothing") == []
    for wrong in ({"first": -1}, {"first": 5, "end": 4}):
        with raises_code("export.range", InputError):
            export(ledger, io.BytesIO(), **wrong)  # type: ignore[arg-type]
    with raises_code("export.format", InputError):
        export(ledger, io.BytesIO(), "xlsx")


def test_csv_has_a_column_for_every_path(ledger: Ledger) -> None:
    """Columns are the union of all paths; cells are the values, arrays as JSON."""
    found = table(ledger, kind="record")[: len(ROWS)]
    assert list(found[0])[:8] == [
        "index",
        "leaf",
        "kind",
        "issuer",
        "source",
        "number",
        "at_ms",
        "signed_by",
    ]
    cells = [{key: row[f"content.{key}"] for key in COLUMNS} for row in found]
    empty = dict.fromkeys(COLUMNS, "")
    assert cells == [
        empty
        | {"id": "1", "amount": "5.5", "name": 'ä, "b"\n', "ok": "true"}
        | {"who.city": "Köln", "who.zip": "50667"},
        empty | {"id": "2", "amount": "7", "ok": "false", "items": '[1,{"a":2}]'},
        empty | {"id": "three", "amount": "-0.5", "who.tags": "{}", "a\\.b": "1", "a.b": "2"},
        empty | {"c\\\\d": "=1+1", "zero": "\x00\rx"},
    ]


COLUMNS = [
    "id",
    "amount",
    "name",
    "ok",
    "who.city",
    "who.zip",
    "items",
    "who.tags",
    "a\\.b",
    "a.b",
    "c\\\\d",
    "zero",
]


def test_parquet_keeps_types(ledger: Ledger) -> None:
    """Columns of one kind keep it; integers and fractions are numbers; mixed ones are text."""
    read = pq.read_table(io.BytesIO(text_of(ledger, "parquet", kind="record", end=10)))
    kinds = {field.name: str(field.type) for field in read.schema}
    assert kinds["content.amount"] == "double"
    assert kinds["content.ok"] == "bool"
    assert kinds["content.who.zip"] == kinds["index"] == kinds["at_ms"] == "int64"
    assert kinds["content.id"] == kinds["content.items"] == "string"
    assert kinds["signed_by"] == "list<element: string>"
    rows = read.to_pylist()
    assert [row["content.id"] for row in rows][:4] == ["1", "2", "three", None]
    assert [row["content.amount"] for row in rows][:4] == [5.5, 7.0, -0.5, None]
    assert rows[0]["signed_by"] == [*batch_value(ledger, "signed_by")]
    assert rows[2]["content.who.city"] == ""


def test_arrow_is_the_same_table(ledger: Ledger, tmp_path: Path) -> None:
    """An Arrow file has the columns and cells of Parquet; polars and pandas read it, too."""
    parquet = pq.read_table(io.BytesIO(text_of(ledger, "parquet")))
    out = tmp_path / "out.arrow"
    out.write_bytes(text_of(ledger, "arrow"))
    assert pa.ipc.open_file(out).read_all().equals(parquet)
    assert polars.read_ipc(out).to_dicts() == parquet.to_pylist()
    read = pandas.read_feather(out)
    assert list(read["leaf"]) == [view.leaf for view in ledger.views()]


def test_nothing_to_export(ledger: Ledger) -> None:
    """An empty export is an empty file of its format, with the header's columns."""
    assert text_of(ledger, "ndjson", kind="none") == b""
    assert text_of(ledger, "csv", kind="none").count(b"\n") == 1
    assert pq.read_table(io.BytesIO(text_of(ledger, "parquet", kind="none"))).num_rows == 0
    empty = pa.ipc.open_file(text_of(ledger, "arrow", kind="none")).read_all()
    assert (empty.num_rows, empty.column_names[0]) == (0, "index")


@pytest.mark.parametrize("format", EXPORT_FORMATS)
def test_a_file_is_whole_or_not_there(
    ledger: Ledger, tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file takes its place at the end; one that is interrupted leaves the old one alone."""
    target = tmp_path / "out"
    target.write_bytes(b"old")

    def stop(done: int, total: int) -> None:
        assert target.read_bytes() == b"old"
        if done == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(ledger, target, format, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert target.read_bytes() == b"old"
    done = export(ledger, target, format)
    assert target.stat().st_size == done.bytes
    assert target.read_bytes() == text_of(ledger, format)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    with raises_code("export.write", Unavailable):
        export(ledger, tmp_path / "no" / "out", format)
    with raises_code("export.write", Unavailable), Path("/dev/full").open("wb", 0) as full:
        export(ledger, full, format)


def test_progress_counts_each_pass(ledger: Ledger) -> None:
    """The caller hears how far it is, of all entries that are read."""
    heard: list[tuple[int, int]] = []
    export(ledger, io.BytesIO(), "csv", progress=lambda *told: heard.append(told))
    assert heard == [(0, ledger.size * 2)]


def test_too_many_columns(tmp_path: Path) -> None:
    """A table that nobody could read is refused, with the entry; NDJSON is not."""
    with counterfoil.open(tmp_path / "ledger", create=True) as ledger:
        ledger.record_many([{f"c{at}-{n}": 1 for n in range(500)} for at in range(9)])
        for format in ("csv", "parquet"):
            with raises_code("export.columns", InputError):
                export(ledger, tmp_path / "out", format, kind="record")
        assert not (tmp_path / "out").exists()
        assert export(ledger, tmp_path / "out", kind="record").entries == 9


def test_many_rows_make_many_groups(tmp_path: Path) -> None:
    """Wide rows go to Parquet in groups of a bounded number of cells."""
    with counterfoil.open(tmp_path / "ledger", create=True) as ledger:
        ledger.record_many([{f"c{n}": at for n in range(2000)} for at in range(600)])
        done = export(ledger, tmp_path / "out", "parquet", kind="record")
    assert done.entries == 600
    file = pq.ParquetFile(tmp_path / "out")
    assert file.num_row_groups == 2
    assert file.read(columns=["content.c7"]).column(0).to_pylist() == list(range(600))


def test_a_damaged_log_is_not_exported(tmp_path: Path) -> None:
    """Where an entry cannot be read the export stops, and no file is made."""
    with counterfoil.open(tmp_path / "ledger", create=True) as ledger:
        ledger.record_many([{"n": at} for at in range(6000)])
    (tmp_path / "ledger" / "tile" / "entries" / "005").unlink()
    reader = counterfoil.open(tmp_path / "ledger", read_only=True)
    with reader, raises_code("log.damaged", FatalLogError):
        export(reader, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_pyarrow_is_asked_for_by_name(ledger: Ledger) -> None:
    """Without pyarrow NDJSON and CSV work, and Parquet says what to install."""
    code = f"""
import sys
sys.modules["pyarrow"] = None
import io, counterfoil
from counterfoil.errors import Unavailable
from counterfoil.ledger.export import export
with counterfoil.open({str(ledger.layout.folder)!r}, read_only=True) as ledger:
    print(export(ledger, io.BytesIO(), "csv").entries == ledger.size)
    try:
        export(ledger, io.BytesIO(), "parquet")
    except Unavailable as err:
        print(err.code, err.hint)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "True\nextra.missing Install it: pip install 'counterfoil[frames]'.\n"


CONTENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text('a.\\"\n,é', max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=25)
@given(st.lists(st.dictionaries(st.text("ab.\\", max_size=3), CONTENTS, max_size=3), min_size=1))
def test_tables_agree_with_ndjson(contents: list[dict[str, Any]]) -> None:
    """Whatever is recorded, CSV and Parquet have the rows of NDJSON, cell by cell."""
    with (
        tempfile.TemporaryDirectory() as folder,
        counterfoil.open(folder, create=True) as ledger,
    ):
        ledger.record_many(contents)
        plain = lines(ledger, kind="record")
        rows = table(ledger, kind="record")
        read = pq.read_table(io.BytesIO(text_of(ledger, "parquet", kind="record"))).to_pylist()
        assert export(ledger, io.BytesIO(), kind="record") == Exported(
            len(contents), len(text_of(ledger, "ndjson", kind="record"))
        )
    assert [line["content"] for line in plain] == contents
    assert len(rows) == len(read) == len(contents)
    for content, row, typed in zip(contents, rows, read, strict=True):
        wanted = flat(content)
        assert {name: row[name] for name in wanted} == {
            name: "" if value is None else value if isinstance(value, str) else row[name]
            for name, value in wanted.items()
        }
        for name in row:
            value = wanted.get(name) if name.startswith("content.") else None
            if name.startswith("content."):
                assert (typed[name] is None) == (value is None)
            if isinstance(value, list | dict):
                assert json.loads(row[name]) == json.loads(typed[name]) == value
            elif isinstance(value, bool):
                assert row[name] == str(value).lower()
                assert typed[name] in (value, str(value).lower())
            elif isinstance(value, int | float):
                assert float(row[name]) == value == float(typed[name])
            elif isinstance(value, str):
                assert row[name] == typed[name] == value


def flat(content: dict[str, Any], prefix: str = "content.") -> dict[str, Any]:
    """Lay a content out in columns, in the plainest way."""
    found: dict[str, Any] = {}
    for key, value in content.items():
        name = prefix + key.replace("\\", "\\\\").replace(".", "\\.")
        if isinstance(value, dict) and value:
            found |= flat(value, name + ".")
        else:
            found[name] = value
    return found
