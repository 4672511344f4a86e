"""Verify a COSE receipt of a log with nothing at hand but the entry and the reader's policy.

The root follows from the entry and the path; the log's key must have signed it. A COSE receipt by
itself carries no witness: a policy that asks for some is met only by the cosigned checkpoint of
the same root beside it. This module refuses to take a key from the receipt, and a policy's quorum
for met because the format cannot show it.
"""

from __future__ import annotations

from dataclasses import dataclass

from counterfoil.errors import VerificationError
from counterfoil.formats import cose, cose_key
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.cose_key import PublicKey
from counterfoil.formats.cose_receipt import CoseReceipt
from counterfoil.formats.policy import Policy
from counterfoil.formats.vkey import KeyType, VerifierKey
from counterfoil.proofs.cose import verify_message
from counterfoil.proofs.merkle import leaf_hash, root_from_inclusion
from counterfoil.proofs.trust import Trusted, evaluate, signed_alone

__all__ = ["CoseVerified", "verify_cose_receipt"]


@dataclass(frozen=True, slots=True)
class CoseVerified:
    """What a COSE receipt proved: the entry with this leaf hash stands at `index`.

    trusted: the state of the log, and who vouches for it. It does not say who signed the entry.
    """

    trusted: Trusted
    index: int
    leaf: bytes


def verify_cose_receipt(
    receipt: CoseReceipt, entry: bytes, policy: Policy, *, now_s: int | None = None
) -> CoseVerified:
    """Check a receipt of an entry against the reader's policy, offline.

    entry: 1 to 65,535 bytes, as it stands in the log. now_s: as of `trust.evaluate`.
    Raises VerificationError with code cose.size, trust.unknown-log, proof.path-length,
    signature.invalid, cose.checkpoint when the checkpoint beside it is of another state,
    trust.quorum, and as `trust.evaluate`; InputError for a checkpoint that cannot be read.
    Source: RFC 9942, "Receipt of Inclusion"; RFC 9162, 2.1.3.2.
    """
    if receipt.signed_size != receipt.size:
        raise VerificationError(
            "cose.size",
            f"expected the tree's size, {receipt.size}, to be signed with its root, found "
            f"{receipt.signed_size}",
            hint="Without it the index could be another's: get the receipt from its log again.",
        )
    leaf = leaf_hash(entry)
    root = root_from_inclusion(leaf, receipt.index, receipt.size, receipt.path)
    checkpoint = Checkpoint(receipt.origin, receipt.size, root)
    log = _signer(receipt, root, policy)
    if receipt.checkpoint is None:
        return CoseVerified(signed_alone(policy, checkpoint, log), receipt.index, leaf)
    trusted = evaluate(policy, receipt.checkpoint, now_s=now_s)
    if trusted.checkpoint != checkpoint:
        found = trusted.checkpoint
        raise VerificationError(
            "cose.checkpoint",
            f"expected the checkpoint of {checkpoint.origin} at size {checkpoint.size} with root "
            f"{root.hex()}, found {found.origin}, {found.size}, {found.root.hex()}",
            hint="It belongs to another receipt: get this one again.",
        )
    return CoseVerified(trusted, receipt.index, leaf)


def _signer(receipt: CoseReceipt, root: bytes, policy: Policy) -> VerifierKey:
    """Find the key of the policy that signed: the log's, under the name that the receipt has."""
    keys = [
        one.key
        for one in policy.logs
        if one.key.name == receipt.origin and one.key.type is KeyType.ED25519
    ]
    if not keys:
        raise VerificationError(
            "trust.unknown-log",
            f"expected a receipt of a log of the policy, got one of {receipt.origin!a}",
            hint="If you trust this log, add a `log` line with its key to your policy.",
        )
    kid = cose.headers_of(receipt.protected).get(cose.KID)
    named = [key for key in keys if cose_key.thumbprint(PublicKey("EdDSA", key.public)) == kid]
    log = (named or keys)[0]
    message = cose.to_be_signed(receipt.protected, root)
    verify_message(PublicKey("EdDSA", log.public), message, receipt.signature)
    return log
