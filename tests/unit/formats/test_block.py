"""A row file is read back as it was written, and a row's leaf is salted and of its own kind."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import block
from counterfoil.formats.block import ROW_MAX_BYTES, Row, row_leaf
from tests.statements import refused

SALT = bytes(range(16))
rows = st.lists(
    st.tuples(st.binary(min_size=16, max_size=16), st.binary(min_size=1, max_size=40)), max_size=5
)


@given(rows)
def test_round_trip(value: list[Row]) -> None:
    """Rows are read back the same, in order."""
    assert list(block.parse_rows(block.format_rows(value))) == value


@given(st.binary(max_size=200) | rows.map(block.format_rows).map(lambda data: data[:-1]))
def test_one_spelling(data: bytes) -> None:
    """Any bytes raise InputError and nothing else, or are exactly what we would write."""
    try:
        found = list(block.parse_rows(data))
    except InputError as err:
        assert err.code == "block.malformed"
        return
    assert block.format_rows(found) == data


def test_the_form_of_a_row() -> None:
    """A row is its length, its salt and its text."""
    assert block.format_rows([(SALT, b"{}")]) == b"\0\0\0\x02" + SALT + b"{}"
    assert block.format_rows([]) == b""


@pytest.mark.parametrize(
    "row",
    [(SALT[1:], b"{}"), (SALT + b"x", b"{}"), (b"", b"{}"), (SALT, b""),
     (SALT, bytes(ROW_MAX_BYTES + 1))],
    ids=["short salt", "long salt", "no salt", "no text", "long text"],
)  # fmt: skip
def test_rows_that_could_not_be_read_are_not_written(row: Row) -> None:
    """A salt of another length and a row that is empty or too large are refused."""
    with refused("block.row"):
        block.format_rows([(SALT, b"{}"), row])


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        b"\0\0\0\x02" + SALT + b"{",
        b"\0\0\0\x02" + SALT,
        b"\0\0\0\x02",
        b"\0\0\0\0" + SALT,
        (ROW_MAX_BYTES + 1).to_bytes(4, "big") + SALT + bytes(ROW_MAX_BYTES + 1),
        b"\xff\xff\xff\xff" + SALT + b"{}",
    ],
    ids=range(7),
)
def test_torn_files_are_found(data: bytes) -> None:
    """A row that is cut short, empty or too large is named by its place, after the good rows."""
    good = block.format_rows([(SALT, b"{}")])
    found = block.parse_rows(good + data)
    assert next(found) == (SALT, b"{}")
    with refused("block.malformed"):
        next(found)


def test_the_largest_row() -> None:
    """A row of 1 MiB is accepted."""
    row = (SALT, bytes(ROW_MAX_BYTES))
    assert list(block.parse_rows(block.format_rows([row]))) == [row]


def test_row_leaf() -> None:
    """A leaf is the hash of a leaf prefix, a name of its own, the salt and the text."""
    expected = sha256(b"\0counterfoil row v1\0" + SALT + b"{}").digest()
    assert row_leaf(SALT, b"{}") == expected
    assert row_leaf(bytes(16), b"{}") != expected
