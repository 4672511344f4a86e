"""Read and write a member's card: who an organisation is, where its log and witness answer.

It is the file that organisations hand each other, by a way that they trust, before one admits the
other. Its keys sign that they belong together (a `party` statement); its addresses are only where
to ask. Each card has one spelling. This module refuses to verify: `network.cards` does.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.predicates import KeyBinding
from counterfoil.formats.predicates.header import Name, Uri

__all__ = ["CARD_MAX_BYTES", "CARD_TYPE", "Card", "format", "parse"]

CARD_TYPE: Final = "https://counterfoil.dev/network/card/v1"
"""Value of a card's `type`."""

CARD_MAX_BYTES: Final = 65_536
"""Largest card that is read, bytes."""

_Vkey = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
_Url = Annotated[str, msgspec.Meta(pattern=r"\Ahttps?://[!-~]+\Z", max_length=2048)]
_HINT: Final = "Get the card again, byte for byte as its organisation wrote it."


class Card(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag=CARD_TYPE,
):
    """A member's card.

    organisation: URI. name: for people. log: verifier keys of its log, all of one origin; log_url:
    where the log can be read. witness: verifier key (type 4 or 6) of the witness that it
    runs for others; witness_url: its submission prefix; own_witness: of the one that watches its
    own log alone. mirror_url: where it serves its copies of the others' logs. keys: every key of
    the organisation that others meet, each with its signature over the list of all: those above
    and the producer key.
    """

    organisation: Uri
    name: Name
    log: Annotated[tuple[_Vkey, ...], msgspec.Meta(min_length=1, max_length=4)]
    witness: _Vkey
    own_witness: _Vkey | None = None
    log_url: _Url | None = None
    witness_url: _Url | None = None
    mirror_url: _Url | None = None
    keys: Annotated[tuple[KeyBinding, ...], msgspec.Meta(min_length=1, max_length=16)]


_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(Card).decode


def parse(data: bytes) -> Card:
    """Read a card.

    data: at most 64 KiB. Raises InputError with code card.size, card.malformed or
    card.not-canonical, or one of `json_text.parse`.
    """
    if len(data) > CARD_MAX_BYTES:
        raise InputError(
            "card.size",
            f"expected a card of at most {CARD_MAX_BYTES} bytes, found {len(data)}",
            hint=_HINT,
        )
    json_text.parse(data)
    try:
        card = _DECODE(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise InputError(
            "card.malformed", f"expected a member's card, found none: {err}", hint=_HINT
        ) from err
    if format(card) != data:
        raise InputError(
            "card.not-canonical", "expected a card in its one spelling, found another", hint=_HINT
        )
    return card


def format(card: Card) -> bytes:
    """Write a card as indented JSON and a newline; `parse` gives it back.

    Raises InputError with code card.malformed when a text of it is no Unicode.
    """
    try:
        return msgspec.json.format(_ENCODE(card), indent=1) + b"\n"
    except UnicodeEncodeError as err:
        raise InputError(
            "card.malformed", f"expected Unicode text in a card, found other: {err}", hint=_HINT
        ) from err
