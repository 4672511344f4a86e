"""Tell whose key signed a statement in COSE: one of the log's own, or one that its owner stated.

A statement brings no key that counts. This module refuses a key that was stated later than the
statement stands, or by anybody but the log's owner.
"""

from __future__ import annotations

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import cose_key, predicates
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.predicates import IssuerKey
from counterfoil.formats.receipt import EntryProof
from counterfoil.formats.signed_statement import SignedStatement
from counterfoil.proofs.cose import own_signer, verify_statement
from counterfoil.proofs.keyring import KeyPeriod, Keyring

__all__ = ["signer_of"]


def signer_of(
    statement: SignedStatement,
    index: int,
    keyring: Keyring,
    origin: str,
    stated: EntryProof | None,
) -> KeyPeriod:
    """Check who signed the statement at `index`.

    keyring: of its log, as of a size that covers it. origin: of its log. stated: the `issuer-key`
    statement that brought in its key, whose inclusion the caller has checked; None where the key
    is one of the log's own. The period that is given says from which entry on the key counts.
    Raises InputError with code receipt.issuer for another entry than such a statement,
    VerificationError with code signature.issuer when nothing says whose key it is, key.issuer when
    the statement is not about this key or not before it, statement.issuer, and as
    `Keyring.verify_entry` and `verify_statement`.
    """
    if stated is not None:
        return _stated(statement, index, keyring, origin, stated)
    own = own_signer(keyring, index, statement)
    if own is None:
        raise VerificationError(
            "signature.issuer",
            f"expected a key of the log, or the statement that brought in {statement.key} of "
            f"{statement.issuer}, found neither",
            hint="Get the receipt again: it carries that statement.",
        )
    return own


def _stated(
    statement: SignedStatement, index: int, keyring: Keyring, origin: str, stated: EntryProof
) -> KeyPeriod:
    parsed, said = entries.parse(stated.entry), None
    if isinstance(parsed, StatementEntry):
        said = predicates.parse_predicate(parsed.statement)
    if not isinstance(parsed, StatementEntry) or not isinstance(said, IssuerKey):
        raise InputError(
            "receipt.issuer",
            f"expected an issuer-key statement at entry {stated.index}, found another",
        )
    envelope, at = parsed.envelope, stated.index
    signers = [
        keyring.verify_entry(at, envelope.payload_type, envelope.payload, one.keyid, one.sig)
        for one in envelope.signatures
    ]
    owner = keyring.owner
    if not signers or {one.organisation for one in signers} | {said.issuer} != {owner}:
        raise VerificationError(
            "statement.issuer", f"expected entry {at} to be signed by the log's owner, {owner}"
        )
    fits = (said.iss, said.key) == (statement.issuer, statement.key)
    if said.public is None or not fits or at >= index or said.audience not in (None, origin):
        raise VerificationError(
            "key.issuer",
            f"expected entry {at} to bring in {statement.key} of {statement.issuer} before entry "
            f"{index}, found {said.action} {said.key} of {said.iss}",
            hint="Get the receipt again.",
        )
    public = cose_key.parse(said.public)
    verify_statement(statement, public)
    return KeyPeriod(
        keyid=statement.key,
        public=public.public,
        organisation=statement.issuer,
        role="issuer",
        first=at + 1,
        end=None,
        added_at=at,
        added_by=signers[0].keyid,
    )
