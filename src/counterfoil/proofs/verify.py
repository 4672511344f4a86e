"""Verify a receipt with nothing at hand but the reader's policy.

Everything is recomputed from the bytes: the checkpoint's signatures, each entry's inclusion, who
may sign at that entry, the signature over the statement, the batch and row trees. This module
refuses to trust a key, a name or a claim because a receipt carries it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import msgspec

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import entry as entries
from counterfoil.formats import json_text, predicates
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.formats.batch import member_hash
from counterfoil.formats.block import row_leaf
from counterfoil.formats.entry import BatchEntry, CoseEntry, StatementEntry, VerdictEntry
from counterfoil.formats.policy import Policy
from counterfoil.formats.predicates import Block, Header, Key, Record
from counterfoil.formats.receipt import AnchorClaim, EntryProof, Receipt
from counterfoil.formats.signed_statement import issued_ms
from counterfoil.formats.statement import Statement
from counterfoil.formats.verdict import Verdict, decided_ms
from counterfoil.proofs.deciders import verify_decider
from counterfoil.proofs.issuers import signer_of
from counterfoil.proofs.keyring import KeyPeriod, Keyring
from counterfoil.proofs.merkle import leaf_hash, verify_inclusion
from counterfoil.proofs.trust import Trusted, evaluate

__all__ = [
    "Verified",
    "check_said",
    "check_statement",
    "grade",
    "verify_batch_member",
    "verify_receipt",
]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a receipt proved.

    trusted: the checkpoint and who vouches for it. index, leaf: where the record stands, and its
    leaf hash. signer: the key that signed, valid at `index` as of the checkpoint's size; of a
    verdict its decider's address, for which no log speaks; of a statement in COSE a key of the log,
    or one that its owner stated there. signed_at_ms: by the signer's clock; None where it did not
    say. statement: None when the entry is a batch signature, a verdict or a statement in COSE.
    predicate: None for a predicate that this version does not know. content: the record's or
    row's JSON text, when the receipt has it. row: its number in a block. anchors: claims that no
    chain was asked about. verdict: None for other entries.
    """

    trusted: Trusted
    index: int
    leaf: bytes
    signer: KeyPeriod
    signed_at_ms: int | None
    statement: Statement | None
    predicate: Header | None
    content: bytes | None
    row: int | None
    anchors: tuple[AnchorClaim, ...]
    verdict: Verdict | None = None

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from counterfoil.proofs.verified_card import verified_card

        return verified_card(self)

    @property
    def grade(self) -> str:
        """Say in words how much trust the receipt deserves."""
        return grade(self.trusted)


def grade(trusted: Trusted) -> str:
    """Say in words who vouches for a checkpoint.

    A witness that the policy names `self` is run by the log's own operator: it counts as nobody
    else. Whether the others are independent is for the reader's policy to know: it lists their
    keys.
    """
    others = sum(not cosigner.own for cosigner in trusted.cosigners)
    if others:
        return f"witnessed {others} of {trusted.witnesses_total - trusted.witnesses_own}"
    return "self-witnessed" if trusted.cosigners else "signed by the log alone"


def verify_receipt(
    receipt: Receipt | bytes | str, policy: Policy | bytes | str, *, now_s: int | None = None
) -> Verified:
    """Check a receipt against the reader's policy, offline.

    receipt: as parsed, or its JSON. policy: as parsed, or C2SP tlog-policy text.
    now_s: POSIX seconds, to refuse cosignatures from the future; None judges no time.
    Raises InputError when either is malformed, VerificationError with the code of the first thing
    that does not hold (trust.*, proof.*, key.*, signature.*, batch.*, statement.*, row.*,
    verdict.*).
    """
    if not isinstance(receipt, Receipt):
        receipt = receipts.parse(receipt)
    if not isinstance(policy, Policy):
        policy = policies.parse(_octets(policy) if isinstance(policy, str) else policy)
    trusted = evaluate(policy, _octets(receipt.checkpoint), now_s=now_s)
    keyring = _keyring(receipt, trusted)
    index, data = receipt.record.index, receipt.record.entry
    leaf = _verify_entry_proof(receipt.record, trusted)
    parsed = entries.parse(data)
    if receipt.issuer is not None and not isinstance(parsed, CoseEntry):
        raise _extra()
    if isinstance(parsed, BatchEntry):
        _require_origin(parsed, trusted)
        _refuse_extras(receipt)
        signer = _verify_signatures(keyring, index, parsed, None)
        at_ms = parsed.batch.at_ms
        return Verified(
            trusted, index, leaf, signer, at_ms, None, None, None, None, receipt.anchors
        )
    if isinstance(parsed, VerdictEntry):
        _refuse_extras(receipt)
        verify_decider(parsed.signed)
        verdict = parsed.verdict
        when, decider = decided_ms(verdict), _decider(verdict, index)
        return Verified(
            trusted, index, leaf, decider, when, None, None, None, None, receipt.anchors, verdict
        )
    if isinstance(parsed, CoseEntry):
        _refuse_extras(receipt)
        said = parsed.statement
        if receipt.issuer is not None:
            _verify_entry_proof(receipt.issuer, trusted)
        signer = signer_of(said, index, keyring, trusted.checkpoint.origin, receipt.issuer)
        when = issued_ms(said)
        return Verified(trusted, index, leaf, signer, when, None, None, None, None, receipt.anchors)
    predicate = predicates.parse_predicate(parsed.statement)
    _require_effective(receipt, predicate)
    signer, signed_at_ms = _verify_statement(keyring, receipt, parsed, predicate, trusted)
    check_statement(parsed, signer.organisation, trusted.checkpoint.origin)
    content, row = _content(receipt, predicate)
    return Verified(
        trusted,
        index,
        leaf,
        signer,
        signed_at_ms,
        parsed.statement,
        predicate,
        content,
        row,
        receipt.anchors,
    )


