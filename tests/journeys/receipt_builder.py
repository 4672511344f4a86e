"""Small logs made from fixed seeds, and the receipts of their entries, valid or not.

A log of these tests appends whatever it is given, as a log in bad hands would: a receipt is then
wrong in what it says, not in its tree or its checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from counterfoil.formats import checkpoint, note, policy
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.block import format_rows, row_leaf
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE
from counterfoil.formats.policy import Group, Log, Policy, Witness
from counterfoil.formats.predicates import Block, ContentRef, Key, Organisation, Record
from counterfoil.formats.receipt import BatchProof, EntryProof, Receipt, RowProof
from counterfoil.formats.statement import sha256_subject
from counterfoil.formats.vkey import KeyType, SigningKey
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, reader_of, root_of
from counterfoil.proofs.signing import public_of
from tests.c2sp import LOG, secret, signed, witness
from tests.statements import ORG, ORIGIN, Actor, batch_entry, entry_of, member_entry, payload_of

__all__ = [
    "CONTENT",
    "LOG_KEY",
    "LOG_PQ",
    "ORG_2",
    "OWNER",
    "PARTNER",
    "RECOVERY",
    "ROTATED",
    "ROWS",
    "WITNESSES",
    "SmallLog",
    "key",
    "log_policy",
    "referring",
    "sealed",
    "statement",
    "story",
    "witness_policy",
]

ORG_2 = "urn:uuid:2b1f"
OWNER, RECOVERY, ROTATED = Actor("producer 1"), Actor("recovery 1"), Actor("producer 2")
PARTNER = Actor("partner", ORG_2)
LOG_KEY = public_of(LOG)
LOG_PQ = secret(ORIGIN, KeyType.COSIGNATURE_MLDSA44)
WITNESSES = [witness(1), witness(2), witness(3)]
CONTENT = (
    '{"amount_minor":1250,"currency":"EUR","memo":"coffee \u2615","tags":["a","b"],"rate":1.50}'
)
ROWS = [(bytes([n] * 16), b'{"meter":%d,"energy_wh":%d}' % (n, 100 + n)) for n in range(5)]


def key(subject: Actor, role: str, number: int, **fields: Any) -> Key:
    """Make the statement that adds a key; `fields` change it.

    A key of an organisation that does not own the log proves that it agreed.
    """
    stated: dict[str, Any] = {
        "issuer": ORG, "source": "keys", "number": number, "at_ms": 1_700_000_000_000,
        "organisation": subject.organisation, "action": "add", "keyid": subject.keyid,
        "role": role, "public": encode_base64(subject.public),
    }  # fmt: skip
    if subject.organisation != ORG and fields.get("action") != "revoke":
        stated["proof"] = subject.possession(subject.organisation, role)
    return Key(**(stated | fields))


class SmallLog:
    """A log in memory: append entries, then make receipts under one checkpoint.

    key_entries: indices of the key statements that receipts carry.
    """

    def __init__(self, origin: str = ORIGIN, *, begun: bool = True) -> None:
        self.origin = origin
        self.entries: list[bytes] = []
        self.key_entries: list[int] = []
        self._members: dict[int, tuple[int, list[bytes]]] = {}
        self._rows: dict[int, Sequence[tuple[bytes, bytes]]] = {}
        if begun:
            self.add_key(key(OWNER, "producer", 0), OWNER)

    def append(self, entry: bytes) -> int:
        """Append an entry; returns its index."""
        self.entries.append(entry)
        return len(self.entries) - 1

    def add_key(self, statement: Key, *signers: Actor) -> int:
        """Append a key statement that receipts carry from now on."""
        self.key_entries.append(len(self.entries))
        return self.append(entry_of(payload_of(statement), *signers))

    def add_batch(self, signer: Actor, payloads: Sequence[bytes], **fields: Any) -> list[int]:
        """Append statements and the signature over them; returns their indices, without its."""
        indices = [self.append(member_entry(payload)) for payload in payloads]
        at = self.append(batch_entry(signer, payloads, **({"origin": self.origin} | fields)))
        self._members |= {index: (at, list(payloads)) for index in indices}
        return indices

    def add_block(self, signer: Actor, rows: Sequence[tuple[bytes, bytes]]) -> int:
        """Append a block statement over salted rows."""
        subject = sha256_subject("rows", format_rows(rows))
        block = Block(
            issuer=signer.organisation,
            source="meters",
            number=0,
            rows=len(rows),
            root=root_of(row_leaf(salt, content) for salt, content in rows).hex(),
            payload=ContentRef(subject.digest["sha256"], len(format_rows(rows))),
            columns=("meter", "energy_wh"),
        )
        index = self.append(entry_of(payload_of(block, [subject]), signer))
        self._rows[index] = rows
        return index

    def checkpoint(self, *cosigners: SigningKey, time_s: int = 1_700_000_100) -> str:
        """Sign the state of the log, by the log and the cosigners."""
        root = root_of(map(leaf_hash, self.entries))
        body = checkpoint.format(Checkpoint(self.origin, len(self.entries), root))
        signer = LOG if self.origin == ORIGIN else secret(self.origin)
        return note.format(signed(signer, *cosigners, body=body, time_s=time_s)).decode()

    def prove(self, index: int) -> EntryProof:
        """Make the proof of one entry."""
        nodes = reader_of([leaf_hash(entry) for entry in self.entries])
        path = inclusion_path(index, len(self.entries), nodes)
        return EntryProof(index, self.entries[index], tuple(path))

    def receipt(self, index: int, *cosigners: SigningKey, **fields: Any) -> Receipt:
        """Make the receipt of an entry; `fields` change it, `row` picks a row of a block."""
        batch = row = None
        if index in self._members:
            at, payloads = self._members[index]
            first = at - len(payloads)
            hashes = [leaf_hash(_member(payload)) for payload in payloads]
            path = inclusion_path(index - first, len(hashes), reader_of(hashes))
            batch = BatchProof(self.prove(at), tuple(path))
        number = fields.pop("row", None)
        if isinstance(number, int):
            rows = self._rows[index]
            leaves = reader_of([row_leaf(salt, content) for salt, content in rows])
            salt, content = rows[number]
            path = inclusion_path(number, len(rows), leaves)
            row = RowProof(number, salt, content.decode(), tuple(path))
        keys = tuple(self.prove(at) for at in self.key_entries)
        made = Receipt(self.checkpoint(*cosigners), self.prove(index), keys, batch, row)
        return msgspec.structs.replace(made, **fields)


def _member(payload: bytes) -> bytes:
    """Give what a batch's tree holds of a statement: its pre-authentication encoding."""
    return b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload)


