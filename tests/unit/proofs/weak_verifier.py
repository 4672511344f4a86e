"""A second verifier, written straight down, of which any check can be left out.

With all its checks it must agree with the real one. With one left out it stands for a bug: the
attack on that check must then be accepted, or the attack's test proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import msgspec

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import entry as entries
from counterfoil.formats import json_text, note
from counterfoil.formats import receipt as receipts
from counterfoil.formats.ascii import decode_base64
from counterfoil.formats.batch import member_hash
from counterfoil.formats.block import row_leaf
from counterfoil.formats.entry import BatchEntry, Entry, StatementEntry
from counterfoil.formats.envelope import pae
from counterfoil.formats.policy import Policy
from counterfoil.formats.predicates import (
    Block,
    Header,
    Key,
    Record,
    audience_of,
    parse_header,
    parse_predicate,
)
from counterfoil.formats.receipt import EntryProof, Receipt
from counterfoil.proofs.keyring import Keyring
from counterfoil.proofs.merkle import leaf_hash, verify_inclusion
from counterfoil.proofs.signature import verify_ed25519
from counterfoil.proofs.trust import evaluate

__all__ = ["CHECKS", "WeakVerifier"]

CHECKS = (
    "checkpoint", "inclusion", "keys", "validity", "signature", "member", "range", "origin",
    "issuer", "audience", "subject", "row", "content",
)  # fmt: skip


class WeakVerifier:
    """Verifies receipts without the checks named in `skip`."""

    def __init__(self, *skip: str) -> None:
        assert set(skip) <= set(CHECKS)
        self.skip = skip
        self.publics: dict[str, tuple[bytes, str]] = {}

    def __call__(self, receipt: Receipt | bytes, policy: Policy) -> None:
        """Raise an error unless every check that is left holds."""
        if not isinstance(receipt, Receipt):
            receipt = receipts.parse(receipt)
        signed = receipt.checkpoint.encode()
        self.checkpoint = checkpoints.parse(note.parse(signed).text)
        self.do("checkpoint", lambda: evaluate(policy, signed))
        self.keyring = Keyring()
        self.publics = {}
        self.keys(receipt)
        self.prove(receipt.record)
        record = entries.parse(receipt.record.entry)
        self.signatures(receipt, record)
        predicate = _predicate(record)
        if isinstance(record, StatementEntry):
            self.words(record, predicate)
        self.disclosed(receipt, predicate)

    def do(self, name: str, check: Callable[[], object]) -> None:
        """Run a check unless it is left out."""
        if name not in self.skip:
            check()

    def must(self, name: str, holds: bool) -> None:
        """Refuse unless something holds."""
        if not holds and name not in self.skip:
            raise VerificationError(f"weak.{name}", f"expected {name} to hold")

    def prove(self, proof: EntryProof) -> None:
        """Check that an entry is in the log."""
        tree = self.checkpoint
        leaf = leaf_hash(proof.entry)
        self.do(
            "inclusion",
            lambda: verify_inclusion(leaf, proof.index, tree.size, proof.path, tree.root),
        )

    def keys(self, receipt: Receipt) -> None:
        """Take up the key statements."""
        indices = [proof.index for proof in receipt.keys]
        if indices != sorted(set(indices)):
            raise InputError("weak.keys", "expected key statements in order")
        for proof in receipt.keys:
            self.prove(proof)
            parsed = entries.parse(proof.entry)
            statement = (
                parse_predicate(parsed.statement) if isinstance(parsed, StatementEntry) else None
            )
            if not isinstance(parsed, StatementEntry) or not isinstance(statement, Key):
                raise InputError("weak.keys", "expected a key statement")
            self.must("audience", statement.audience in (None, self.checkpoint.origin))
            if statement.public is not None:
                public = decode_base64(statement.public)
                self.publics[statement.keyid] = (public, statement.organisation)
            if "keys" not in self.skip:
                self.keyring.apply(proof.index, parsed, statement)

    def signatures(self, receipt: Receipt, record: Entry) -> None:
        """Check who signed the record, itself or in a batch."""
        if not isinstance(record, StatementEntry | BatchEntry):
            raise InputError("weak.verdict", "expected a statement or a batch")
        signed: StatementEntry | BatchEntry = record
        index = receipt.record.index
        statement = (
            parse_predicate(record.statement) if isinstance(record, StatementEntry) else None
        )
        if isinstance(statement, Key) and index not in [proof.index for proof in receipt.keys]:
            raise InputError("weak.keys", "expected the statement among the keys")
        if not record.envelope.signatures and receipt.batch is not None:
            proof = receipt.batch.signature
            self.prove(proof)
            parsed = entries.parse(proof.entry)
            if not isinstance(parsed, BatchEntry):
                raise InputError("weak.batch", "expected a batch")
            signed = parsed
            self.member(signed, proof.index, receipt, record)
            index = proof.index
        elif receipt.batch is not None:
            raise InputError("weak.batch", "expected no batch")
        if isinstance(signed, BatchEntry):
            self.must("origin", signed.batch.origin == self.checkpoint.origin)
        organisations = set()
        for signature in signed.envelope.signatures:
            public, organisation = self.publics.get(signature.keyid, (b"", ""))
            organisations.add(organisation)
            message = pae(signed.envelope.payload_type, signed.envelope.payload)
            self.signature(public, message, signature.sig)
            roles = ("producer", "recovery") if isinstance(statement, Key) else ("producer",)
            if "keys" not in self.skip and "validity" not in self.skip:
                self.keyring.require(signature.keyid, index, roles)
                self.keyring.require(signature.keyid, receipt.record.index, roles)
        if len(organisations) != 1:
            raise VerificationError("weak.signers", "expected signatures of one organisation")
        self.organisation = organisations.pop()

    def signature(self, public: bytes, message: bytes, signature: bytes) -> None:
        """Check one signature."""
        self.do("signature", lambda: verify_ed25519(public, message, signature))

    def member(
        self, signed: BatchEntry, at: int, receipt: Receipt, record: StatementEntry | BatchEntry
    ) -> None:
        """Check that a record is a member of a batch."""
        count = signed.batch.count
        position = receipt.record.index - (at - count)
        assert receipt.batch is not None
        path = receipt.batch.path
        self.must("range", at >= count and 0 <= position < count)
        leaf = member_hash(record.envelope.payload)
        root = bytes.fromhex(signed.batch.root)
        if "range" in self.skip:
            position %= count
        self.do("member", lambda: verify_inclusion(leaf, position, count, path, root))

    def words(self, record: StatementEntry, predicate: Header | None) -> None:
        """Check what the statement says of itself."""
        header = parse_header(record.statement)
        self.must("issuer", header is None or header[0] == self.organisation)
        if predicate is None:
            said = None if header is None else audience_of(record.statement)
            self.must("audience", said in (None, self.checkpoint.origin))
            return
        self.must("audience", predicate.audience in (None, self.checkpoint.origin))
        subject = record.statement.subject[0].digest.get("sha256")
        if isinstance(predicate, Block):
            self.must("subject", subject == predicate.payload.sha256)
        elif isinstance(predicate, Record) and predicate.content_ref is not None:
            self.must("subject", subject == predicate.content_ref.sha256)
        elif isinstance(predicate, Record) and predicate.content is not msgspec.UNSET:
            self.must("subject", subject == sha256(predicate.content).hexdigest())

    def disclosed(self, receipt: Receipt, predicate: Header | None) -> None:
        """Check the row or content that the receipt discloses."""
        row = receipt.row
        if row is not None:
            if not isinstance(predicate, Block) or receipt.content is not None:
                raise InputError("weak.row", "expected a row of a block")
            json_text.normalise_object(row.content.encode())
            leaf, root = row_leaf(row.salt, row.content.encode()), bytes.fromhex(predicate.root)
            rows = predicate.rows
            self.do("row", lambda: verify_inclusion(leaf, row.row, rows, row.path, root))
        elif receipt.content is not None:
            reference = predicate.content_ref if isinstance(predicate, Record) else None
            if reference is None:
                raise InputError("weak.content", "expected content beside the log")
            content = receipt.content.encode()
            same = (len(content), sha256(content).hexdigest()) == (reference.size, reference.sha256)
            self.must("content", same)


def _predicate(parsed: Entry) -> Header | None:
    return parse_predicate(parsed.statement) if isinstance(parsed, StatementEntry) else None