def _decider(verdict: Verdict, index: int) -> KeyPeriod:
    """Name who signed a verdict: an account, and the hash of the organisation that it claims."""
    return KeyPeriod(
        keyid="0x" + verdict.signer.hex(),
        public=b"",
        organisation=f"keccak256:{verdict.organisation.hex()}",
        role="decider",
        first=index,
        end=None,
        added_at=index,
        added_by="",
    )


def verify_batch_member(
    signed: BatchEntry, signed_index: int, index: int, payload: bytes, path: tuple[bytes, ...]
) -> None:
    """Check that the statement at `index` is one of those that the batch at `signed_index` signs.

    Raises VerificationError with code batch.range or as `verify_inclusion`.
    """
    count = signed.batch.count
    first = signed_index - count
    position = index - first
    if first < 0 or not 0 <= position < count:
        raise VerificationError(
            "batch.range", f"expected an entry from {first} to {signed_index - 1}, found {index}"
        )
    root = bytes.fromhex(signed.batch.root)
    verify_inclusion(member_hash(payload), position, count, path, root)


def check_statement(parsed: StatementEntry, organisation: str, origin: str) -> None:
    """Check what a statement says of itself against who signed it and where it stands.

    Raises VerificationError with code statement.issuer, statement.audience or statement.subject.
    """
    predicate = predicates.parse_predicate(parsed.statement)
    header = predicates.parse_header(parsed.statement)
    check_said(parsed.statement, predicate, header, organisation, origin)


def check_said(
    statement: Statement,
    predicate: Header | None,
    header: tuple[str, str, int] | None,
    organisation: str,
    origin: str,
) -> None:
    """Check a statement whose predicate and header are parsed already; as `check_statement`."""
    if header is not None and header[0] != organisation:
        raise VerificationError(
            "statement.issuer",
            f"expected the issuer {organisation}, found {header[0]}",
            hint="A key signed for an organisation that it does not belong to.",
        )
    if predicate is not None:
        audience = predicate.audience
    else:  # a predicate of somebody else; one that is numbered has a header like ours
        audience = None if header is None else predicates.audience_of(statement)
    if audience not in (None, origin):
        raise VerificationError(
            "statement.audience",
            f"expected a statement for {origin}, found {audience}",
            hint="The statement was made for another log and replayed here.",
        )
    if predicate is None:
        return
    digest = _content_digest(predicate)
    if digest is not None and statement.subject[0].digest.get("sha256") != digest:
        raise VerificationError(
            "statement.subject", f"expected a subject with digest {digest}, found another"
        )


def _content_digest(predicate: Header) -> str | None:
    if isinstance(predicate, Record):
        if predicate.content is msgspec.UNSET:
            return predicate.content_ref.sha256 if predicate.content_ref else None
        return sha256(predicate.content).hexdigest()
    return predicate.payload.sha256 if isinstance(predicate, Block) else None


def _keyring(receipt: Receipt, trusted: Trusted) -> Keyring:
    keyring = Keyring()
    last = -1
    for proof in receipt.keys:
        if proof.index <= last:
            raise InputError(
                "receipt.keys", f"expected key statements in order, found {proof.index} late"
            )
        last = proof.index
        _verify_entry_proof(proof, trusted)
        parsed = entries.parse(proof.entry)
        statement = (
            predicates.parse_predicate(parsed.statement)
            if isinstance(parsed, StatementEntry)
            else None
        )
        if not isinstance(parsed, StatementEntry) or not isinstance(statement, Key):
            raise InputError(
                "receipt.keys", f"expected a key statement at entry {proof.index}, found another"
            )
        check_statement(parsed, statement.issuer, trusted.checkpoint.origin)
        keyring.apply(proof.index, parsed, statement)
    return keyring


