"""A receipt proves a record from the reader's policy alone, and says what it proved."""

from __future__ import annotations

import dataclasses
from hashlib import sha256

import msgspec
import pytest

from counterfoil.errors import VerificationError
from counterfoil.formats import receipt as receipts
from counterfoil.formats.predicates import Block, Key, Organisation, Record
from counterfoil.formats.receipt import AnchorClaim, Receipt
from counterfoil.formats.statement import Statement, sha256_subject
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.proofs.signing import public_of
from counterfoil.proofs.verify import Verified, grade, verify_receipt
from tests import c2sp
from tests.statements import ORG, Actor, entry_of, refused
from tests.unit.proofs.receipt_world import OTHER_ORG, World

CONTENT = b'{"amount": 5, "note": "caf\xc3\xa9"}'


def verified(world: World, receipt: Receipt) -> Verified:
    """Verify a receipt three ways, which must agree: parsed, as bytes, as text."""
    data = receipts.format(receipt)
    found = verify_receipt(receipt, world.policy())
    again = verify_receipt(data, world.policy_text())
    text = verify_receipt(data.decode(), world.policy_text().decode())
    for other in (again, text):
        for field in dataclasses.fields(Verified):
            assert getattr(found, field.name) == getattr(other, field.name)
    return found


def test_a_signed_record() -> None:
    """A record with a signature of its own: where it stands, who signed, what it says."""
    world = World.begun()
    index = world.record(content=CONTENT, at_ms=1_700_000_000_123)
    world.record()
    found = verified(world, world.receipt(index))
    assert (found.index, found.leaf) == (index, leaf_hash(world.entries[index]))
    assert (found.signer.keyid, found.signer.organisation) == (world.producer.keyid, ORG)
    assert found.signed_at_ms == 1_700_000_000_123
    assert isinstance(found.statement, Statement)
    assert isinstance(found.predicate, Record)
    assert (found.content, found.row, found.anchors) == (CONTENT, None, ())
    assert found.trusted.checkpoint.size == 5
    assert found.trusted.log == public_of(world.log)
    assert found.grade == grade(found.trusted) == "signed by the log alone"


def test_a_record_without_a_time() -> None:
    """A statement that says no time has none: the log's clock is not asked."""
    world = World.begun()
    assert verified(world, world.receipt(world.record())).signed_at_ms is None


@pytest.mark.parametrize("count", [1, 2, 3, 8, 13])
def test_every_member_of_a_batch(count: int) -> None:
    """A batch signature proves each of its members, with the batch's key and time."""
    world = World.begun()
    contents = [b'{"n":%d}' % number for number in range(count)]
    last = world.batch(world.members(contents))
    world.record()
    for position in range(count):
        found = verified(world, world.receipt(last - count + position))
        assert found.content == contents[position]
        assert found.signer.keyid == world.producer.keyid
        assert found.signed_at_ms == 1_700_000_000_000


def test_a_batch_signature_itself() -> None:
    """The receipt of a batch signature's own entry proves that it was signed, and no statement."""
    world = World.begun()
    last = world.batch(world.members([b"{}"]))
    found = verified(world, world.receipt(last))
    assert (found.statement, found.predicate, found.content) == (None, None, None)
    assert found.signed_at_ms == 1_700_000_000_000
    assert found.signer.keyid == world.producer.keyid


def test_a_block_and_its_rows() -> None:
    """A block's receipt proves the block, and with a row it proves and discloses that row."""
    world = World.begun()
    contents = [b'{"meter":%d,"wh":%d}' % (n, n * n) for n in range(7)]
    index = world.block(contents, columns=("meter", "wh"))
    found = verified(world, world.receipt(index))
    assert isinstance(found.predicate, Block)
    assert (found.content, found.row) == (None, None)
    for row in range(7):
        found = verified(world, world.receipt(index, row=row))
        assert (found.content, found.row) == (contents[row], row)


def test_content_beside_the_log() -> None:
    """Large content is proven by its digest; the receipt may leave it out, or disclose it."""
    world = World.begun()
    index = world.large(CONTENT)
    receipt = world.receipt(index)
    assert verified(world, receipt).content == CONTENT
    assert verified(world, msgspec.structs.replace(receipt, content=None)).content is None


def test_other_statements() -> None:
    """Statements of the core are proven as they are; what has no content has none."""
    world = World.begun()
    said = Organisation(organisation=ORG, name="Org", **world.header())
    index = world.state(world.producer, said)
    found = verified(world, world.receipt(index))
    assert found.predicate == said
    assert found.content is None


def test_foreign_predicates() -> None:
    """A statement whose predicate we do not know is proven as bytes; it has no predicate."""
    world = World.begun()
    payload = (
        b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],'
        b'"predicateType":"https://slsa.dev/provenance/v1","predicate":{"a":1}}'
    )
    index = world.append(entry_of(payload, world.producer))
    found = verified(world, world.receipt(index))
    assert (found.predicate, found.content, found.signed_at_ms) == (None, None, None)
    assert found.statement is not None
    assert found.statement.predicate_type == "https://slsa.dev/provenance/v1"


def test_key_statements() -> None:
    """A key statement's receipt proves that it took effect: genesis, addition and revocation."""
    world = World.begun()
    world.add(world.producer, Actor("second"))
    world.revoke(world.recovery, Actor("second"))
    world.add(world.producer, Actor("third"), replaces=world.producer.keyid)
    for index in world.key_entries:
        assert isinstance(verified(world, world.receipt(index)).predicate, Key)


