"""Groups of rows become chunks that number every row once, whatever the chunk size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import Conflict, InputError
from counterfoil.formats import json_text
from counterfoil.ledger.sources import CHUNK_MAX_BYTES, CONTENT_MAX_BYTES
from counterfoil.ledger.sources.rows import bounded, encode_row, pack
from tests.unit.ledger.sources.reading import refusal


def fine() -> None:
    """Check nothing."""


@given(st.lists(st.lists(st.binary(min_size=1, max_size=3))), st.integers(1, 7), st.booleans())
def test_pack(groups: list[list[bytes]], rows: int, paused: bool) -> None:
    """Chunks hold the groups' rows in order, full ones unless the source pauses."""
    flat = [content for group in groups for content in group]
    if not flat:
        refusal(lambda: list(pack(groups, rows, position=lambda: 0, check=fine)), "source.empty")
        return
    chunks = list(pack(groups, rows, position=lambda: 9, check=fine, paused=lambda: paused))
    assert [content for chunk in chunks for content in chunk.contents] == flat
    first = 0
    for chunk in chunks:
        assert chunk.first == first
        assert chunk.bytes_read == 9
        first += len(chunk.contents)
    if not paused:
        assert {len(chunk.contents) for chunk in chunks[:-1]} <= {rows}


def test_weight() -> None:
    """A chunk of long rows ends at its weight, so a chunk has bounded memory."""
    content = b"x" * CONTENT_MAX_BYTES
    chunks = list(pack([[content] * 40], 1000, position=lambda: 0, check=fine))
    assert max(len(chunk.contents) for chunk in chunks) == CHUNK_MAX_BYTES // CONTENT_MAX_BYTES
    assert sum(len(chunk.contents) for chunk in chunks) == 40


def test_rows_before_an_error() -> None:
    """The rows before a damaged one are handed out, then the error is raised."""

    def groups() -> object:
        yield [b"a", b"b"]
        yield [b"c"]
        raise InputError("source.line", "line 4: bad")

    chunks = pack(groups(), 2, position=lambda: 0, check=fine)  # type: ignore[arg-type] # a generator
    assert [next(chunks).contents, next(chunks).contents] == [[b"a", b"b"], [b"c"]]
    with pytest.raises(InputError, match="line 4"):
        next(chunks)


def test_change_wins() -> None:
    """A changed source is reported as changed, before a chunk and instead of a parse error."""

    def broken() -> object:
        yield []
        raise InputError("source.line", "line 1: bad")

    def changed() -> None:
        raise Conflict("source.changed", "changed")

    for groups in (broken(), [[b"a"]]):
        chunks = pack(groups, 1, position=lambda: 0, check=changed)  # type: ignore[arg-type] # a generator
        with pytest.raises(Conflict):
            next(chunks)


def test_limits() -> None:
    """A chunk has at least a row, and a row at most its limit."""
    refusal(lambda: list(pack([[b"a"]], 0, position=lambda: 0, check=fine)), "source.rows")
    assert bounded(b"x" * CONTENT_MAX_BYTES, "row 0") == b"x" * CONTENT_MAX_BYTES
    error = refusal(lambda: bounded(b"x" * (CONTENT_MAX_BYTES + 1), "row 7"), "source.row-too-long")
    assert error.message.startswith("row 7: ")


@given(
    st.dictionaries(
        st.text(),
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
    )
)
def test_encoding(row: dict[str, object]) -> None:
    """Rows are encoded as the strict writer encodes them, byte for byte."""
    assert encode_row(row) == json_text.format(row)
