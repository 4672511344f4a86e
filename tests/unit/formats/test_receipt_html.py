"""A receipt's page gives its receipt back, and holds nothing of it but JSON without markup."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import receipt as receipts
from counterfoil.formats.receipt import EntryProof, Receipt
from counterfoil.formats.receipt_html import format_html, is_html, parse_html
from counterfoil.formats.vkey import KeyType, VerifierKey
from counterfoil.proofs.signing import public_of
from tests.c2sp import LOG
from tests.statements import refused

KEY = public_of(LOG)
ENTRY = EntryProof(1, b"{}", (bytes(32),))
PLAIN = Receipt("note", ENTRY, (ENTRY,))
PAGE = format_html(PLAIN, KEY)

hostile = st.text(st.characters(codec="utf-8")) | st.lists(
    st.sampled_from(
        ["<", "\\", "\\\\", "u003c", "</script>", "<!--", "<script>", "{{receipt}}", '"', "\u2028"]
    )
).map("".join)


@given(hostile, st.none() | hostile)
def test_round_trip(text: str, content: str | None) -> None:
    """Whatever a receipt says, its page gives the same receipt back."""
    value = msgspec.structs.replace(PLAIN, checkpoint=text, content=content)
    page = format_html(value, KEY)
    assert parse_html(page) == value
    assert receipts.format(parse_html(page)) == receipts.format(value)


@given(hostile)
def test_content_cannot_leave_its_element(text: str) -> None:
    """A page has the same tags, whatever its receipt says: no text of it can end its element."""
    page = format_html(msgspec.structs.replace(PLAIN, content=text), KEY)
    assert re.findall(rb"<[^>]*>", page) == re.findall(rb"<[^>]*>", PAGE)
    assert b"</script" not in page.partition(b'id="receipt">')[2].partition(b"</script>")[0]


def test_a_key_is_only_text_too() -> None:
    """The name of the log's key, which may hold markup, cannot leave its element either."""
    key = VerifierKey("a</script><script>x", KeyType.ED25519, bytes(32))
    page = format_html(PLAIN, key)
    assert page.count(b"<script") == PAGE.count(b"<script")
    assert parse_html(page) == PLAIN


def test_a_key_that_no_policy_can_name() -> None:
    """A page whose key could not be put into a policy is not written."""
    with refused("policy.octet"):
        format_html(PLAIN, VerifierKey("a\x7f", KeyType.ED25519, bytes(32)))
    with refused("policy.key-type"):
        format_html(PLAIN, VerifierKey("a", KeyType.COSIGNATURE_ED25519, bytes(32)))


def test_pages_are_recognised() -> None:
    """A page is told from JSON by its beginning, also when a browser saved it."""
    assert is_html(PAGE)
    assert is_html(b"\n<!DOCTYPE html>\n<!-- saved from url=(0014)about:internet -->")
    assert not is_html(receipts.format(PLAIN))
    assert not is_html(b"c2sp.org/tlog-proof@v1\n")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!doctype html>",
        PAGE + PAGE,
        PAGE.replace(b'id="receipt"', b'id="other"'),
        PAGE.replace(b'{"type"', b'<b>{"type"'),
        PAGE.replace(b'"note"', b"5"),
    ],
)
def test_pages_without_one_receipt(data: bytes) -> None:
    """A page with no receipt, or with several, is refused: nobody could say which one counts."""
    with refused("receipt.malformed"):
        parse_html(data)


@given(
    st.binary(max_size=200)
    | st.tuples(st.integers(0, len(PAGE)), st.binary(max_size=3), st.integers(0, 3)).map(
        lambda edit: PAGE[: edit[0]] + edit[1] + PAGE[edit[0] + edit[2] :]
    )
)
def test_any_bytes(data: bytes) -> None:
    """Any bytes raise InputError and nothing else, or hold a receipt."""
    try:
        value = parse_html(data)
    except InputError:
        return
    assert receipts.parse(receipts.format(value)) == value


def test_a_large_receipt() -> None:
    """A receipt at its limit is read back, although its page is larger than the limit."""
    room = receipts.RECEIPT_MAX_BYTES - len(receipts.format(PLAIN)) - len(',"content":""')
    value = msgspec.structs.replace(PLAIN, content="<" * room)
    assert len(receipts.format(value)) == receipts.RECEIPT_MAX_BYTES
    assert parse_html(format_html(value, KEY)) == value
    with refused("receipt.size"):
        parse_html(format_html(msgspec.structs.replace(PLAIN, content="<" * (room + 1)), KEY))