def test_other_organisations() -> None:
    """Each organisation's key proves that organisation's records."""
    world = World.begun()
    index = world.record(world.other)
    assert verified(world, world.receipt(index)).signer.organisation == OTHER_ORG


def test_several_signatures() -> None:
    """A record may be signed by several keys of one organisation; all are checked."""
    world = World.begun()
    second = Actor("second")
    world.add(world.producer, second)
    record = Record(content=msgspec.Raw(b"{}"), **world.header())
    index = world.state([world.producer, second], record)
    assert verified(world, world.receipt(index)).signer.organisation == ORG


def test_rotation() -> None:
    """Before and after a rotation each record is proven by the key of its time."""
    world = World.begun()
    second = Actor("second")
    before = world.record()
    at = world.add(world.producer, second, replaces=world.producer.keyid)
    after = world.record(second)
    last = world.batch(world.members([b"{}", b"{}"]), signer=second)
    late = world.record()
    for index in (before, at, after, last - 1):
        verified(world, world.receipt(index))
    with refused("key.ended", VerificationError):
        verify_receipt(world.receipt(late), world.policy())


def test_an_earlier_checkpoint() -> None:
    """A receipt under an earlier checkpoint proves the record as of that size."""
    world = World.begun()
    index = world.record()
    early = world.receipt(index, size=index + 1)
    for _ in range(5):
        world.record()
    assert verified(world, early).trusted.checkpoint.size == index + 1
    assert verified(world, world.receipt(index)).trusted.checkpoint.size == index + 6


def test_revocation_goes_by_index() -> None:
    """Records before a revocation stay good; from the entry that it names on they do not."""
    world = World.begun()
    second = Actor("second")
    world.add(world.producer, second)
    good, bad = world.record(second), world.record(second)
    world.revoke(world.recovery, second, from_index=bad)
    late = world.record(second)
    verified(world, world.receipt(good))
    for index in (bad, late):
        with refused("key.ended", VerificationError):
            verify_receipt(world.receipt(index), world.policy())


def test_witnesses() -> None:
    """The grade counts the witnesses of the reader's policy that cosigned."""
    world = World.begun()
    one, two, stranger = (c2sp.witness(n) for n in (1, 2, 3))
    receipt = world.receipt(world.record(), one, two, stranger)
    found = verify_receipt(receipt, world.policy(one, two, quorum=2))
    assert found.grade == "witnessed 2 of 2"
    assert verify_receipt(receipt, world.policy(one, quorum=1)).grade == "witnessed 1 of 1"
    assert verify_receipt(receipt, world.policy()).grade == "signed by the log alone"
    with refused("trust.quorum", VerificationError):
        verify_receipt(receipt, world.policy(one, c2sp.witness(4), quorum=2))
    with refused("trust.quorum", VerificationError):
        verify_receipt(receipt, world.policy(one, quorum=1), now_s=1_600_000_000)
    verify_receipt(receipt, world.policy(one, quorum=1), now_s=1_700_000_000)


def test_anchors_are_claims() -> None:
    """Anchors are handed on as what they are: claims that no chain was asked about."""
    world = World.begun()
    claim = AnchorClaim(1, "0x" + "00" * 20, "0x" + "01" * 20, "0x" + "00" * 32, 7, 8)
    receipt = msgspec.structs.replace(world.receipt(world.record()), anchors=(claim,))
    assert verified(world, receipt).anchors == (claim,)
    assert verify_receipt(receipt, world.policy()).grade == "signed by the log alone"
    last = world.batch(world.members([b"{}"]))
    receipt = msgspec.structs.replace(world.receipt(last), anchors=(claim,))
    assert verified(world, receipt).anchors == (claim,)


def test_inputs_are_read_strictly() -> None:
    """A receipt or a policy that cannot be read is an InputError, whatever its type."""
    world = World.begun()
    receipt = world.receipt(world.record())
    for data, code in (
        (b"", "json.malformed"),
        ("\ud800", "json.malformed"),
        (b"{}", "receipt.malformed"),
    ):
        with refused(code):
            verify_receipt(data, world.policy())
    for text, code in (
        (b"", "policy.line-end"),
        ("\ud800\n", "policy.word"),
        (b"x\n", "policy.word"),
    ):
        with refused(code):
            verify_receipt(receipt, text)
    with refused("text.not-utf8"):
        verify_receipt(msgspec.structs.replace(receipt, checkpoint="\ud800\n"), world.policy())


def test_hand_made_receipts_with_lone_surrogates() -> None:
    """A text that has no bytes cannot be the content or row that was recorded."""
    world = World.begun()
    receipt = world.receipt(world.large(CONTENT))
    with refused("statement.content", VerificationError):
        verify_receipt(msgspec.structs.replace(receipt, content="\ud800"), world.policy())
    receipt = world.receipt(world.block([b"{}"]), row=0)
    assert receipt.row is not None
    row = msgspec.structs.replace(receipt.row, content='{"a":"\ud800"}')
    with refused("json.malformed"):
        verify_receipt(msgspec.structs.replace(receipt, row=row), world.policy())


def test_content_digests() -> None:
    """The world's subjects are what the design says: digest of the content as received."""
    world = World.begun()
    found = verified(world, world.receipt(world.record(content=CONTENT)))
    assert found.statement is not None
    assert found.statement.subject == (sha256_subject("content", CONTENT),)
    assert found.statement.subject[0].digest["sha256"] == sha256(CONTENT).hexdigest()
