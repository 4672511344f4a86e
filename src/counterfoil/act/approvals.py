"""Approvals as people give and see them: limits, what stands of each, what governance did.

This module refuses to ask a chain: it turns what was read into what is shown, and the other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from counterfoil.act.book_tables import ActJob
from counterfoil.act.registry import ALL, NEVER, NOBODY, ApprovalState, Claim, Terms
from counterfoil.act.verdicts import MAKER_KINDS
from counterfoil.errors import InputError
from counterfoil.formats.verdict import MakerKind

__all__ = [
    "Approval",
    "Governed",
    "Limits",
    "approval_of",
    "governed_of",
    "id_of",
    "maker_kind_of",
    "maker_of",
    "terms_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far and how long a decider may speak; see `provenance.statements.acting.Terms`.

    cap, period_cap: in the unit of the contract's amounts. valid_s: how long the approval holds,
    seconds, from `since_s` on; since_s: Unix time, None for now. period_s: seconds.
    """

    cap: int
    period_cap: int
    period_count: int
    valid_s: int
    period_s: int = 86_400
    since_s: int | None = None
    min_age_s: int = 0
    veto_window_s: int = 0
    vetoer: str | None = None
    ordered: bool = False
    as_signature: bool = False
    by_proof: bool = False
    consumer: str | None = None


@dataclass(frozen=True, slots=True)
class Governed:
    """What governance did.

    action: `approve`, `revoke`, `halt` or `resume`. approval: its id; None for all. phase: how
    far, as of `Acted`. transaction, block: where it stands. statement: index of the entry that
    says so.
    """

    action: str
    approval: str | None
    phase: str
    transaction: str | None
    block: int | None
    statement: int | None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval as it stands on the chain.

    id: of it. decider: address. name: what the log calls the decider; scope: its name, or its hash
    where the log does not say. maker_kind, maker: what it may speak for. state: `holds`, `ahead`
    (not begun), `over`, `revoked` or `halted`. evidence: leaf of the statement that it rests on.
    """

    id: str
    decider: str
    name: str | None
    maker_kind: str
    maker: str
    scope: str
    state: str
    since_s: int
    until_s: int
    cap: str
    period_cap: str
    period_count: int
    period_s: int
    revoked_from_s: int | None
    halted_until_s: int | None
    evidence: str

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {name: getattr(self, name) for name in self.__slots__}


def terms_of(limits: Limits, evidence: bytes, now_s: int) -> Terms:
    """Turn limits into the registry's terms. evidence: leaf, 32 bytes. now_s: Unix time."""
    since = now_s if limits.since_s is None else limits.since_s
    return Terms(
        since=since,
        until=since + limits.valid_s,
        cap=limits.cap,
        period_cap=limits.period_cap,
        period_count=limits.period_count,
        period=limits.period_s,
        min_age=limits.min_age_s,
        veto_window=limits.veto_window_s,
        vetoer=limits.vetoer or NOBODY,
        ordered=limits.ordered,
        as_signature=limits.as_signature,
        by_proof=limits.by_proof,
        evidence=evidence,
        consumer=limits.consumer or NOBODY,
    )


def approval_of(claim: Claim, state: ApprovalState, names: dict[str, str], now_s: int) -> Approval:
    """Show an approval as it stands. names: what the log calls deciders and scopes."""
    terms = state.terms
    revoked = None if state.revoked_from == NEVER else state.revoked_from
    if revoked is not None and revoked <= now_s:
        word = "revoked"
    elif state.halted_until > now_s:
        word = "halted"
    elif terms.since > now_s:
        word = "ahead"
    else:
        word = "holds" if now_s <= terms.until else "over"
    scope = claim.scope.hex()
    return Approval(
        id=state.id.hex(),
        decider=claim.decider,
        name=names.get(claim.decider),
        maker_kind=claim.maker_kind.name.lower(),
        maker=claim.maker.hex(),
        scope=names.get(scope, f"0x{scope}"),
        state=word,
        since_s=terms.since,
        until_s=terms.until,
        cap=str(terms.cap),
        period_cap=str(terms.period_cap),
        period_count=terms.period_count,
        period_s=terms.period,
        revoked_from_s=revoked,
        halted_until_s=state.halted_until if state.halted_until > now_s else None,
        evidence=terms.evidence.hex(),
    )


def governed_of(job: ActJob, approval: str | None) -> Governed:
    """Show how far a call of governance is."""
    sent = job.attempts[-1].hash if job.attempts else None
    if job.mined is not None:
        sent = job.mined.tx_hash
    return Governed(
        action=job.kind,
        approval=approval,
        phase=job.phase,
        transaction=None if sent is None else f"0x{sent.hex()}",
        block=None if job.mined is None else job.mined.block,
        statement=job.stated,
    )


def maker_kind_of(text: str) -> MakerKind:
    """Read what makes the decisions. Raises InputError with code act.kind."""
    if text not in MAKER_KINDS:
        raise InputError(
            "act.kind",
            f"expected one of {', '.join(MAKER_KINDS)}, found {text[:40]!a}",
            hint="It says what makes the decisions.",
        )
    return MAKER_KINDS[text]


def maker_of(text: str) -> bytes:
    """Read a maker's digest. Raises InputError with code act.maker."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise InputError(
            "act.maker",
            f"expected the SHA-256 of a model, rule or circuit, 64 hexadecimal digits, found "
            f"{text[:80]!a}",
            hint="`counterfoil model ls` shows models with their digests.",
        )
    return found


def id_of(approval: str | None) -> bytes:
    """Read an approval's id; None is all of them. Raises InputError with code act.approval."""
    if approval is None:
        return ALL
    try:
        found = bytes.fromhex(approval)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise InputError(
            "act.approval",
            f"expected an approval's id, 64 hexadecimal digits, found {approval[:80]!a}",
            hint="`counterfoil act approvals` lists them.",
        )
    return found
