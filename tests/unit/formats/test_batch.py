"""A batch signature says which log, how many members and under which root, in one form."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import batch
from counterfoil.formats.batch import MEMBERS_MAX, Batch, member_hash
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, pae
from tests.statements import refused

BATCH = Batch(1_700_000_000_000, 3, "0f" * 16, "log.example/9f3a", "ab" * 32)
PAYLOAD = batch.format(BATCH)
WHOLE = json.loads(PAYLOAD)

batches = st.builds(
    lambda at, count, nonce, origin, root: Batch(at, count, nonce.hex(), origin, root.hex()),
    st.integers(0, 2**53 - 1),
    st.integers(1, MEMBERS_MAX),
    st.binary(min_size=16, max_size=16),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=255),
    st.binary(min_size=32, max_size=32),
)


@given(batches)
def test_round_trip(value: Batch) -> None:
    """A batch is read back the same."""
    assert batch.parse(batch.format(value)) == value


@given(
    st.binary(max_size=200)
    | st.tuples(st.integers(0, len(PAYLOAD)), st.binary(max_size=3), st.integers(0, 3)).map(
        lambda edit: PAYLOAD[: edit[0]] + edit[1] + PAYLOAD[edit[0] + edit[2] :]
    )
)
def test_one_spelling(data: bytes) -> None:
    """Any bytes raise InputError and nothing else, or are exactly what we would write."""
    try:
        value = batch.parse(data)
    except InputError:
        return
    assert batch.format(value) == data


def test_the_canonical_form() -> None:
    """Fields stand in alphabetical order, without white space."""
    assert PAYLOAD == (
        b'{"at_ms":1700000000000,"count":3,"nonce":"%s","origin":"log.example/9f3a","root":"%s"}'
        % (b"0f" * 16, b"ab" * 32)
    )


@pytest.mark.parametrize(
    "change",
    [
        {"at_ms": -1}, {"at_ms": 2**53}, {"at_ms": 1.5}, {"at_ms": "5"}, {"at_ms": True},
        {"count": 0}, {"count": -1}, {"count": 1025}, {"count": None},
        {"nonce": ""}, {"nonce": "0f" * 15}, {"nonce": "0F" * 16}, {"nonce": "0f" * 16 + "\n"},
        {"origin": ""}, {"origin": "a" * 256}, {"origin": 5},
        {"root": "ab" * 31}, {"root": "AB" * 32}, {"root": "ab" * 33}, {"x": 1},
    ],
    ids=str,
)  # fmt: skip
def test_malformed_fields(change: dict[str, Any]) -> None:
    """Each field has its range, and there is no other field."""
    with refused("batch.malformed"):
        batch.parse(json.dumps(WHOLE | change, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        PAYLOAD + b"\n",
        json.dumps(WHOLE).encode(),
        json.dumps(dict(reversed(WHOLE.items())), separators=(",", ":")).encode(),
        PAYLOAD.replace(b'{"at_ms"', b'{"at_ms":5,"at_ms"'),
        PAYLOAD.replace(b"log", b"l\\u006fg"),
        PAYLOAD.replace(b"log", b"\xff"),
        PAYLOAD.replace(b'"count":3', b'"count":3.0'),
        PAYLOAD.replace(b'"count":3', b'"count":03'),
        PAYLOAD.replace(b'"count":3,', b""),
        PAYLOAD.replace(b'"at_ms":1700000000000', b'"at_ms":-0'),
        b"[" * 100_000,
    ],
)
def test_other_encodings_are_refused(data: bytes) -> None:
    """A batch in another encoding is refused."""
    with refused("batch.malformed"):
        batch.parse(data)


@pytest.mark.parametrize(
    "change", [{"count": 0}, {"origin": ""}, {"origin": "\ud800"}, {"root": "x"}], ids=str
)
def test_what_could_not_be_read_is_not_written(change: dict[str, Any]) -> None:
    """`format` refuses what `parse` refuses."""
    with refused("batch.malformed"):
        batch.format(msgspec.structs.replace(BATCH, **change))


@given(st.binary(max_size=100))
def test_member_hash(payload: bytes) -> None:
    """A member's leaf is the RFC 9162 leaf hash of what a signature over it would sign."""
    assert member_hash(payload) == sha256(b"\0" + pae(STATEMENT_PAYLOAD_TYPE, payload)).digest()
