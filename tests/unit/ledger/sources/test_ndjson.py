"""NDJSON: each line that is one strict JSON object becomes a row, from a file as from a stream."""

from __future__ import annotations

import io
import json
import os
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.ledger.sources import CONTENT_MAX_BYTES, stream_source
from tests.unit.ledger.sources.reading import Trickle, refusal, rows_in, rows_of

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), VALUES, max_size=5)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\r\n \t\r\n"])


def spaced(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(" , ", " : ")).encode()


@given(st.lists(st.tuples(OBJECTS, ENDS), min_size=1), st.booleans(), st.integers(1, 9))
def test_rows(rows: list[tuple[dict[str, Any], bytes]], cut: bool, size: int) -> None:
    """A file's rows are its objects in compact form, whatever ends lines and sizes chunks."""
    text = b"".join(spaced(value) + end for value, end in rows)
    text = text.rstrip() if cut else text
    expected = [json_text.format(value) for value, _ in rows]
    assert rows_in(text, ".ndjson", size) == expected
    assert rows_of(stream_source(io.BytesIO(text), name="s"), size) == expected


@given(st.lists(OBJECTS, min_size=1, max_size=4), st.lists(st.integers(1, 9), min_size=1))
def test_stream_in_pieces(rows: list[dict[str, Any]], sizes: list[int]) -> None:
    """However a stream is cut on its way, its rows and their numbers are the same."""
    text = b"\n".join(map(spaced, rows))
    source = stream_source(Trickle(text, sizes), name="s")  # type: ignore[arg-type] # raw streams are BinaryIO enough
    assert rows_of(source) == [json_text.format(value) for value in rows]


def test_numbers_keep_their_value() -> None:
    """Numbers come out as the shortest text that reads back as the same number."""
    line = b'{"a":1.10, "b":1e2, "c":0.30000000000000004, "d":-0, "e":9007199254740991, "f":1E-7}'
    (row,) = rows_in(line, ".jsonl")
    assert row == b'{"a":1.1,"b":100.0,"c":0.30000000000000004,"d":0,"e":9007199254740991,"f":1e-7}'


def test_byte_order_mark() -> None:
    """A UTF-8 byte-order mark at the start is skipped."""
    assert rows_in(b'\xef\xbb\xbf{"a":1}', ".ndjson") == [b'{"a":1}']


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        (b"[1]", "source.line", "found an array"),
        (b"5", "source.line", "found a number"),
        (b'"x"', "source.line", "found a string"),
        (b"null", "source.line", "found null"),
        (b'{"a":1,"a":2}', "source.line", "twice"),
        (b'{"a":1}{"b":2}', "source.line", "Extra data"),
        (b'{"a":9007199254740992}', "source.line", "2^53-1"),
        (b'{"a":[NaN]}', "source.line", "NaN"),
        (b'{"a":1e999}', "source.line", "1e999"),
        (b'{"a":"\\ud800"}', "source.line", "surrogate"),
        (b'{"a":"\xff"}', "source.line", "0xff"),
        (b'{"a":"\0"}', "source.binary", "NUL"),
        (b"{", "source.line", "expected JSON"),
        (b"\x80\x04\x95", "source.line", "UTF-8"),
        (b"\x00" * 64, "source.binary", "NUL"),
        (b'{"a":' + b"[" * 100_000, "source.line", "nesting"),
        (b"\x0b", "source.line", "expected JSON"),
    ],
)
def test_bad_line(line: bytes, code: str, says: str) -> None:
    """A line that is no strict JSON object is refused by its number; rows before it come out."""
    text = b'{"ok":1}\n\n{"ok":2}\n' + line + b'\n{"ok":3}\n'
    for size in (1, 2, 1000):
        source = stream_source(io.BytesIO(text), name="s")
        seen: list[bytes] = []
        with pytest.raises(InputError) as caught:
            for chunk in source.chunks(size):
                seen += chunk.contents
        assert seen == [b'{"ok":1}', b'{"ok":2}']
        assert caught.value.code == code
        assert caught.value.message.startswith("line 4: ")
        assert says in caught.value.message


def test_hints() -> None:
    """A JSON array and indented JSON get the hint that fits."""
    assert "array" in refusal(lambda: rows_in(b'[{"a":1},\n', ".json"), "source.line").hint
    assert "one line" in refusal(lambda: rows_in(b'{\n "a":1}', ".json"), "source.line").hint


@pytest.mark.parametrize("text", [b"", b"\n", b" \r\n\t\n", b"\xef\xbb\xbf"])
def test_empty(text: bytes) -> None:
    """A file or stream without a row is refused."""
    refusal(lambda: rows_in(text, ".ndjson"), "source.empty")
    refusal(lambda: rows_of(stream_source(io.BytesIO(text), name="s")), "source.empty")


def test_row_limit() -> None:
    """A row may be exactly as long as the limit, and its line not a byte longer."""
    row = b'{"a":"' + b"x" * (CONTENT_MAX_BYTES - 8) + b'"}'
    assert rows_in(row + b"\n", ".ndjson") == [row]
    refusal(lambda: rows_in(b" " + row, ".ndjson"), "source.line-too-long")


def test_row_that_grows() -> None:
    """A line within the limit whose compact form is beyond it is refused too."""
    numbers = b",".join([b"1e9"] * 200_000)
    error = refusal(lambda: rows_in(b'{"a":[' + numbers + b"]}", ".ndjson"), "source.row-too-long")
    assert error.message.startswith("line 1: ")


def test_live_stream() -> None:
    """Rows of a pipe are handed out when it pauses, not only when a chunk is full."""
    reader, writer = os.pipe()
    with open(reader, "rb") as stream:  # noqa: PTH123 - a descriptor
        chunks = stream_source(stream, name="sensor").chunks(1000)
        os.write(writer, b'{"a":1}\n{"a":2}\n{"a"')
        chunk = next(chunks)
        assert (chunk.first, chunk.contents) == (0, [b'{"a":1}', b'{"a":2}'])
        os.write(writer, b":3}")
        os.close(writer)
        chunk = next(chunks)
        assert (chunk.first, chunk.contents) == (2, [b'{"a":3}'])
        assert list(chunks) == []


def test_busy_pipe() -> None:
    """A pipe that is always full gives the same rows as a file."""
    lines = [b'{"n":%d}' % number for number in range(50_000)]
    reader, writer = os.pipe()

    def feed() -> None:
        with open(writer, "wb") as stream:  # noqa: PTH123 - a descriptor
            stream.write(b"\n".join(lines))

    thread = threading.Thread(target=feed)
    thread.start()
    with open(reader, "rb") as stream:  # noqa: PTH123 - a descriptor
        assert rows_of(stream_source(stream, name="s")) == lines
    thread.join()


def test_stream_twice() -> None:
    """A stream is read once: a second reading is refused, not silently empty."""
    source = stream_source(io.BytesIO(b'{"a":1}'), name="s")
    assert (source.id, source.media, source.size, source.rows) == ("s", "ndjson", None, None)
    rows_of(source)
    refusal(lambda: rows_of(source), "source.read-once")
