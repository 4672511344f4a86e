"""A receipt is one strict JSON document, and no two texts of its values mean the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import receipt
from counterfoil.formats.receipt import (
    RECEIPT_MAX_BYTES,
    RECEIPT_TYPE,
    AnchorClaim,
    BatchProof,
    EntryProof,
    Receipt,
    RowProof,
)
from tests.statements import refused

HASH = bytes(range(32))
ENTRY = EntryProof(1, b"{}", (HASH,))
ANCHOR = AnchorClaim(1, "0x" + "aB" * 20, "0x" + "01" * 20, "0x" + "0f" * 32, 7, 8)
FULL = Receipt(
    "note", ENTRY, (ENTRY,), BatchProof(ENTRY, (HASH, HASH)), RowProof(0, bytes(16), "{}", ()),
    "content", (ANCHOR,),
)  # fmt: skip
DATA = receipt.format(FULL)
WHOLE = json.loads(DATA)

indices = st.integers(0, 2**53 - 1)
hashes = st.binary(min_size=32, max_size=32)
paths = st.lists(hashes, max_size=3).map(tuple)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
entries = st.builds(EntryProof, indices, st.binary(min_size=1, max_size=40), paths)
receipts = st.builds(
    Receipt,
    texts,
    entries,
    st.lists(entries, min_size=1, max_size=3).map(tuple),
    st.none() | st.builds(BatchProof, entries, paths),
    st.none() | st.builds(RowProof, indices, st.binary(min_size=16, max_size=16), texts, paths),
    st.none() | texts,
    st.lists(st.just(ANCHOR), max_size=2).map(tuple),
)


@given(receipts)
def test_round_trip(value: Receipt) -> None:
    """A receipt is read back the same, from bytes and from text."""
    data = receipt.format(value)
    assert receipt.parse(data) == receipt.parse(data.decode()) == value


@given(receipts)
def test_layout_is_free(value: Receipt) -> None:
    """White space and the order of keys may differ: a receipt may pass through other tools."""
    document = json.loads(receipt.format(value))
    shuffled = json.dumps(dict(reversed(document.items())), indent=2)
    assert receipt.parse(shuffled) == value


@given(
    st.binary(max_size=200)
    | st.tuples(st.integers(0, len(DATA)), st.binary(max_size=3), st.integers(0, 3)).map(
        lambda edit: DATA[: edit[0]] + edit[1] + DATA[edit[0] + edit[2] :]
    )
)
def test_random_bytes(data: bytes) -> None:
    """Any bytes raise InputError and nothing else, or mean what their JSON says."""
    try:
        value = receipt.parse(data)
    except InputError:
        return
    assert json.loads(receipt.format(value)) == json.loads(data)


def test_the_type_stands_first() -> None:
    """A reader sees at once what a file is; what is absent is not written."""
    assert DATA.startswith(b'{"type":"https://counterfoil.dev/receipt/v1","checkpoint":')
    smallest = json.loads(receipt.format(Receipt("", ENTRY, (ENTRY,))))
    assert set(smallest) == {"type", "checkpoint", "record", "keys"}


def changed(path: str, value: Any) -> bytes:
    """Write the full receipt with one value replaced; None leaves it out."""
    document = json.loads(DATA)
    at = document
    *parents, last = path.split(".")
    for name in parents:
        at = at[int(name)] if name.isdigit() else at[name]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return json.dumps(document).encode()


MALFORMED = [
    ("type", None), ("type", "https://counterfoil.dev/receipt/v2"), ("type", 1),
    ("checkpoint", None), ("checkpoint", 5), ("record", None), ("keys", None), ("keys", []),
    ("x", 1), ("record.x", 1), ("batch.x", 1), ("row.x", 1), ("anchors.0.x", 1),
    ("record.index", -1), ("record.index", 1.0), ("record.index", "1"), ("record.index", True),
    ("record.entry", ""), ("record.entry", "e30"), ("record.entry", "e31="),
    ("record.entry", "e3 0="), ("record.entry", "-_8="), ("record.entry", 5),
    ("record.path", ["AAAA"]), ("record.path", [5]), ("record.path", None),
    ("record.path", [WHOLE["record"]["path"][0]] * 64),
    ("batch.signature", None), ("batch.path", None),
    ("row.salt", "AAAA"), ("row.content", 5), ("row.row", -1), ("row.path", "x"),
    ("content", 5), ("anchors", []), ("anchors", [WHOLE["anchors"][0]] * 65),
    ("anchors.0.chain_id", -1), ("anchors.0.contract", "0x00"),
    ("anchors.0.transaction", "0x" + "0F" * 32), ("anchors.0.block", None),
    ("keys", [WHOLE["keys"][0]] * (receipt.KEYS_MAX + 1)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value"), MALFORMED, ids=[f"{i} {path}" for i, (path, _) in enumerate(MALFORMED)]
)
def test_malformed_fields(path: str, value: Any) -> None:
    """Each field has its shape and range, and there is no other field."""
    with refused("receipt.malformed"):
        receipt.parse(changed(path, value))


@pytest.mark.parametrize("name", ["batch", "row", "content", "anchors"])
def test_nothing_is_written_as_null(name: str) -> None:
    """What a receipt does not have is left out: null is refused."""
    with refused("receipt.malformed"):
        receipt.parse(json.dumps(WHOLE | {name: None}))


def test_unused_bits_of_base64_are_refused() -> None:
    """One hash has one text: another last letter that decodes to the same bytes is refused."""
    text = WHOLE["record"]["path"][0]
    assert text.endswith("8=")
    for last in "9+/":
        with refused("receipt.malformed"):
            receipt.parse(DATA.replace(text.encode(), text[:-2].encode() + last.encode() + b"="))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json.malformed"),
        (b"\xef\xbb\xbf" + DATA, "json.malformed"),
        (DATA + b"x", "json.malformed"),
        (b"[]", "receipt.malformed"),
        (b"5", "receipt.malformed"),
        (b"{}", "receipt.malformed"),
        (DATA.replace(b'"record"', b'"record":{},"record"'), "json.duplicate-key"),
        (DATA.replace(b'"record"', b'"keys":[],"record"'), "json.duplicate-key"),
        (DATA.replace(b'"index":1', b'"index":9007199254740992', 1), "json.integer"),
        (DATA.replace(b'"index":1', b'"index":NaN', 1), "json.number"),
        (DATA.replace(b"content", b"\\ud800", 1), "json.surrogate"),
        (b'{"type":' + b"[" * 100_000, "json.depth"),
        ("\ud800", "json.malformed"),
        (b"5" * (RECEIPT_MAX_BYTES + 1), "receipt.size"),
    ],
    ids=range(14),
)
def test_malformed_documents(data: bytes | str, code: str) -> None:
    """What is no strict JSON, no receipt, or larger than 16 MiB is refused by its fault."""
    with refused(code):
        receipt.parse(data)


def test_type_is_a_constant() -> None:
    """The type of a receipt never changes: receipts are read for ever."""
    assert RECEIPT_TYPE == "https://counterfoil.dev/receipt/v1"


def test_what_is_no_text_is_not_written() -> None:
    """A lone surrogate has no bytes, so a receipt cannot hold it."""
    with refused("receipt.malformed"):
        receipt.format(Receipt("\ud800", ENTRY, (ENTRY,)))
