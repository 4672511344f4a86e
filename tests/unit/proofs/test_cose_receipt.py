"""A COSE receipt proves its entry under the reader's policy, and nothing that was changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import cose, cose_receipt, note
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.cose_receipt import CoseReceipt, protected_header
from counterfoil.formats.note import Note
from counterfoil.formats.note import format as format_note
from counterfoil.formats.policy import NONE, Log, Policy, Witness
from counterfoil.formats.vkey import KeyType
from counterfoil.proofs.cose_receipt import verify_cose_receipt
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, reader_of, root_of
from counterfoil.proofs.signing import NoteSigner, note_signature, public_of, signing_key
from counterfoil.proofs.verify import grade
from tests import c2sp
from tests.statements import refused

ENTRIES = [b"entry %d" % number for number in range(9)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
LOG = NoteSigner(c2sp.LOG)
WITNESS = signing_key("witness.example", KeyType.COSIGNATURE_ED25519, b"w" * 32)
ALONE = Policy((Log(LOG.public),), (), (), NONE)
WITNESSED = Policy((Log(LOG.public),), (Witness("w", public_of(WITNESS)),), (), "w")


def note_of(size: int, *, witnessed: bool = False, entries: list[bytes] = LEAVES) -> bytes:
    """Make the signed checkpoint of the first entries."""
    text = checkpoints.format(Checkpoint(c2sp.LOG.name, size, root_of(entries[:size])))
    signatures = [note_signature(c2sp.LOG, text)]
    if witnessed:
        signatures.append(note_signature(WITNESS, text, 1_700_000_000))
    return format_note(Note(text, tuple(signatures)))


def receipt_of(index: int, size: int = 9, note: bytes | None = None) -> CoseReceipt:
    """Make the receipt of an entry."""
    leaves, name = LEAVES[:size], c2sp.LOG.name
    protected = protected_header(name, "what", size, LOG.public.public)
    path = tuple(inclusion_path(index, size, reader_of(leaves)))
    signature = LOG.sign_root(protected, root_of(leaves))
    return CoseReceipt(protected, name, "what", size, size, index, path, signature, note)


@pytest.mark.parametrize("size", range(1, 10))
def test_every_entry_of_every_tree(size: int) -> None:
    """Each entry is proven at its index, as bytes that were read back, also in a tree of one."""
    for index in range(size):
        receipt = cose_receipt.parse(cose_receipt.format(receipt_of(index, size)))
        proven = verify_cose_receipt(receipt, ENTRIES[index], ALONE)
        assert (proven.index, proven.leaf) == (index, LEAVES[index])
        assert proven.trusted.checkpoint == Checkpoint(c2sp.LOG.name, size, root_of(LEAVES[:size]))
        assert grade(proven.trusted) == "signed by the log alone"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"index": 5}, "signature.invalid"),
        ({"size": 8, "signed_size": 8}, "proof.path-length"),
        ({"signature": bytes(64)}, "signature.invalid"),
        ({"path": (bytes(32),) * 4}, "signature.invalid"),
        ({"path": ()}, "proof.path-length"),
        ({"origin": "other.example/log"}, "trust.unknown-log"),
        ({"signed_size": None}, "cose.size"),
        ({"signed_size": 10}, "cose.size"),
    ],
)
def test_a_changed_receipt(changes: dict[str, Any], code: str) -> None:
    """Another index, size, path, log or signature proves nothing."""
    with refused(code, VerificationError):
        verify_cose_receipt(replace(receipt_of(4), **changes), ENTRIES[4], ALONE)


def test_another_entry() -> None:
    """The receipt of one entry proves no other."""
    with refused("signature.invalid", VerificationError):
        verify_cose_receipt(receipt_of(4), ENTRIES[5], ALONE)


def test_a_size_that_nobody_signed() -> None:
    """One root and path are those of entry 8 of 9 and of entry 4 of 5: the size must be signed.

    Control: without the check of the size the second reading passes.
    """
    honest = receipt_of(8)
    other = replace(honest, index=4, size=5)
    with refused("cose.size", VerificationError):
        verify_cose_receipt(other, ENTRIES[8], ALONE)
    assert verify_cose_receipt(replace(other, signed_size=5), ENTRIES[8], ALONE).index == 4


def test_a_policy_with_witnesses_is_not_met_by_the_format() -> None:
    """Where the reader asks for a witness, the log's word alone is refused."""
    with refused("trust.quorum", VerificationError):
        verify_cose_receipt(receipt_of(4), ENTRIES[4], WITNESSED)
    with refused("trust.quorum", VerificationError):
        verify_cose_receipt(receipt_of(4, note=note_of(9)), ENTRIES[4], WITNESSED)
    proven = verify_cose_receipt(
        receipt_of(4, note=note_of(9, witnessed=True)), ENTRIES[4], WITNESSED
    )
    assert grade(proven.trusted) == "witnessed 1 of 1"


@pytest.mark.parametrize(
    "note",
    [note_of(8, witnessed=True), note_of(9, witnessed=True, entries=LEAVES[::-1])],
    ids=["another size", "another history"],
)
def test_a_checkpoint_of_another_state(note: bytes) -> None:
    """A witnessed checkpoint lends its witnesses to its own root alone."""
    with refused("cose.checkpoint", VerificationError):
        verify_cose_receipt(receipt_of(4, note=note), ENTRIES[4], WITNESSED)


def test_only_a_logs_key_signs_roots() -> None:
    """A cosigner's key signs no receipt, and is not taken for a log's."""
    with refused("key.type"):
        NoteSigner(WITNESS).sign_root(b"", bytes(32))
    post_quantum = signing_key(c2sp.LOG.name, KeyType.COSIGNATURE_MLDSA44, b"m" * 32)
    named = Policy((Log(public_of(post_quantum)),), (), (), NONE)
    with refused("trust.unknown-log", VerificationError):
        verify_cose_receipt(receipt_of(4), ENTRIES[4], named)


def test_a_log_with_two_keys() -> None:
    """The receipt says which of the log's keys signed; a key that it does not name is not tried."""
    second = public_of(signing_key(c2sp.LOG.name, KeyType.ED25519, b"s" * 32))
    both = Policy((Log(second), Log(LOG.public)), (), (), NONE)
    assert verify_cose_receipt(receipt_of(4), ENTRIES[4], both).trusted.log == LOG.public
    with refused("signature.invalid", VerificationError):
        verify_cose_receipt(receipt_of(4), ENTRIES[4], Policy((Log(second),), (), (), NONE))


def test_what_a_log_signs_is_one_thing_or_the_other() -> None:
    """No checkpoint's text is what a receipt's signature is over: neither stands for the other."""
    signed = cose.to_be_signed(receipt_of(4).protected, root_of(LEAVES))
    assert signed[0] == 0x84
    with pytest.raises(InputError):
        checkpoints.parse(signed)
    with pytest.raises(InputError):
        note.parse(signed + b"\n\n")
