"""Register signed statements in COSE: the log's registration policy, applied where it is owned.

A statement is taken when the log knows its issuer's key: one of the log's own organisations, named
by its key id, or one that the owner added. The condition goes into the same transaction, so that a
key that is revoked meanwhile registers nothing. This module refuses keys that a statement brings
along, certificates among them.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from counterfoil.formats import signed_statement
from counterfoil.ledger.issuers import counter_of, issuer_key
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.writer import Writer
from counterfoil.log.submission import Condition
from counterfoil.proofs.cose import own_signer, verify_statement
from counterfoil.proofs.keyring import Keyring

__all__ = ["register_statement"]


def register_statement(
    writer: Writer, keyring: Callable[[], Keyring], data: bytes
) -> Future[Recorded]:
    """Register a signed statement.

    keyring: tells the keys as of the log's head. data: a COSE_Sign1 in deterministic CBOR; its
    unprotected header is taken off. The same statement again, even if signed anew, gets its first
    receipt.
    Raises InputError as `signed_statement.parse` and `entry_of`, VerificationError when the
    signature or key does not hold, Refused with code scitt.issuer, scitt.revoked or log.frozen;
    the future as `Writer.append_foreign`.
    """
    said = signed_statement.parse(data)
    entry = signed_statement.entry_of(said)
    expect: dict[str, Condition] = {}
    with writer.door:  # no key of the log's own changes meanwhile
        if own_signer(keyring(), writer.log.head.size, said) is None:
            name = counter_of(said.issuer, said.key)
            held = writer.store.counter(name)
            verify_statement(said, issuer_key(said.issuer, said.key, held))
            expect[name] = (held, held)
        return writer.append_foreign(entry, None, signed_statement.identity(said), expect, _same)


def _same(first: bytes, second: bytes) -> bool:
    """Tell whether two entries are one statement, by whichever signature."""
    one, other = map(signed_statement.parse_entry, (first, second))
    return signed_statement.signed_bytes(one) == signed_statement.signed_bytes(other)
