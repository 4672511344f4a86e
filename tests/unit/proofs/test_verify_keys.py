"""A receipt counts only under keys that the log itself brought into force, in their time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.predicates import Key, Record
from counterfoil.formats.receipt import Receipt
from counterfoil.proofs.verify import verify_receipt
from tests.statements import (
    ORG,
    Actor,
    entry_of,
    member_entry,
    payload_of,
    refused,
)
from tests.unit.proofs.receipt_world import OTHER_ORG, World

change = msgspec.structs.replace


def rejects(world: World, receipt: Receipt, code: str, kind: Any = VerificationError) -> None:
    """Expect the refusal of a receipt under the policy of a world."""
    with refused(code, kind):
        verify_receipt(receipt, world.policy())


def test_a_key_that_the_log_does_not_know() -> None:
    """A record signed by a stranger, appended by a careless log, is refused."""
    world = World.begun()
    rejects(world, world.receipt(world.record(Actor("stranger"))), "key.unknown")


def test_left_out_key_statements() -> None:
    """Without the statement that brought the key into force, or the genesis, nothing is proven."""
    world = World.begun()
    second = Actor("second")
    added = world.add(world.recovery, second)
    index = world.record(second)
    verify_receipt(world.receipt(index, keys=[0, 1, added]), world.policy())
    rejects(world, world.receipt(index, keys=[0, 1]), "key.unknown")
    rejects(world, world.receipt(index, keys=[0, added]), "key.unknown")
    rejects(world, world.receipt(index, keys=[1, added]), "key.genesis")
    with pytest.raises((InputError, VerificationError)):
        verify_receipt(world.receipt(index, keys=[]), world.policy())


def test_key_statements_in_another_order() -> None:
    """Statements stand in the order of the log, each once."""
    world = World.begun()
    index = world.record()
    for keys in ([0, 0], [0, 2, 1], [0, 1, 1, 2]):
        rejects(world, world.receipt(index, keys=keys), "receipt.keys", InputError)
    rejects(world, world.receipt(index, keys=[1, 0]), "key.genesis")


def test_a_genesis_that_is_not_at_0() -> None:
    """Who begins a log with other entries cannot make itself the owner later."""
    world = World()
    world.append(member_entry(b"{}"))
    world.add(world.producer, world.producer)
    rejects(world, world.receipt(world.record()), "key.genesis")
    world = World.begun()
    own = World.other
    later = world.add(own, own, organisation=OTHER_ORG)
    rejects(world, world.receipt(world.record(own), keys=[later]), "key.genesis")


def test_what_is_no_key_statement() -> None:
    """Records and batch signatures among the key statements are refused."""
    world = World.begun()
    record = world.record()
    batch = world.batch(world.members([b"{}"]))
    index = world.record()
    for at in (record, batch, batch - 1):
        rejects(world, world.receipt(index, keys=[0, at]), "receipt.keys", InputError)


def test_key_statements_are_proven_to_be_in_the_log() -> None:
    """A key statement that was signed but never appended brings no key into force."""
    world = World.begun()
    second = Actor("second")
    index = world.record(second)
    aside = World.begun()
    forged = aside.entries[aside.add(aside.producer, second)]
    receipt = world.receipt(index)
    keys = (receipt.keys[0], receipt.keys[1], change(receipt.keys[2], entry=forged))
    rejects(world, change(receipt, keys=keys), "proof.root-mismatch")


def test_key_statements_for_another_log() -> None:
    """A key statement that was made for another log and replayed here is refused."""
    world = World.begun()
    world.add(world.producer, Actor("second"), audience="other.example/log")
    rejects(world, world.receipt(world.record(Actor("second"))), "statement.audience")


@pytest.mark.parametrize("role", ["recovery", "log", "witness", "anchor", "decider"])
def test_a_key_of_another_role(role: str) -> None:
    """A key signs records only if it was added to produce them."""
    world = World.begun()
    key = Actor(f"a {role} key")
    world.add(world.recovery, key, role=role)
    rejects(world, world.receipt(world.record(key)), "key.role")
    rejects(world, world.receipt(world.batch(world.members([b"{}"]), signer=key) - 1), "key.role")


def test_the_keys_of_a_thief() -> None:
    """When the theft is known, neither the stolen key nor any key that grew from it counts."""
    world = World.begun()
    good = world.record()
    theft = len(world.entries)
    thief, second = Actor("thief"), Actor("thief 2")
    world.add(world.producer, thief)
    world.add(thief, second)
    stolen = [world.record(), world.record(thief), world.record(second)]
    stolen.append(world.batch(world.members([b"{}"]), signer=second) - 1)
    for index in stolen:  # nobody knows yet
        verify_receipt(world.receipt(index), world.policy())
    world.revoke(world.recovery, world.producer, from_index=theft)
    codes = ["key.ended", "key.void", "key.void", "key.void"]
    for index, code in zip(stolen, codes, strict=True):
        rejects(world, world.receipt(index), code)
    verify_receipt(world.receipt(good), world.policy())


def test_known_limit_a_revocation_that_is_left_out_is_not_seen() -> None:
    """A receipt shows what it holds: who leaves a later revocation out is not found offline.

    Inclusion proofs cannot show that nothing else was said. The log refuses records by ended
    keys, so this concerns revocations from an earlier entry on; an audit of the log finds them.
    """
    world = World.begun()
    second = Actor("second")
    added = world.add(world.producer, second)
    index = world.record(second)
    world.revoke(world.recovery, second, from_index=index)
    rejects(world, world.receipt(index), "key.ended")
    verify_receipt(world.receipt(index, keys=[0, 1, added]), world.policy())


def test_a_record_in_the_name_of_another() -> None:
    """A key of one organisation cannot issue statements of another, by any way of signing."""
    world = World.begun()
    said = Record(content=msgspec.Raw(b"{}"), **world.header(ORG))
    index = world.state(world.other, said)
    rejects(world, world.receipt(index), "statement.issuer")
    last = world.batch([payload_of(said)], signer=world.other)
    rejects(world, world.receipt(last - 1), "statement.issuer")
    index = world.state([world.producer, world.other], said)
    rejects(world, world.receipt(index), "statement.signers")
    foreign = (
        b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"a":"0"}}],'
        b'"predicateType":"https://app.example/x","predicate":'
        b'{"issuer":"%s","source":"s","number":1}}' % ORG.encode()
    )
    index = world.append(entry_of(foreign, world.other))
    rejects(world, world.receipt(index), "statement.issuer")


def test_a_second_signature_by_a_stranger() -> None:
    """Every signature must hold: a good one does not cover for another."""
    world = World.begun()
    said = Record(content=msgspec.Raw(b"{}"), **world.header())
    index = world.state([world.producer, Actor("stranger")], said)
    rejects(world, world.receipt(index), "key.unknown")


def test_a_batch_by_a_key_that_begins_between() -> None:
    """A key that counts from the batch's entry on cannot sign the members before it."""
    world = World.begun()
    second = Actor("second")
    at = world.add(world.producer, second, from_index=6)
    assert at == 3
    last = world.batch(world.members([b"{}", b"{}", b"{}"]), signer=second)
    assert last == 7
    rejects(world, world.receipt(4), "key.too-early")
    rejects(world, world.receipt(5), "key.too-early")
    verify_receipt(world.receipt(6), world.policy())


def test_a_key_statement_that_took_no_effect() -> None:
    """A signed key statement that its signer was not entitled to make has no receipt."""
    world = World.begun()
    spare = Actor("spare")
    index = world.add(world.producer, spare, role="recovery")  # a recovery key stands
    rejects(world, world.receipt(index), "key.unauthorised")
    rejects(world, world.receipt(index, keys=[0, 1]), "receipt.keys", InputError)
    fields = world.header() | {"organisation": ORG, "action": "revoke", "role": "producer"}
    said = Key(**fields, keyid=world.producer.keyid)
    last = world.batch([payload_of(said)])
    rejects(world, world.receipt(last - 1, keys=[0, 1]), "receipt.keys", InputError)
    rejects(world, world.receipt(last - 1, keys=[0, 1, last - 1]), "key.unauthorised")
