"""A card has one spelling; other bytes are refused in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import card as cards
from tests.c2sp import assert_total
from tests.log_rig import raises_code
from tests.unit.network.houses import card_of

DATA = cards.format(card_of(1))


def test_a_card_reads_back() -> None:
    """What is written is read, byte for byte."""
    assert cards.parse(DATA) == card_of(1)


def test_a_card_has_one_spelling() -> None:
    """Other white space, an unknown field, another type or too many bytes are refused."""
    for data, code in (
        (DATA.replace(b"\n", b""), "card.not-canonical"),
        (DATA.replace(b'"name"', b'"nickname"'), "card.malformed"),
        (DATA.replace(b"card/v1", b"card/v2"), "card.malformed"),
        (DATA + b" " * cards.CARD_MAX_BYTES, "card.size"),
    ):
        with raises_code(code, InputError):
            cards.parse(data)


@given(st.binary(max_size=400) | st.binary(max_size=3).map(lambda tail: DATA[:-5] + tail))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are a card in its one spelling or an InputError."""
    assert_total(cards.parse, cards.format, data)
