"""A card stands for a member only when each of its keys has signed that."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.card import Card
from counterfoil.formats.vkey import KeyType
from counterfoil.network.cards import Addresses, check_card, make_card
from tests.log_rig import raises_code
from tests.unit.network.houses import card_of, name_of, origin_of
from tests.world import key_from

PQ = KeyType.COSIGNATURE_MLDSA44
COSIGNER = KeyType.COSIGNATURE_ED25519


def test_a_card_stands_for_its_member() -> None:
    """Keys, addresses and both witnesses are taken over, post-quantum ones too."""
    logs = [key_from("x", "log.example/1"), key_from("x", "log.example/1", PQ)]
    shown, own = key_from("x", "w.example", PQ), key_from("x", "own.example", COSIGNER)
    where = Addresses("https://x.example", "https://x.example/witness", None)
    card = make_card("https://x.example", "X", logs, shown, key_from("x", "p"), where, own)
    member = check_card(card)
    assert member.origin == "log.example/1"
    assert [log.url for log in member.logs] == ["https://x.example"] * 2
    assert member.witness.url == "https://x.example/witness"
    assert member.own is not None
    assert (member.own.name, member.own.url) == ("https://x.example#self", None)


def changed(card: Card, **fields: object) -> Card:
    """Change a card without its keys' leave."""
    return msgspec.structs.replace(card, **fields)


ONE, TWO = card_of(1), card_of(2)
ROTATED = card_of(1, witness=1)


@pytest.mark.parametrize(
    ("card", "code"),
    [
        (changed(ONE, organisation=name_of(2)), "claim.binding"),
        (changed(ONE, keys=TWO.keys), "claim.binding"),
        (changed(ONE, keys=ONE.keys[:2]), "claim.binding"),
        (changed(ONE, keys=(ONE.keys[0], TWO.keys[1], ONE.keys[2])), "claim.binding"),
        (changed(ONE, witness=TWO.witness), "card.key"),
        (changed(ONE, own_witness=TWO.witness), "card.key"),
        (changed(ONE, log=TWO.log), "card.key"),
        (changed(ONE, log=(*ONE.log, *TWO.log)), "card.key"),
        (changed(ONE, witness=ROTATED.witness), "card.key"),
    ],
)
def test_no_key_without_its_signature(card: Card, code: str) -> None:
    """A key of somebody else, under another name or beside the list, refuses the card."""
    with raises_code(code, VerificationError):
        check_card(card)


def test_one_key_has_one_purpose() -> None:
    """A log's key is no witness, and a key that cannot cosign is none either."""
    log = key_from("x", origin_of(7))
    with raises_code("policy.key-type", InputError):
        make_card(name_of(7), "Seven", [log], key_from("x", "w.example"), log)
    same = replace(key_from("x", "w.example", COSIGNER), seed=log.seed)
    with pytest.raises(InputError):
        make_card(name_of(7), "Seven", [log], same, log)
