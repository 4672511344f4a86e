"""Who may speak for what, and how far: approvals as the registry contract keeps them.

A claim names who decides for whom, from which log, by what, in which scope; its hash is the
approval's id. This module refuses to decide: governance does, on its chain.
Source: `contracts/IModelRegistry.vyi`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from counterfoil.formats.keccak import keccak256
from counterfoil.formats.verdict import MakerKind, Verdict

__all__ = ["NEVER", "NOBODY", "Approval", "Claim", "Terms", "approval_id", "claim_of", "refused_as"]

NEVER: Final = (1 << 64) - 1
"""When what is not revoked is revoked."""

NOBODY: Final = bytes(20)
"""The zero address."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Whom and what an approval is about.

    decider: address of 20 bytes; for approvals by proof, of the verifier contract. The others as
    in `Verdict`.
    """

    decider: bytes
    organisation: bytes
    log_id: bytes
    maker_kind: MakerKind
    maker: bytes
    scope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms; times in POSIX seconds.

    since: verdicts decided earlier do not count; until: nor do those anchored later. cap: most a
    verdict can be used for, in its own units, below 2^128. period_cap, period_count: most that all
    together move, and most verdicts, in a period of `period` seconds, which begins at a multiple
    of it. min_age: seconds that a root must have been anchored. veto_window: seconds between
    announcing and using; 0 for none. ordered: numbered verdicts only. as_signature: they count as
    ERC-1271 signatures. by_proof: the decider is a verifier contract. consumer: the only contract
    that may use them, `NOBODY` for any. The vetoer and the evidence, which the gate does not ask
    for, are left out.
    """

    since: int
    until: int
    cap: int
    period_cap: int
    period_count: int
    period: int
    min_age: int = 0
    veto_window: int = 0
    ordered: bool = False
    as_signature: bool = False
    by_proof: bool = False
    consumer: bytes = NOBODY


@dataclass(frozen=True, slots=True)
class Approval:
    """What stands of an approval. revoked_from: `NEVER` while it is not."""

    claim: Claim
    terms: Terms
    revoked_from: int = NEVER
    halted_until: int = 0


def claim_of(verdict: Verdict) -> Claim:
    """Give the claim that a verdict makes."""
    return Claim(
        verdict.signer,
        verdict.organisation,
        verdict.log_id,
        verdict.maker_kind,
        verdict.maker,
        verdict.scope,
    )


def approval_id(claim: Claim) -> bytes:
    """Compute the id of a claim's approval, 32 bytes: keccak256(abi.encode(claim))."""
    kind = int(claim.maker_kind).to_bytes(32, "big")
    decider = claim.decider.rjust(32, b"\0")
    words = (decider, claim.organisation, claim.log_id, kind, claim.maker, claim.scope)
    return keccak256(b"".join(words))


def refused_as(claim: Claim, approvals: Iterable[Approval]) -> str:
    """Tell the gate's reason for a claim that has no approval: the first thing nobody approved."""
    named = [one.claim for one in approvals]
    if claim.log_id not in {one.log_id for one in named}:
        return "log"
    if claim.organisation not in {one.organisation for one in named}:
        return "organisation"
    if claim.decider not in {one.decider for one in named}:
        return "signer"
    if (claim.maker_kind, claim.maker) not in {(one.maker_kind, one.maker) for one in named}:
        return "maker"
    if claim.scope not in {one.scope for one in named}:
        return "scope unknown"
    return "not approved"
