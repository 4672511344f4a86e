"""What governance does on a chain: approve a decider, revoke it, halt, resume; each on record.

The call is a job like any other, written down before it is sent, and its statement names the
transaction and the evidence, so that whoever audits finds why a key may speak. This module refuses
an approval without a statement that it rests on, and to judge that statement.
Source: `contracts/model_registry.vy`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal

from counterfoil.act.book_tables import ActJob
from counterfoil.act.gate import reason_of
from counterfoil.act.registry import ALL, NOBODY, Claim, RegistryContract, Terms
from counterfoil.chain.anchor_state import Mined
from counterfoil.chain.quantities import bytes_of
from counterfoil.errors import CounterfoilError, Refused
from counterfoil.formats import json_text
from counterfoil.ports import ChainCall, TxReceipt

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["GovernanceKind", "GovernanceWork", "governance_job", "terms_said"]

GovernanceKind = Literal["approve", "revoke", "halt", "resume"]

_HINTS: Final = {
    "not the owner": "Only the registry's owner may: call it from the ledger that deployed it, or "
    "as the account that it was handed to.",
    "not the guardian": "Only the registry's guardian or owner may.",
    "revoked": "What was revoked stays revoked: make another decider and approve that one.",
    "rest": "The guardian has to rest as long as the last halt allowed: the owner may revoke.",
    "too long": "At most seven days at once.",
    "later": "A revocation can be moved to earlier, never to later.",
    "not approved": "There is no such approval: `counterfoil act approvals` lists them.",
    "dates": "The approval would never hold: look at its dates.",
    "vetoer": "A veto window needs who may veto, and who may veto needs a window.",
}


class GovernanceWork:
    """Jobs at one registry."""

    def __init__(self, ledger: Ledger, registry: RegistryContract) -> None:
        self._ledger, self._registry = ledger, registry

    def record(self, job: ActJob) -> int | None:  # noqa: ARG002  # as `Work` has it
        """Record nothing before: it is said once it is done."""
        return None

    def call(self, job: ActJob) -> ChainCall:
        """Make the registry's call."""
        return ChainCall(self._registry.address, bytes_of(job.said["data"]))

    def effect(self, job: ActJob, receipts: Sequence[TxReceipt]) -> Mined | None:  # noqa: ARG002
        """Find the transaction of ours that was not reverted: the registry did what it says."""
        for receipt in receipts:
            block = self._registry.chain.block(receipt.block)
            time_s = block.time_s if block else 0
            return Mined(receipt.tx_hash, receipt.block, receipt.block_hash, time_s)
        return None

    def explain(self, err: Refused) -> CounterfoilError:
        """Name what the registry refused."""
        reason = reason_of(err)
        if reason is None:
            return err
        return Refused(
            "act.governance",
            f"expected the registry {self._registry.address} to accept it, but: {reason}",
            hint=_HINTS.get(reason, "The registry's words say which of its rules was not met."),
        )

    def state(self, job: ActJob) -> int:
        """Record who allowed, or no longer allows, what, and why."""
        assert job.mined is not None  # noqa: S101  # it is final
        fields = {
            **job.said["statement"],
            "transaction": f"0x{job.mined.tx_hash.hex()}",
            "block": job.mined.block,
        }
        source = f"governance:{job.chain_id}:{job.mined.tx_hash.hex()}"
        return self._ledger.record_statement("governance", fields, source=source, number=0).index


def governance_job(
    kind: GovernanceKind,
    registry: RegistryContract,
    account: str,
    call: ChainCall,
    statement: Mapping[str, Any],
    at_ms: int,
    repeats: str = "",
) -> ActJob:
    """Plan what governance does.

    statement: fields of its statement but for the transaction. repeats: tells calls apart that
    say the same at other times.
    """
    said = {"data": f"0x{call.data.hex()}", "statement": dict(statement)}
    chain_id = registry.chain.chain_id
    whole = {"kind": kind, "chain": str(chain_id), "registry": registry.address}
    key = sha256(
        json_text.canonicalise({**whole, "data": said["data"], "repeats": repeats})
    ).digest()
    return ActJob(0, key, chain_id, kind, account, said, b"", at_ms, "planned")


def terms_said(terms: Terms) -> dict[str, Any]:
    """Write terms as their statement has them."""
    found = asdict(terms)
    said = {
        "since_s": found["since"],
        "until_s": found["until"],
        "cap": str(found["cap"]),
        "period_cap": str(found["period_cap"]),
        "period_count": found["period_count"],
        "period_s": found["period"],
    }
    more = {
        "min_age_s": found["min_age"],
        "veto_window_s": found["veto_window"],
        "ordered": found["ordered"],
        "as_signature": found["as_signature"],
        "by_proof": found["by_proof"],
    }
    if terms.vetoer != NOBODY:
        more["vetoer"] = terms.vetoer
    if terms.consumer != NOBODY:
        more["consumer"] = terms.consumer
    return said | {name: value for name, value in more.items() if value}


def claim_said(claim: Claim, approval: bytes, scope: str, kind: str) -> dict[str, Any]:
    """Write whom and what an approval is about, as its statement has it."""
    if approval == ALL:
        return {}
    return {
        "approval": approval.hex(),
        "decider": claim.decider,
        "maker_kind": kind,
        "model": {"digest": claim.maker.hex()},
        "scope": scope,
    }
