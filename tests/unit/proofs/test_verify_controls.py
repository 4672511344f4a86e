"""Each check of the verifier is needed: without it, an attack that the tests know would pass."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from counterfoil.errors import CounterfoilError
from counterfoil.formats import checkpoint, envelope, note
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, Envelope, Signature
from counterfoil.formats.policy import NONE, Log, Policy
from counterfoil.formats.predicates import Record
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.statement import sha256_subject
from counterfoil.proofs.merkle import leaf_hash, root_of
from counterfoil.proofs.signing import public_of
from counterfoil.proofs.verify import verify_receipt
from tests import c2sp
from tests.statements import ORG, Actor, entry_of, member_entry, payload_of
from tests.unit.proofs.receipt_world import World
from tests.unit.proofs.weak_verifier import CHECKS, WeakVerifier

change = msgspec.structs.replace


def said(world: World, issuer: str = ORG) -> Record:
    """Make a record's predicate."""
    return Record(content=msgspec.Raw(b"{}"), **world.header(issuer))


def forged_checkpoint(world: World) -> Receipt:
    """A whole log made by a stranger under the log's name."""
    index = world.record()
    root = root_of(map(leaf_hash, world.entries))
    body = checkpoint.format(Checkpoint(world.origin, len(world.entries), root))
    stranger = c2sp.secret("stranger")
    return change(
        world.receipt(index), checkpoint=note.format(c2sp.signed(stranger, body=body)).decode()
    )


def never_appended(world: World) -> Receipt:
    """A record that was signed and never appended."""
    receipt = world.receipt(world.record())
    entry = entry_of(payload_of(said(world)), world.producer)
    return change(receipt, record=change(receipt.record, entry=entry))


def self_made_key(world: World) -> Receipt:
    """A key that brought itself into force."""
    stranger = Actor("stranger")
    world.add(stranger, stranger)
    return world.receipt(world.record(stranger))


def revoked_key(world: World) -> Receipt:
    """A record by a key after its end."""
    second = Actor("second")
    world.add(world.producer, second)
    world.revoke(world.recovery, second)
    return world.receipt(world.record(second))


def wrong_signature(world: World) -> Receipt:
    """A record under the right key's name and the signature of other bytes."""
    signature = world.producer.signature(STATEMENT_PAYLOAD_TYPE, b"other")
    payload = payload_of(said(world))
    entry = envelope.format(
        Envelope(payload, STATEMENT_PAYLOAD_TYPE, (Signature(world.producer.keyid, signature.sig),))
    )
    return world.receipt(world.append(entry))


def another_member(world: World) -> Receipt:
    """A record in a member's place that the batch does not sign."""
    payloads = world.members([b'{"n":0}', b'{"n":1}'])
    last = world.batch(payloads)
    other = payload_of(said(world))
    world.entries[last - 1] = member_entry(other)
    return world.receipt(last - 1)


def outside_the_range(world: World) -> Receipt:
    """A copy of a member behind its batch."""
    payloads = world.members([b'{"n":0}'])
    last = world.batch(payloads)
    copy = world.append(member_entry(payloads[0]))
    return change(world.receipt(last - 1), record=world.proof(copy))


def batch_of_another_log(world: World) -> Receipt:
    """A batch that was signed for another log."""
    return world.receipt(world.batch(world.members([b"{}"]), origin="elsewhere.example") - 1)


def another_issuer(world: World) -> Receipt:
    """A record in the name of another organisation."""
    return world.receipt(world.state(world.other, said(world)))


def another_audience(world: World) -> Receipt:
    """A record that was made for another log."""
    return world.receipt(world.record(audience="elsewhere.example"))


def another_subject(world: World) -> Receipt:
    """A record whose subject is other content."""
    return world.receipt(world.state(world.producer, said(world), [sha256_subject("x", b"x")]))


def another_row(world: World) -> Receipt:
    """A row with other content."""
    receipt = world.receipt(world.block([b'{"n":0}', b'{"n":1}']), row=1)
    assert receipt.row is not None
    return change(receipt, row=change(receipt.row, content='{"n":9}'))


def other_content(world: World) -> Receipt:
    """Content that is not the one recorded."""
    return change(world.receipt(world.large(b'{"n":0}')), content='{"n":9}')


ATTACKS: dict[str, Callable[[World], Receipt]] = {
    "checkpoint": forged_checkpoint,
    "inclusion": never_appended,
    "keys": self_made_key,
    "validity": revoked_key,
    "signature": wrong_signature,
    "member": another_member,
    "range": outside_the_range,
    "origin": batch_of_another_log,
    "issuer": another_issuer,
    "audience": another_audience,
    "subject": another_subject,
    "row": another_row,
    "content": other_content,
}


def trusting(world: World) -> Policy:
    """Trust the world's log."""
    return Policy((Log(public_of(world.log)),), (), (), NONE)


def test_there_is_an_attack_on_every_check() -> None:
    """No check is without its attack."""
    assert set(ATTACKS) == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_is_needed(name: str) -> None:
    """An attack is refused by both verifiers, and accepted by one without the check it attacks."""
    world = World.begun()
    receipt = ATTACKS[name](world)
    for verify in (verify_receipt, WeakVerifier()):
        with pytest.raises(CounterfoilError):
            verify(receipt, trusting(world))
    WeakVerifier(name)(receipt, trusting(world))


def test_both_verifiers_accept_what_is_honest() -> None:
    """The second verifier accepts honest receipts of every kind, as the real one does."""
    world = World.begun()
    block = world.block([b'{"n":0}', b'{"n":1}'])
    batch = world.batch(world.members([b"{}", b"{}", b"{}"]))
    indices = [*range(len(world.entries)), world.record(), world.record(world.other)]
    indices += [world.large(b"{}"), batch]
    honest = [world.receipt(index) for index in indices] + [world.receipt(block, row=1)]
    for receipt in honest:
        verify_receipt(receipt, trusting(world))
        WeakVerifier()(receipt, trusting(world))
