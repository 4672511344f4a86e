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
from counterfoil.proofs.merkle import verify_inclusion
from counterfoil.proofs.signature import verify_ed25519, verify_mldsa44
from counterfoil.proofs.trust import open_note

__all__ = ["check_claims"]


def check_claims(predicate: Header) -> None:
    """Check the claims of a core statement.

    Party: every key signed the binding of all. Policy: its text is a tlog-policy. Equivocation:
    both notes are signed by the log's key and cannot belong to one history. LogFrozen: its
    checkpoint, if any, says the same size and root.
    Raises InputError for what cannot be read; VerificationError with code claim.binding,
    claim.equivocation or claim.frozen, or as `open_note` and `verify_inclusion`.
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
    key = parse_vkey(claim.vkey)
    first, second = _parse(claim.first), _parse(claim.second)
    for signed in (claim.first, claim.second):
        open_note(signed.encode(), [key])
    if {first.origin, second.origin, key.name} != {claim.origin}:
        raise VerificationError(
            "claim.equivocation",
            f"expected two checkpoints of {claim.origin} under its own key, "
            f"found {first.origin} and {second.origin} under {key.name}",
        )
    if first.size == second.size and first.root != second.root:
        return
    fork = claim.fork
    if fork is None or fork.first_leaf == fork.second_leaf:
        raise VerificationError(
            "claim.equivocation",
            "expected two roots at one size, or two leaves at one index, found neither",
            hint="Prove with `fork` an entry in which the two histories differ.",
        )
    sides = (
        (first, fork.first_leaf, fork.first_path),
        (second, fork.second_leaf, fork.second_path),
    )
    for checkpoint, leaf, path in sides:
        hashes = [bytes.fromhex(digest) for digest in path]
        leaf_hash, index = bytes.fromhex(leaf), fork.index
        verify_inclusion(leaf_hash, index, checkpoint.size, hashes, checkpoint.root)


def _parse(signed: str) -> Checkpoint:
    return checkpoints.parse(note.parse(signed.encode()).text)