def statement(number: int, content: str = CONTENT, **fields: Any) -> bytes:
    """Make the payload of a record; `fields` change it."""
    stated: dict[str, Any] = {"issuer": ORG, "source": "till-7", "number": number} | fields
    return payload_of(Record(content=msgspec.Raw(content.encode()), **stated))


def referring(number: int, content: bytes) -> bytes:
    """Make the payload of a record whose content is kept beside the log."""
    subject = sha256_subject("content", content)
    reference = ContentRef(subject.digest["sha256"], len(content))
    record = Record(issuer=ORG, source="till-7", number=number, content_ref=reference)
    return payload_of(record, [subject])


def sealed(payload: bytes, *signers: Actor, payload_type: str = STATEMENT_PAYLOAD_TYPE) -> bytes:
    """Sign any payload, also one that no parser takes."""
    made = sorted((s.keyid, s.signature(payload_type, payload).sig) for s in signers)
    lines = [f'{{"keyid":"{keyid}","sig":"{encode_base64(sig)}"}}' for keyid, sig in made]
    form = '{"payload":"%s","payloadType":"%s","signatures":[%s]}'
    return (form % (encode_base64(payload), payload_type, ",".join(lines))).encode()


def story() -> dict[str, tuple[SmallLog, int]]:
    """Make one log with an entry of every sort; returns name -> (log, index)."""
    log = SmallLog()
    found = {"genesis": 0}
    log.add_key(key(RECOVERY, "recovery", 1), OWNER)
    named = Organisation(issuer=ORG, source="keys", number=2, organisation=ORG, name="Org & Söhne")
    found["organisation"] = log.append(entry_of(payload_of(named), OWNER))
    found["record"] = log.append(entry_of(statement(0, at_ms=1_700_000_000_123), OWNER))
    members = log.add_batch(OWNER, [statement(n) for n in range(1, 8)])
    found["first member"], found["last member"] = members[0], members[-1]
    found["batch"] = members[-1] + 1
    found["block"] = log.add_block(OWNER, ROWS)
    found["large"] = log.append(entry_of(referring(8, b'{"big":"yes"}'), OWNER))
    foreign = (
        b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x","digest":{"a":"1"}}],'
        b'"predicateType":"https://slsa.dev/provenance/v1","predicate":{"issuer":"%s",'
        b'"source":"s","number":1,"builder":{"id":"b"}}}' % ORG.encode()
    )
    found["foreign"] = log.append(entry_of(foreign, OWNER))
    found["rotation"] = log.add_key(
        key(ROTATED, "producer", 3, replaces=OWNER.keyid, why="yearly"), RECOVERY
    )
    found["after rotation"] = log.append(entry_of(statement(9), ROTATED))
    log.add_key(key(PARTNER, "producer", 4), ROTATED)
    partners = statement(0, issuer=ORG_2, audience=ORIGIN, nonce="0f" * 16)
    found["partner"] = log.append(entry_of(partners, PARTNER))
    both = statement(10, expect={"stock": (None, 1)})
    found["two signatures"] = log.append(entry_of(both, ROTATED))
    return {name: (log, index) for name, index in found.items()}


def log_policy(*more: SigningKey) -> str:
    """Make the policy that trusts the log, by all keys given, and asks for no witness."""
    logs = (Log(LOG_KEY), *(Log(public_of(signer)) for signer in more))
    return policy.format(Policy(logs, (), (), policy.NONE)).decode()


def witness_policy(threshold: int = 2, witnesses: Sequence[SigningKey] = tuple(WITNESSES)) -> str:
    """Make the policy that asks for `threshold` of the witnesses."""
    listed = tuple(Witness(f"w{n}", public_of(w)) for n, w in enumerate(witnesses, 1))
    group = Group("some", threshold, tuple(w.name for w in listed))
    return policy.format(Policy((Log(LOG_KEY),), listed, (group,), "some")).decode()
