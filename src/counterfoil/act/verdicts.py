"""Make the verdict of a recorded decision: what its decider says to one contract, about one call.

All of it comes from the decision's own statement and the exact call; what is drawn is derived from
both, so that the same decision for the same call is the same verdict, whatever was forgotten in
between. This module refuses decisions that were replaced, and models without a digest.
Source: `formats.verdict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from counterfoil.act.call import Call
from counterfoil.chain import Account
from counterfoil.errors import InputError, Refused
from counterfoil.formats import verdict as verdicts
from counterfoil.formats.verdict import MakerKind, SignedVerdict, Verdict, hash_text
from counterfoil.proofs.deciders import score_parts
from counterfoil.provenance.statements.decisions import Decision

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger
    from counterfoil.ledger.decisions import FoundDecision

__all__ = ["MAKER_KINDS", "Wanted", "make_verdict", "sign_verdict", "subject_of"]

MAKER_KINDS: Final = {
    "model": MakerKind.MODEL,
    "rule": MakerKind.RULE,
    "circuit": MakerKind.CIRCUIT,
}
"""What people call what makes a decision."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to happen because of a decision, and how far.

    call: of the contract. scope: the purpose, such as `payment.release`. amount: what it moves, in
    the contract's unit; amount_max: the most that the verdict can be used for. decider: the key's
    name. maker_kind: `model`, `rule` or `circuit`. valid_s: how long it can be used, seconds, from
    when it is signed; not_before_s: Unix time. seq: place in an ordered scope, else 0. subject:
    salted digest of whom or what it is about. run: tells repetitions of one call apart.
    """

    call: Call
    scope: str
    decider: str
    amount: int = 0
    amount_max: int | None = None
    maker_kind: str = "model"
    valid_s: int = 86_400
    not_before_s: int = 0
    seq: int = 0
    subject: bytes = bytes(32)
    run: int = 0


def make_verdict(
    ledger: Ledger,
    decision: FoundDecision,
    wanted: Wanted,
    place: tuple[int, str, bytes],
    signer: str,
    now_s: int,
    latest_s: int | None = None,
) -> Verdict:
    """Make the verdict of a decision.

    place: chain id, the gate's address, the log's id there. signer: the decider's address. now_s:
    Unix time. latest_s: the chain's own time, where its clock may be behind: a gate takes nothing
    as decided later than that. Raises Refused with code act.replaced, InputError with code
    act.maker, act.amount, act.kind, act.valid or verdict.score.
    """
    chain_id, gate, log_id = place
    said = _require_current(decision)
    most = wanted.amount if wanted.amount_max is None else wanted.amount_max
    if not 0 <= wanted.amount <= most < 1 << 128:
        raise InputError(
            "act.amount",
            f"expected an amount from 0 to the most that is allowed, below 2^128, found "
            f"{wanted.amount} and {most}",
            hint="Give both in the contract's smallest unit.",
        )
    kind = MAKER_KINDS.get(wanted.maker_kind)
    if kind is None:
        raise InputError(
            "act.kind",
            f"expected one of {', '.join(MAKER_KINDS)}, found {wanted.maker_kind[:40]!a}",
            hint="It says what made the decision, and is part of what governance approves.",
        )
    if wanted.valid_s <= 0:
        raise InputError(
            "act.valid",
            f"expected a verdict that can be used for a time, found {wanted.valid_s} seconds",
            hint="A day has 86400 seconds.",
        )
    decided_s = (decision.at_ms or 0) // 1000
    if latest_s is not None:
        decided_s = min(decided_s, latest_s)
    action = wanted.call.action_hash(chain_id)
    scope = hash_text(wanted.scope)
    consumer = _raw(wanted.call.consumer)
    drawn = _derive(
        b"nonce",
        log_id,
        bytes.fromhex(decision.leaf),
        scope,
        chain_id.to_bytes(32, "big"),
        _raw(gate),
        consumer,
        action,
        wanted.run.to_bytes(8, "big"),
    )
    return Verdict(
        chain_id=chain_id,
        gate=_raw(gate),
        log_id=log_id,
        organisation=hash_text(ledger.config.organisation),
        scope=scope,
        maker_kind=kind,
        maker=_maker(ledger, said),
        decision=bytes.fromhex(decision.leaf),
        subject=wanted.subject,
        outcome=hash_text(said.outcome),
        score=score_parts(said.score),
        consumer=consumer,
        action_hash=action,
        amount_max=most,
        seq=wanted.seq,
        nonce=drawn,
        decided_at=decided_s,
        not_before=wanted.not_before_s,
        expiry=max(now_s, wanted.not_before_s) + wanted.valid_s,
        signer=_raw(signer),
    )


def sign_verdict(verdict: Verdict, decider: Account) -> bytes:
    """Sign a verdict with its decider's key, and give its entry."""
    signature = decider.sign_typed_data(verdicts.typed_data_of(verdict))
    return verdicts.format(SignedVerdict(verdict, signature))


def subject_of(text: str, salt: bytes) -> bytes:
    """Commit to whom or what a verdict is about: SHA-256 of a salt (16 bytes) and the text."""
    return sha256(salt + text.encode()).digest()


def _require_current(decision: FoundDecision) -> Decision:
    if decision.replaced_by is not None:
        raise Refused(
            "act.replaced",
            f"expected a decision that stands, found that entry {decision.replaced_by} replaces "
            f"entry {decision.index}",
            hint="Act on the later one.",
        )
    return decision.decision


def _maker(ledger: Ledger, said: Decision) -> bytes:
    """Find the digest of what decided: of the decision itself, else of the statement it names."""
    digest: Any = said.model.digest
    if digest is None and said.model.leaf is not None:
        view = ledger.get(ledger.find_leaf(said.model.leaf))
        digest = view.content.get("digest")
    if not isinstance(digest, str):
        raise InputError(
            "act.maker",
            "expected a decision by a model or rule with a digest, found one without",
            hint="Record the model with `counterfoil model add`, and decide with it.",
        )
    return bytes.fromhex(digest)


def _derive(*parts: bytes) -> bytes:
    return sha256(b"counterfoil act v1\0" + b"".join(parts)).digest()


def _raw(address: str) -> bytes:
    return bytes.fromhex(address[2:])
