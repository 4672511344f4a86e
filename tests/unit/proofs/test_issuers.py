"""Whose key signed a statement in COSE follows from the log's own statements, or from nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import cose_key
from counterfoil.formats.predicates import IssuerKey
from counterfoil.formats.receipt import EntryProof
from counterfoil.proofs.verify import Verified, verify_receipt
from tests.cose_made import VENDOR, Issuer
from tests.statements import ORG, Actor, refused
from tests.unit.proofs.receipt_world import World

ISSUER = Issuer()


def stated(
    world: World, signer: Actor | None = None, *, unsigned: bool = False, **more: Any
) -> int:
    """Have a key of an issuer stated; by the log's owner, if nobody else is named."""
    signer = signer or world.producer
    fields: dict[str, Any] = {
        "iss": VENDOR,
        "key": ISSUER.key,
        "action": "add",
        "public": cose_key.format(ISSUER.public),
    }
    said = IssuerKey(**world.header(signer.organisation), **fields | more)
    return world.state([] if unsigned else signer, said)


def verified(world: World, index: int, issuer: EntryProof | int | None) -> Verified:
    """Verify the receipt of a statement, with what brought in its key."""
    proof = world.proof(issuer) if isinstance(issuer, int) else issuer
    receipt = msgspec.structs.replace(world.receipt(index), issuer=proof)
    return verify_receipt(receipt, world.policy())


def test_a_stated_key_proves_the_signer() -> None:
    """The owner's statement before it says whose key it is, and from which entry on."""
    world = World.begun()
    at = stated(world)
    index = world.append(ISSUER.statement())
    found = verified(world, index, at).signer
    assert (found.organisation, found.keyid, found.role) == (VENDOR, ISSUER.key, "issuer")
    assert (found.first, found.end, found.added_at) == (at + 1, None, at)
    assert (found.public, found.added_by) == (ISSUER.public.public, world.producer.keyid)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"iss": "https://else.example"}, "key.issuer"),
        ({"key": "kid:00"}, "key.issuer"),
        ({"action": "revoke", "public": None}, "key.issuer"),
        ({"audience": "another.example/log"}, "key.issuer"),
        ({"public": cose_key.format(Issuer(secret=b"thief").public)}, "signature.invalid"),
        ({"public": cose_key.format(Issuer(algorithm="EdDSA").public)}, "signature.algorithm"),
        ({"unsigned": True}, "statement.issuer"),
    ],
    ids=str,
)
def test_another_statement_proves_nothing(more: dict[str, Any], code: str) -> None:
    """About another issuer or key, an end, for another log, or unsigned: it brings in no key."""
    world = World.begun()
    at = stated(world, **more)
    index = world.append(ISSUER.statement())
    with refused(code, VerificationError):
        verified(world, index, at)


def test_only_the_owner_says_who_is_known() -> None:
    """Another organisation's word, or the owner's name over another's signature, is not enough."""
    world = World.begun()
    theirs = stated(world, world.other)
    header = world.header(ORG)
    fields: dict[str, Any] = {
        "iss": VENDOR,
        "key": ISSUER.key,
        "public": cose_key.format(ISSUER.public),
    }
    borrowed = world.state(world.other, IssuerKey(**header, action="add", **fields))
    index = world.append(ISSUER.statement())
    for at in (theirs, borrowed):
        with refused("statement.issuer", VerificationError):
            verified(world, index, at)


def test_a_later_statement_proves_nothing() -> None:
    """A key that came in after the statement does not speak for it."""
    world = World.begun()
    index = world.append(ISSUER.statement())
    at = stated(world)
    with refused("key.issuer", VerificationError):
        verified(world, index, at)
    with refused("signature.issuer", VerificationError):
        verified(world, index, None)


def test_other_entries_are_no_such_statements() -> None:
    """A record, a batch or a statement in COSE in its place is refused; so is a false place."""
    world = World.begun()
    at, plain = stated(world), world.record()
    batch = world.batch(world.members([b"{}"]))
    index = world.append(ISSUER.statement())
    for other in (plain, batch, index, 0):
        with refused("receipt.issuer", InputError):
            verified(world, index, other)
    moved = msgspec.structs.replace(world.proof(at), index=plain)
    with refused("proof.root-mismatch", VerificationError):
        verified(world, index, moved)


def test_other_records_carry_none() -> None:
    """A receipt of a record, a batch or a verdict has no place for an issuer's key."""
    world = World.begun()
    at, plain = stated(world), world.record()
    batch = world.batch(world.members([b"{}"]))
    for index in (plain, batch, 0):
        with refused("receipt.extra", InputError):
            verified(world, index, at)
