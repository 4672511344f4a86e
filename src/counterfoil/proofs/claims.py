"""Check what a core statement claims beyond its shape: bindings, policies, equivocations.

A log must not take up a party whose keys did not agree, a policy that cannot be read, or an
accusation without proof. This module refuses to judge statements that claim nothing checkable.
"""

from __future__ import annotations

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note
from counterfoil.formats import policy as policies
from counterfoil.formats.ascii import decode_base64
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.predicates import Equivocation, Header, LogFrozen, Party, Policy
from counterfoil.formats.predicates.registry import binding_text
from counterfoil.formats.vkey import parse_vkey
from counterfoil.proofs.equivocation import check_pair
from counterfoil.proofs.signature import verify_ed25519, verify_mldsa44

__all__ = ["check_claims"]


def check_claims(predicate: Header) -> None:
    """Check the claims of a core statement.

    Party: every key signed the binding of all. Policy: its text is a tlog-policy. Equivocation:
    both notes are signed by the log's key and cannot belong to one history. LogFrozen: its
    checkpoint, if any, says the same size and root.
    Raises InputError for what cannot be read; VerificationError with code claim.binding,
    claim.equivocation or claim.frozen, or as `equivocation.check_pair`.
    """
    if isinstance(predicate, Party):
        _check_party(predicate)
    elif isinstance(predicate, Policy):
        policies.parse(predicate.policy.encode())
    elif isinstance(predicate, Equivocation):
        _check_equivocation(predicate)
    elif isinstance(predicate, LogFrozen) and predicate.checkpoint is not None:
        found = _parse(predicate.checkpoint)
        stated = Checkpoint(predicate.origin, predicate.size, bytes.fromhex(predicate.root))
        if found != stated:
            raise VerificationError(
                "claim.frozen",
                f"expected a checkpoint of {stated.origin} at size {stated.size} with root "
                f"{predicate.root}, found {found.origin}, {found.size}, {found.root.hex()}",
            )


def _check_party(party: Party) -> None:
    listed: list[tuple[str, str, str]] = [
        (key.purpose, key.algorithm, key.public) for key in party.keys
    ]
    if len(set(listed)) != len(listed):
        raise InputError("claim.binding-keys", "expected each key once, found one twice")
    text = binding_text(party.party, listed)
    for key in party.keys:
        verify = verify_ed25519 if key.algorithm == "ed25519" else verify_mldsa44
        try:
            verify(decode_base64(key.public), text, decode_base64(key.proof))
        except VerificationError as err:
            raise VerificationError(
                "claim.binding",
                f"expected the {key.purpose} key of {party.party} to sign the binding, "
                f"but: {err.message}",
                hint="Every key of a party signs the text of `binding_text`.",
            ) from err


def _check_equivocation(claim: Equivocation) -> None:
    key, first, second = parse_vkey(claim.vkey), claim.first.encode(), claim.second.encode()
    try:
        check_pair(key, claim.origin, first, second, claim.fork, claim.prefix)
    except VerificationError as err:
        if not err.code.startswith("evidence."):
            raise
        raise VerificationError(
            "claim.equivocation",
            f"expected proof of two histories of {claim.origin}, but: {err.message}",
            hint=err.hint,
        ) from err


def _parse(signed: str) -> Checkpoint:
    return checkpoints.parse(note.parse(signed.encode()).text)
