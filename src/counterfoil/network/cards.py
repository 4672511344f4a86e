"""Make a member's card, and check one: each key in it has signed that it belongs to the others.

A public key is public: whoever may list keys without proof could list somebody else's as his own,
and his log would then seem to be watched by a witness that is another's. This module refuses cards
with a key that did not sign, and addresses as proof of anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from counterfoil.errors import VerificationError
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.card import Card
from counterfoil.formats.policy import Log, Witness
from counterfoil.formats.predicates import KeyBinding, Party
from counterfoil.formats.predicates.registry import binding_text
from counterfoil.formats.vkey import SigningKey, VerifierKey, format_vkey, parse_vkey
from counterfoil.network.charter import (
    LOG_PURPOSE,
    OWN_SUFFIX,
    WITNESS_PURPOSE,
    Charter,
    Member,
    algorithm_of,
    speaks_for,
)
from counterfoil.proofs.claims import check_claims
from counterfoil.proofs.signing import public_of, sign

__all__ = ["PRODUCER_PURPOSE", "Addresses", "check_card", "make_card", "party_fields"]

PRODUCER_PURPOSE = "producer"
"""Purpose, in a party statement, of the key that signs its statements."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where an organisation answers: http or https, or None where it does not.

    log: its log's files. witness: its witness's submission prefix. mirror: its copies of others.
    """

    log: str | None = None
    witness: str | None = None
    mirror: str | None = None


def make_card(
    organisation: str,
    name: str,
    log: Sequence[SigningKey],
    witness: SigningKey,
    producer: SigningKey,
    addresses: Addresses | None = None,
    own_witness: SigningKey | None = None,
) -> Card:
    """Make a card: every key signs the list of all.

    organisation: URI. name: for people. log: the keys of its log. witness, own_witness: of
    type 4 or 6. Raises as `check_card`, and InputError with code key.id for a key that was edited.
    """
    where = addresses or Addresses()
    held = [(LOG_PURPOSE, key) for key in log]
    held += [(WITNESS_PURPOSE, key) for key in (witness, own_witness) if key is not None]
    held.append((PRODUCER_PURPOSE, producer))
    listed = [(purpose, *_named(public_of(key))) for purpose, key in held]
    text = binding_text(organisation, listed)
    bindings = [
        KeyBinding(purpose, algorithm, public, encode_base64(sign(key, text)))  # type: ignore[arg-type]  # one of two
        for (purpose, algorithm, public), (_, key) in zip(listed, held, strict=True)
    ]
    card = Card(
        organisation=organisation,
        name=name,
        log=tuple(format_vkey(public_of(key)) for key in log),
        witness=format_vkey(public_of(witness)),
        own_witness=None if own_witness is None else format_vkey(public_of(own_witness)),
        log_url=where.log,
        witness_url=where.witness,
        mirror_url=where.mirror,
        keys=tuple(bindings),
    )
    check_card(card)
    return card


def check_card(card: Card) -> Member:
    """Check that every key of a card signed for its organisation, and give the member it names.

    That the organisation is who it says is for people to know: take its card from it itself.
    Raises InputError with a code key.* or policy.*, VerificationError with code claim.binding or
    card.key.
    """
    party = Party(issuer=card.organisation, source="card", number=0, **party_fields(card))  # type: ignore[arg-type]  # its fields
    check_claims(party)
    logs = [parse_vkey(text) for text in card.log]
    witnesses = [parse_vkey(text) for text in (card.witness, card.own_witness) if text is not None]
    if len({key.name for key in logs}) != 1:
        raise _bad("the keys of one log", "those of several")
    shown, *own = witnesses
    member = Member(
        card.organisation,
        tuple(Log(key, card.log_url) for key in logs),
        Witness(card.organisation, shown, card.witness_url),
        Witness(card.organisation + OWN_SUFFIX, own[0]) if own else None,
    )
    Charter.founding([member])  # refuses key types that do not fit, and a key in two roles
    if not speaks_for(party, member):
        raise _bad("every key of the card among those that signed", "one missing")
    return member


def party_fields(card: Card) -> dict[str, object]:
    """Make the fields of the `party` statement that a card stands for."""
    return {"party": card.organisation, "keys": card.keys}


def _named(key: VerifierKey) -> tuple[str, str]:
    return algorithm_of(key), encode_base64(key.public)


def _bad(expected: str, found: str) -> VerificationError:
    return VerificationError(
        "card.key",
        f"expected {expected}, found {found}",
        hint="Ask the organisation for its card again: `counterfoil network card`.",
    )
