"""A log in memory, with keys from fixed seeds, that makes receipts: honest ones and others.

It checks nothing that it is told to record, so that a test can play a malicious log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from counterfoil.formats import block, checkpoint, note, policy
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.batch import member_hash
from counterfoil.formats.block import Row, row_leaf
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import Group, Log, Policy, Witness
from counterfoil.formats.predicates import Block, ContentRef, Header, Key, Record
from counterfoil.formats.receipt import BatchProof, EntryProof, Receipt, RowProof
from counterfoil.formats.statement import Subject, sha256_subject
from counterfoil.formats.vkey import SigningKey
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, reader_of, root_of
from counterfoil.proofs.signing import public_of
from tests import c2sp
from tests.statements import ORG, ORIGIN, Actor, batch_entry, entry_of, member_entry, payload_of

__all__ = ["OTHER_ORG", "World", "salt"]

OTHER_ORG = "https://other.example"


def salt(number: int) -> bytes:
    """Make the salt of row `number`."""
    return sha256(b"salt %d" % number).digest()[:16]


@dataclass
class World:
    """A log, its keys, and what lies beside it.

    producer, recovery: the owner's keys. other: the producer key of another organisation.
    """

    origin: str = ORIGIN
    entries: list[bytes] = field(default_factory=list)
    key_entries: list[int] = field(default_factory=list)
    batches: dict[int, tuple[int, list[bytes]]] = field(default_factory=dict)
    rows: dict[int, list[Row]] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    number: int = 0

    producer = Actor("producer")
    recovery = Actor("recovery")
    other = Actor("other", OTHER_ORG)

    @classmethod
    def begun(cls, origin: str = ORIGIN) -> World:
        """Begin a log: the owner's producer key, its recovery key, another organisation's key."""
        world = cls(origin)
        world.add(world.producer, world.producer)
        world.add(world.producer, world.recovery, role="recovery")
        world.add(world.producer, world.other)
        return world

    @property
    def log(self) -> SigningKey:
        """The log's key: its name is the origin."""
        return c2sp.secret(self.origin)

    def header(self, issuer: str = ORG, **more: Any) -> dict[str, Any]:
        """Make the next header of an issuer."""
        self.number += 1
        return {"issuer": issuer, "source": "world", "number": self.number} | more

    def append(self, entry: bytes) -> int:
        """Append any bytes; give their index."""
        self.entries.append(entry)
        return len(self.entries) - 1

    def state(
        self, signers: Actor | Sequence[Actor], predicate: Header, subjects: Sequence[Subject] = ()
    ) -> int:
        """Append a statement with signatures of its own."""
        signers = [signers] if isinstance(signers, Actor) else signers
        index = self.append(entry_of(payload_of(predicate, subjects), *signers))
        if isinstance(predicate, Key):
            self.key_entries.append(index)
        return index

    def add(self, signer: Actor, key: Actor, role: str = "producer", **more: Any) -> int:
        """State that a key of its organisation comes into force."""
        fields: dict[str, Any] = self.header(signer.organisation) | {
            "organisation": key.organisation,
            "action": "add",
            "keyid": key.keyid,
            "role": role,
            "public": encode_base64(key.public),
        }
        if key.organisation != signer.organisation:
            fields["proof"] = key.possession(key.organisation, role)
        return self.state(signer, Key(**fields | more))

    def revoke(self, signer: Actor, key: Actor, role: str = "producer", **more: Any) -> int:
        """State that a key of its organisation ends."""
        fields: dict[str, Any] = self.header(signer.organisation) | {
            "organisation": key.organisation,
            "action": "revoke",
            "keyid": key.keyid,
            "role": role,
        }
        return self.state(signer, Key(**fields | more))

    def record(
        self, signer: Actor | None = None, content: bytes = b'{"amount":5}', **more: Any
    ) -> int:
        """Append a record with a signature of its own."""
        signer = signer or self.producer
        header = self.header(signer.organisation) | more
        return self.state(signer, Record(content=msgspec.Raw(content), **header))

    def members(self, contents: Iterable[bytes], signer: Actor | None = None) -> list[bytes]:
        """Make the payloads of records for a batch."""
        issuer = (signer or self.producer).organisation
        return [
            payload_of(Record(content=msgspec.Raw(content), **self.header(issuer)))
            for content in contents
        ]

    def batch(self, payloads: Sequence[bytes], signer: Actor | None = None, **more: Any) -> int:
        """Append statements and, right after them, their batch signature; give its index."""
        first = len(self.entries)
        signed_index = first + len(payloads)
        for payload in payloads:
            self.batches[self.append(member_entry(payload))] = (signed_index, list(payloads))
        return self.append(
            batch_entry(signer or self.producer, payloads, **{"origin": self.origin} | more)
        )

    def block(self, contents: Sequence[bytes], **more: Any) -> int:
        """Append a block statement over rows that lie beside the log."""
        rows = [(salt(number), content) for number, content in enumerate(contents)]
        data = block.format_rows(rows)
        fields: dict[str, Any] = self.header() | {
            "rows": len(rows),
            "root": root_of(row_leaf(*row) for row in rows).hex(),
            "payload": ContentRef(sha256(data).hexdigest(), len(data)),
        }
        index = self.state(self.producer, Block(**fields | more), [sha256_subject("rows", data)])
        self.rows[index] = rows
        return index

    def large(self, content: bytes, **more: Any) -> int:
        """Append a record whose content lies beside the log."""
        fields: dict[str, Any] = self.header() | {
            "content_ref": ContentRef(sha256(content).hexdigest(), len(content))
        }
        subject = sha256_subject("content", content)
        index = self.state(self.producer, Record(**fields | more), [subject])
        self.contents[index] = content
        return index

    def note(self, *witnesses: SigningKey, size: int | None = None) -> str:
        """Sign a checkpoint, by the log and by witnesses."""
        size = len(self.entries) if size is None else size
        root = root_of(map(leaf_hash, self.entries[:size]))
        body = checkpoint.format(Checkpoint(self.origin, size, root))
        return note.format(c2sp.signed(self.log, *witnesses, body=body)).decode()

    def policy(self, *witnesses: SigningKey, quorum: int = 0) -> Policy:
        """Trust this log, and ask for a number of the witnesses."""
        seen = tuple(Witness(f"w{i}", public_of(key)) for i, key in enumerate(witnesses))
        groups = (Group("all", quorum, tuple(w.name for w in seen)),) if quorum else ()
        return Policy((Log(public_of(self.log)),), seen, groups, "all" if quorum else policy.NONE)

    def proof(self, index: int, size: int | None = None) -> EntryProof:
        """Prove an entry."""
        size = len(self.entries) if size is None else size
        read = reader_of([leaf_hash(entry) for entry in self.entries[:size]])
        path = tuple(inclusion_path(index, size, read))
        return EntryProof(index, self.entries[index], path)

    def batch_proof(self, index: int, size: int | None = None) -> BatchProof:
        """Prove who signed a member of a batch."""
        signed_index, payloads = self.batches[index]
        position = index - (signed_index - len(payloads))
        read = reader_of([member_hash(payload) for payload in payloads])
        path = tuple(inclusion_path(position, len(payloads), read))
        return BatchProof(self.proof(signed_index, size), path)

    def row_proof(self, index: int, row: int) -> RowProof:
        """Prove a row of a block."""
        rows = self.rows[index]
        read = reader_of([row_leaf(*found) for found in rows])
        path = tuple(inclusion_path(row, len(rows), read))
        return RowProof(row, rows[row][0], rows[row][1].decode(), path)

    def receipt(
        self,
        index: int,
        *witnesses: SigningKey,
        row: int | None = None,
        keys: Iterable[int] | None = None,
        size: int | None = None,
    ) -> Receipt:
        """Make the receipt of an entry, honest unless `keys` leaves statements out."""
        content = self.contents.get(index)
        stated = self.key_entries if keys is None else keys
        end = len(self.entries) if size is None else size
        return Receipt(
            checkpoint=self.note(*witnesses, size=size),
            record=self.proof(index, size),
            keys=tuple(self.proof(at, size) for at in stated if at < end),
            batch=self.batch_proof(index, size) if index in self.batches else None,
            row=None if row is None else self.row_proof(index, row),
            content=None if content is None else content.decode(),
        )

    def policy_text(self) -> bytes:
        """Write the policy that trusts this log alone."""
        return policy.format(self.policy())