def _require_effective(receipt: Receipt, predicate: Header | None) -> None:
    """Refuse a key statement that only looks like one: it must be among those that took effect."""
    index = receipt.record.index
    if isinstance(predicate, Key) and index not in [proof.index for proof in receipt.keys]:
        raise InputError(
            "receipt.keys", f"expected key statement {index} among the keys, found it alone"
        )


def _octets(text: str) -> bytes:
    """Encode text; a lone surrogate becomes bytes that every parser of UTF-8 refuses."""
    return text.encode("utf-8", "surrogatepass")


def _verify_entry_proof(proof: EntryProof, trusted: Trusted) -> bytes:
    leaf = leaf_hash(proof.entry)
    checkpoint = trusted.checkpoint
    verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root)
    return leaf


def _verify_statement(
    keyring: Keyring,
    receipt: Receipt,
    parsed: StatementEntry,
    predicate: Header | None,
    trusted: Trusted,
) -> tuple[KeyPeriod, int | None]:
    index = receipt.record.index
    at_ms = predicate.at_ms if predicate is not None else None
    if parsed.signed:
        if receipt.batch is not None:
            raise InputError("receipt.batch", "expected no batch with a signed record, found one")
        return _verify_signatures(keyring, index, parsed, predicate), at_ms
    if receipt.batch is None:
        raise VerificationError(
            "statement.unsigned",
            f"expected a signature over entry {index}, found none",
            hint="Only a batch signature proves such a record: get its receipt again.",
        )
    proof = receipt.batch.signature
    _verify_entry_proof(proof, trusted)
    signed = entries.parse(proof.entry)
    if not isinstance(signed, BatchEntry):
        raise InputError(
            "receipt.batch", f"expected a batch signature at entry {proof.index}, found another"
        )
    _require_origin(signed, trusted)
    verify_batch_member(signed, proof.index, index, parsed.envelope.payload, receipt.batch.path)
    signer = _verify_signatures(keyring, proof.index, signed, None)
    keyring.require(signer.keyid, index)  # a key that begins between the two did not sign here
    return signer, signed.batch.at_ms


def _verify_signatures(
    keyring: Keyring, index: int, parsed: StatementEntry | BatchEntry, predicate: Header | None
) -> KeyPeriod:
    """Check every signature of an entry; all must be of one organisation."""
    roles = ("producer", "recovery") if isinstance(predicate, Key) else ("producer",)
    envelope = parsed.envelope
    if isinstance(predicate, Key) and index == 0:
        roles = ("producer",)
    signers = [
        keyring.verify_entry(index, envelope.payload_type, envelope.payload, s.keyid, s.sig, roles)
        for s in envelope.signatures
    ]
    if len({signer.organisation for signer in signers}) != 1:
        raise VerificationError(
            "statement.signers", "expected signatures of one organisation, found several"
        )
    return signers[0]


def _require_origin(signed: BatchEntry, trusted: Trusted) -> None:
    origin = trusted.checkpoint.origin
    if signed.batch.origin != origin:
        raise VerificationError(
            "batch.origin",
            f"expected a batch for {origin}, found one for {signed.batch.origin}",
            hint="The batch was made for another log and replayed here.",
        )


def _refuse_extras(receipt: Receipt) -> None:
    if receipt.batch is not None or receipt.row is not None or receipt.content is not None:
        raise _extra()


def _extra() -> InputError:
    return InputError("receipt.extra", "expected an entry that stands alone, found more with it")


def _content(receipt: Receipt, predicate: Header | None) -> tuple[bytes | None, int | None]:
    """Check the row or the large content that a receipt discloses."""
    if receipt.row is not None:
        if receipt.content is not None:
            raise InputError("receipt.extra", "expected a row alone, found content beside it")
        return _row(receipt.row, predicate), receipt.row.row
    if isinstance(predicate, Record) and predicate.content is not msgspec.UNSET:
        if receipt.content is not None:
            raise InputError("receipt.extra", "expected no second content, found one")
        return bytes(predicate.content), None
    if receipt.content is None:
        return None, None
    content = _octets(receipt.content)
    reference = predicate.content_ref if isinstance(predicate, Record) else None
    if reference is None:
        raise InputError("receipt.extra", "expected content with a record only, found some")
    if len(content) != reference.size or sha256(content).hexdigest() != reference.sha256:
        raise VerificationError(
            "statement.content", f"expected content with digest {reference.sha256}, found other"
        )
    return content, None


def _row(row: receipts.RowProof, predicate: Header | None) -> bytes:
    if not isinstance(predicate, Block):
        raise InputError("receipt.row", "expected a row of a block statement, found another record")
    content = _octets(row.content)
    json_text.normalise_object(content)
    root = bytes.fromhex(predicate.root)
    verify_inclusion(row_leaf(row.salt, content), row.row, predicate.rows, row.path, root)
    return content
