"""CSV: every cell stays the string that stands in the file, and what is ragged is refused."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.ledger.sources import open_source
from tests.unit.ledger.sources.reading import refusal, rows_in

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=";"), min_size=1, max_size=5
).filter(lambda name: bool(name.strip()))


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Draw a header and at least one row of as many cells."""
    header = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    row = st.lists(CELLS, min_size=len(header), max_size=len(header))
    return [header, *draw(st.lists(row, min_size=1, max_size=5))]


@given(
    tables(),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
    st.integers(1, 3),
)
def test_round_trip(
    table: list[list[str]], end: str, mark: bytes, quoting: int, cut: bool, size: int
) -> None:
    """What a CSV writer wrote comes back cell by cell, line breaks in cells included."""
    if any("\r" in cell for row in table for cell in row):
        quoting = csv.QUOTE_ALL  # before Python 3.13 the writer forgets to quote a lone \r
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=quoting).writerows(table)  # type: ignore[arg-type] # a constant of the module
    data = mark + text.getvalue().encode()
    if cut:
        data = data.removesuffix(end.encode())
    header, *rows = table
    expected = [dict(zip(header, row, strict=True)) for row in rows]
    assert [json.loads(row) for row in rows_in(data, ".csv", size)] == expected


def test_cells_stay_text() -> None:
    """No type is invented: zeros, exponents, booleans, blanks and nulls stay what they are."""
    text = b"a,b,c,d,e,f\n007,1e3,TRUE,, x ,NULL\n"
    assert rows_in(text, ".csv") == [
        b'{"a":"007","b":"1e3","c":"TRUE","d":"","e":" x ","f":"NULL"}'
    ]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (b"a;b\n1,5;2\n", {"a": "1,5", "b": "2"}),
        (b"a\tb\n1\t2\n", {"a": "1", "b": "2"}),
        (b"a,b;c\n1,2\n", {"a": "1", "b;c": "2"}),
        (b"\r\n\na;b\n1;2\n", {"a": "1", "b": "2"}),
        (b"a\n1;2\n", {"a": "1;2"}),
    ],
)
def test_separator(text: bytes, row: dict[str, str]) -> None:
    """The comma separates; `;` and tab only where the header has no comma."""
    assert [json.loads(found) for found in rows_in(text, ".csv")] == [row]


def test_empty_lines_have_no_number() -> None:
    """Empty lines are skipped and take no row number."""
    assert rows_in(b"a\n1\n\n\r\n2\n\n", ".csv") == [b'{"a":"1"}', b'{"a":"2"}']


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (b"a,b\n1,2\n1\n", "source.csv-ragged", 3),
        (b"a,b\n1,2\n1,2,3\n", "source.csv-ragged", 3),
        (b'a,b\n"x\ny",2\n1\n', "source.csv-ragged", 4),
        (b"a,a\n1,2\n", "source.csv-header", 1),
        (b"a,\n1,2\n", "source.csv-header", 1),
        (b"a, \n1,2\n", "source.csv-header", 1),
        (b'a,b\n1,2\n1,"2\n3\n', "source.csv", 3),
        (b'a,b\n1,"2"3\n', "source.csv", 2),
        (b"a,b\r1,2\r", "source.csv", 1),
        (b"a,b\n1,\xff\n", "source.encoding", 2),
        ("a,b\n1,é\n".encode("latin-1"), "source.encoding", 2),
        ("a,b\n1,2\n".encode("utf-16"), "source.binary", 1),
        ("a,b\n1,2\n".encode("utf-16-le"), "source.binary", 1),
        (b"a,b\n1,\0\n", "source.binary", 2),
        (b"a,b\n1," + b"x" * 200_000, "source.csv", 2),
        (b"a,b\n1,2\n" + b"x" * (1 << 20) + b",2\n", "source.line-too-long", 3),
    ],
)
def test_bad_file(text: bytes, code: str, line: int) -> None:
    """What is not well-formed CSV in UTF-8 is refused by its line."""
    error = refusal(lambda: rows_in(text, ".csv"), code)
    assert isinstance(error, InputError)
    assert error.message.startswith(f"line {line}: ")
    assert error.hint


@pytest.mark.parametrize("text", [b"", b"\n\n", b"a,b\n", b"a,b", b"\xef\xbb\xbf"])
def test_empty(text: bytes) -> None:
    """A file without a row below its header is refused."""
    refusal(lambda: rows_in(text, ".csv"), "source.empty")


def test_open_quote_is_bounded(tmp_path: Path) -> None:
    """A record that never ends is refused where it begins, not after the whole file."""
    path = tmp_path / "open.csv"
    # Many short cells that are quoted over line breaks: no single cell reaches its limit.
    path.write_bytes(b"a\n1\n" + b'"x\n",' * (1 << 20))
    source = open_source(path)
    chunks = source.chunks(1)
    assert next(chunks).contents == [b'{"a":"1"}']
    error = refusal(lambda: next(chunks), "source.line-too-long")
    assert error.message.startswith("line 3: ")


def test_row_limit_holds_for_wide_headers() -> None:
    """A short row under long names is refused when its content is beyond the limit."""
    names = b",".join(b"%0131000d" % place for place in range(8))
    row = b",".join([b"x" * 100] * 8)
    error = refusal(lambda: rows_in(names + b"\n" + row + b"\n", ".csv"), "source.row-too-long")
    assert error.message.startswith("line 2: ")


@pytest.mark.parametrize("size", [1, 300, 5000])
def test_rows_before_an_error(tmp_path: Path, size: int) -> None:
    """The rows before a bad line are handed out, whatever the chunk size."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a\n" + b"1\n" * 700 + b"1,2\n")
    seen: list[bytes] = []
    with pytest.raises(InputError, match=r"line 702: "):
        for chunk in open_source(path).chunks(size):
            seen += chunk.contents
    assert len(seen) == 700
