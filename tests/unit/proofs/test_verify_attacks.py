"""Nobody gets a receipt accepted for what was never signed by who may: hand-made attacks."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import pytest

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.entry import VERDICT_TYPE_WORD
from counterfoil.formats.policy import NONE, Log, Policy
from counterfoil.formats.predicates import ContentRef, Header, Mandate, Record
from counterfoil.formats.receipt import BatchProof, Receipt
from counterfoil.formats.statement import sha256_subject
from counterfoil.proofs.signing import public_of
from counterfoil.proofs.verify import verify_receipt
from tests.statements import (
    ORG,
    batch_entry,
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


def test_another_entry_under_a_path() -> None:
    """An entry, a path or an index taken from another proof does not fit."""
    world = World.begun()
    one, two = world.record(), world.record(content=b'{"amount":6}')
    for _ in range(3):
        world.record()
    assert len(world.entries) == 8  # so that every path has three hashes
    receipt, other = world.receipt(one), world.receipt(two)
    verify_receipt(receipt, world.policy())
    for record in (
        change(receipt.record, entry=other.record.entry),
        change(receipt.record, path=other.record.path),
        change(receipt.record, index=two),
        change(receipt.record, index=one - 1),
    ):
        rejects(world, change(receipt, record=record), "proof.root-mismatch")
    for index in (len(world.entries), 2**53 - 1):
        rejects(world, change(receipt, record=change(receipt.record, index=index)), "proof.index")
    for path in ((), receipt.record.path[:-1], receipt.record.path * 2):
        record = change(receipt.record, path=path)
        rejects(world, change(receipt, record=record), "proof.path-length")


def test_an_entry_that_is_not_in_the_log() -> None:
    """A perfectly signed record that was never appended has no receipt."""
    world = World.begun()
    index = world.record()
    said = Record(content=msgspec.Raw(b"{}"), **world.header())
    forged = entry_of(payload_of(said), world.producer)
    receipt = world.receipt(index)
    record = change(receipt.record, entry=forged)
    rejects(world, change(receipt, record=record), "proof.root-mismatch")


def test_another_log() -> None:
    """A checkpoint of a log that the reader does not trust proves nothing."""
    world, other = World.begun(), World.begun("other.example/log")
    rejects(world, other.receipt(other.record()), "trust.unknown-log")
    impostor = World.begun()
    receipt = impostor.receipt(impostor.record())
    forged = receipt.checkpoint.replace(receipt.checkpoint[-20:-10], "AAAAAAAAAA")
    rejects(world, change(receipt, checkpoint=forged), "signature.invalid")


def test_a_checkpoint_of_another_size() -> None:
    """The entries are proven under the checkpoint that the receipt holds, and no other."""
    world = World.begun()
    index = world.record()
    for _ in range(3):
        world.record()
    early = world.note()
    world.record()
    assert len(world.entries) == 8  # of 7 and of 8 entries: paths of the same length
    rejects(world, change(world.receipt(index), checkpoint=early), "proof.root-mismatch")


def test_a_statement_for_another_log() -> None:
    """A statement that names another log as its audience is refused; for this log it is good."""
    world = World.begun()
    verify_receipt(world.receipt(world.record(audience=world.origin)), world.policy())
    index = world.record(audience="other.example/log")
    rejects(world, world.receipt(index), "statement.audience")
    last = world.batch([payload_of(Record(content=msgspec.Raw(b"{}"),
                                          **world.header(audience="elsewhere")))])  # fmt: skip
    rejects(world, world.receipt(last - 1), "statement.audience")


def test_a_batch_from_another_log() -> None:
    """A batch that was signed for one log proves nothing in another, even with the same keys."""
    world, other = World.begun(), World.begun("other.example/log")
    payloads = world.members([b"{}", b"{}"])
    last = other.batch(payloads, origin=world.origin)
    both = Policy((Log(public_of(world.log)), Log(public_of(other.log))), (), (), NONE)
    for index in (last, last - 1):
        with refused("batch.origin", VerificationError):
            verify_receipt(other.receipt(index), both)
    here = world.batch(payloads)
    verify_receipt(world.receipt(here - 1), both)


def test_members_outside_the_range() -> None:
    """A batch signs the entries right before it, and no others of the same content."""
    world = World.begun()
    payloads = world.members([b'{"n":0}', b'{"n":1}'])
    last = world.batch(payloads)
    copy = world.append(member_entry(payloads[0]))
    early = World.begun()
    before = early.append(member_entry(payloads[0]))
    signed = early.batch(payloads)
    receipt = world.receipt(last - 2)
    moved = change(receipt, record=world.proof(copy))
    rejects(world, moved, "batch.range")
    earlier = change(early.receipt(signed - 2), record=early.proof(before))
    rejects(early, earlier, "batch.range")
    swapped = change(receipt, record=world.proof(last - 1))
    rejects(world, swapped, "proof.root-mismatch")


def test_a_batch_that_reaches_before_the_log() -> None:
    """A batch over more entries than stand before it is refused."""
    world = World()
    world.add(world.producer, world.producer)
    payloads = [payload_of(Record(content=msgspec.Raw(b"{}"), **world.header())) for _ in range(4)]
    for payload in payloads[-2:]:
        world.append(member_entry(payload))
    last = world.append(batch_entry(world.producer, payloads, world.origin))
    world.batches = {last - 1: (last, payloads), last - 2: (last, payloads)}
    rejects(world, world.receipt(last - 1), "batch.range")


def test_a_batch_over_another_root() -> None:
    """Only the statements under the signed root are proven."""
    world = World.begun()
    payloads = world.members([b'{"n":0}', b'{"n":1}'])
    for payload in payloads:
        world.append(member_entry(payload))
    wrong_root = sha256(b"another root").digest()
    last = world.append(batch_entry(world.producer, payloads, world.origin, root=wrong_root))
    world.batches[last - 1] = (last, payloads)
    rejects(world, world.receipt(last - 1), "proof.root-mismatch")


def test_proofs_of_one_tree_are_none_of_another() -> None:
    """A path of the log's tree is no path of the batch's tree, nor the other way round."""
    world = World.begun()
    last = world.batch(world.members([b"{}"] * 4))
    receipt = world.receipt(last - 1)
    assert receipt.batch is not None
    wrong = change(receipt.batch, path=receipt.record.path[:2])
    rejects(world, change(receipt, batch=wrong), "proof.root-mismatch")
    record = change(receipt.record, path=receipt.batch.path)
    with pytest.raises(VerificationError):
        verify_receipt(change(receipt, record=record), world.policy())


def test_signatures_in_the_wrong_place() -> None:
    """An unsigned record needs its batch, a signed one has none, and a batch must be a batch."""
    world = World.begun()
    signed = world.record()
    last = world.batch(world.members([b"{}"]))
    member = world.receipt(last - 1)
    rejects(world, change(member, batch=None), "statement.unsigned")
    rejects(world, change(world.receipt(signed), batch=member.batch), "receipt.batch", InputError)
    for index in (signed, last - 1, 0):
        assert member.batch is not None
        wrong = BatchProof(world.proof(index), member.batch.path)
        rejects(world, change(member, batch=wrong), "receipt.batch", InputError)
    itself = world.receipt(last)
    rejects(world, change(itself, batch=member.batch), "receipt.extra", InputError)
    rejects(world, change(itself, content="{}"), "receipt.extra", InputError)


def test_a_batch_that_was_not_appended() -> None:
    """A signed batch outside the log proves nothing."""
    world = World.begun()
    last = world.batch(world.members([b"{}"]))
    receipt = world.receipt(last - 1)
    assert receipt.batch is not None
    aside = batch_entry(world.producer, world.members([b"{}"]), world.origin)
    wrong = change(receipt.batch, signature=change(receipt.batch.signature, entry=aside))
    rejects(world, change(receipt, batch=wrong), "proof.root-mismatch")


@pytest.mark.parametrize(
    "content", [b'{"amount":500}', b'{"amount": 5}', b'{"amount":5.0}'], ids=range(3)
)
def test_a_subject_of_other_content(content: bytes) -> None:
    """The subject is the digest of the content as it stands, byte for byte."""
    world = World.begun()
    said = Record(content=msgspec.Raw(content), **world.header())
    index = world.state(world.producer, said, [sha256_subject("content", b'{"amount":5}')])
    rejects(world, world.receipt(index), "statement.subject")


def test_content_beside_the_log_is_the_one_that_was_recorded() -> None:
    """Disclosed content must have the digest and size of the record; nothing else may have any."""
    world = World.begun()
    index = world.large(b'{"a":1}')
    receipt = world.receipt(index)
    for content in ('{"a":2}', '{"a":1} ', ""):
        rejects(world, change(receipt, content=content), "statement.content")
    lying = world.large(b"{}", content_ref=ContentRef(sha256(b"{}").hexdigest(), 3))
    rejects(world, world.receipt(lying), "statement.content")
    inline = world.receipt(world.record())
    rejects(world, change(inline, content='{"amount":5}'), "receipt.extra", InputError)
    other: Header = Mandate(
        principal=ORG, delegate=OTHER_ORG, scope=("x",), from_ms=0, until_ms=1, **world.header()
    )
    stated = world.receipt(world.state(world.producer, other))
    rejects(world, change(stated, content="{}"), "receipt.extra", InputError)


def test_rows_of_blocks() -> None:
    """A row is proven by its number, salt and text in its own block, and by nothing else."""
    world = World.begun()
    one = world.block([b'{"n":%d}' % n for n in range(5)])
    two = world.block([b'{"m":%d}' % n for n in range(5)])
    receipt = world.receipt(one, row=2)
    row, other = receipt.row, world.receipt(two, row=2).row
    assert row is not None
    assert other is not None
    for wrong in (
        other,
        change(row, row=3),
        change(row, salt=other.salt[::-1]),
        change(row, content=other.content),
        change(row, content='{"n":2 }'),
        change(row, path=other.path),
    ):
        rejects(world, change(receipt, row=wrong), "proof.root-mismatch")
    rejects(world, change(receipt, row=change(row, row=5)), "proof.index")
    rejects(world, change(receipt, row=change(row, content="[]")), "json.not-object", InputError)
    rejects(world, change(receipt, content='{"n":9}'), "receipt.extra", InputError)
    record = world.receipt(world.record())
    rejects(world, change(record, row=row), "receipt.row", InputError)


def test_a_block_says_its_payload() -> None:
    """A block's subject is its row file."""
    world = World.begun()
    index = world.block([b"{}"])
    said = world.receipt(index)
    verify_receipt(said, world.policy())
    predicate = verify_receipt(said, world.policy()).predicate
    assert predicate is not None
    lying = world.state(world.producer, predicate, [sha256_subject("rows", b"other rows")])
    rejects(world, world.receipt(lying), "statement.subject")


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (b"\xd2\x84", "cbor.malformed"),
        (VERDICT_TYPE_WORD + bytes(64), "verdict.size"),
        (bytes(64), "entry.kind"),
        (b"{}", "envelope.malformed"),
    ],
    ids=range(4),
)
def test_entries_of_other_kinds(entry: bytes, code: str) -> None:
    """An entry that is no envelope has no receipt, though its inclusion is proven."""
    world = World.begun()
    rejects(world, world.receipt(world.append(entry)), code, InputError)
