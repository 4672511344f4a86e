"""Say on a chain which decider may speak for what, how far, and on what evidence; and take it back.

Each call is written down first, sent by the registry's owner or guardian, and recorded with its
transaction once it is final. This module refuses an approval without evidence in the log, and one
without a limit: a stolen key moves no more than that.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import Any, Final

from counterfoil.act.actor import Actor
from counterfoil.act.approvals import (
    Approval,
    Governed,
    Limits,
    approval_of,
    governed_of,
    id_of,
    maker_kind_of,
    maker_of,
    terms_of,
)
from counterfoil.act.book_tables import ActJob
from counterfoil.act.deciders import find_decider
from counterfoil.act.governance import GovernanceKind, claim_said, governance_job, terms_said
from counterfoil.act.registry import Claim
from counterfoil.chain import read_deployments
from counterfoil.chain.quantities import address_of
from counterfoil.errors import NotFound
from counterfoil.formats.verdict import hash_text
from counterfoil.ports import ChainCall

__all__ = ["Governor"]

_POLL_S: Final = 0.05
_GOVERNED_MAX: Final = 1_000


class Governor:
    """Governs the registry of an actor's chain, by the accounts of its ledger."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._ledger = actor.ledger

    def approve(
        self,
        decider: str,
        maker: str,
        scope: str,
        evidence: int | str,
        limits: Limits,
        *,
        maker_kind: str = "model",
        wait_s: float = 60.0,
    ) -> Governed:
        """Let a decider speak for a model, rule or circuit, for one purpose, and record it.

        decider: name or address of one of this ledger, or any address with a key elsewhere. maker:
        SHA-256 of its bytes, 64 hexadecimal digits. evidence: index or leaf of the statement that
        this rests on. wait_s: then it is told how far it is; calling again goes on.
        Raises NotFound with code act.decider or entry.leaf, InputError with code act.kind or
        act.maker, Refused with code act.governance, and as `Actor.settle`.
        """
        actor, registry = self._actor, self._actor.registry
        leaf = self._leaf(evidence)
        claim = Claim(
            self._decider(decider),
            hash_text(self._ledger.config.organisation),
            actor.note.log_id,
            maker_kind_of(maker_kind),
            maker_of(maker),
            hash_text(scope),
        )
        terms = terms_of(limits, bytes.fromhex(leaf), self._now_s())
        approval = registry.approval_id(claim)
        known = registry.approval(approval).terms
        if limits.since_s is None and known.until:  # asked for again: from when it was before
            same = replace(terms, since=known.since, until=known.since + limits.valid_s)
            terms = same if same == known else terms
        statement = {
            "action": "approve",
            **self._place(),
            **claim_said(claim, approval, scope, maker_kind),
            "terms": terms_said(terms),
            "evidence": {"leaf": leaf},
        }
        return self._do("approve", "owner", registry.approve(claim, terms), statement, wait_s)

    def revoke(
        self, approval: str, *, why: str, from_s: int | None = None, wait_s: float = 60.0
    ) -> Governed:
        """End an approval: what is anchored from a moment on does not count.

        approval: its id, 64 hexadecimal digits. from_s: Unix time, may have passed; None for now.
        Raises NotFound with code act.approval, and as `approve`.
        """
        moment = self._now_s() if from_s is None else from_s
        statement = {
            "action": "revoke",
            **self._place(),
            **self._about(approval),
            "from_s": str(moment),
            "why": why,
        }
        call = self._actor.registry.revoke(id_of(approval), moment)
        return self._do("revoke", "owner", call, statement, wait_s)

    def halt(
        self,
        approval: str | None,
        seconds: int,
        *,
        why: str,
        as_owner: bool = False,
        wait_s: float = 60.0,
    ) -> Governed:
        """Let nothing through for a while, by the guardian's account or the owner's.

        approval: its id; None for all. seconds: at most seven days. Raises as `revoke`.
        """
        role = "owner" if as_owner else "guardian"
        statement = {
            "action": "halt",
            **self._place(role),
            **self._about(approval),
            "halted_s": seconds,
            "why": why,
        }
        call = self._actor.registry.halt(id_of(approval), seconds)
        return self._do("halt", role, call, statement, wait_s)

    def resume(self, approval: str | None, *, why: str, wait_s: float = 60.0) -> Governed:
        """End a halt early, by the owner's account. Raises as `revoke`."""
        statement = {"action": "resume", **self._place(), **self._about(approval), "why": why}
        call = self._actor.registry.resume(id_of(approval))
        return self._do("resume", "owner", call, statement, wait_s)

    def ls(self) -> Iterator[Approval]:
        """List the approvals that were ever given for this log, as they stand on the chain now."""
        actor, registry = self._actor, self._actor.registry
        head = actor.chain.head()
        contracts = read_deployments(self._ledger.layout.deployments, actor.chain).contracts
        first, log_id = contracts["model_registry"].block, actor.note.log_id
        names = self._names()
        for id_, claim in registry.approvals(first, head.number):
            if claim.log_id == log_id:
                state = registry.approval(id_)
                yield approval_of(claim, state, names, max(head.time_s, self._now_s()))

    def close(self) -> None:
        """Let go of the actor."""
        self._actor.close()

    def __enter__(self) -> Governor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _do(
        self,
        kind: GovernanceKind,
        role: str,
        call: ChainCall,
        statement: dict[str, Any],
        wait_s: float,
    ) -> Governed:
        actor = self._actor
        job = self._under_way(kind, call)
        if job is None:
            account, now_ms = actor.account(role), actor.now_ms()
            repeats = "" if kind == "approve" else str(now_ms)
            made = governance_job(
                kind, actor.registry, account.address, call, statement, now_ms, repeats
            )
            job = actor.book.plan(made)
        until = time.monotonic() + wait_s
        while True:
            error = actor.advance().get(job.number)
            job = actor.job(job.number)
            if error is not None and job.phase in ("planned", "recorded"):
                actor.book.drop(job.number)  # it can be asked for anew, and says then what it says
                raise error
            if not job.open or time.monotonic() >= until:
                return governed_of(job, statement.get("approval"))
            time.sleep(_POLL_S)

    def _under_way(self, kind: GovernanceKind, call: ChainCall) -> ActJob | None:
        """Find the same call where it was begun and is not done: a crash came in between."""
        data = f"0x{call.data.hex()}"
        for job in self._actor.book.open_jobs(self._actor.chain.chain_id):
            if job.kind == kind and job.said["data"] == data:
                return job
        return None

    def _place(self, role: str = "owner") -> dict[str, Any]:
        return {
            "chain_id": self._actor.chain.chain_id,
            "registry": self._actor.registry.address,
            "by": self._actor.account(role).address,
        }

    def _about(self, approval: str | None) -> dict[str, Any]:
        """Say what an approval was about, as the statement that gave it does."""
        if approval is None:
            return {}
        id_of(approval)
        hits = self._ledger.search("kind=governance", limit=_GOVERNED_MAX).hits
        for hit in hits:
            if hit.content.get("approval") == approval:
                about = ("approval", "decider", "maker_kind", "model", "scope")
                return {name: hit.content[name] for name in about if name in hit.content}
        return {"approval": approval}

    def _leaf(self, entry: int | str) -> str:
        index = entry if isinstance(entry, int) else self._ledger.find_leaf(entry)
        return self._ledger.get(index).leaf

    def _decider(self, text: str) -> str:
        try:
            return find_decider(self._ledger, text).address
        except NotFound:
            try:
                return address_of(text)
            except ValueError:
                pass
            raise

    def _names(self) -> dict[str, str]:
        """Tell what the log calls deciders and scopes: by address, and by hash."""
        names: dict[str, str] = {}
        for hit in self._ledger.search("kind=governance", limit=_GOVERNED_MAX).hits:
            scope = hit.content.get("scope")
            if isinstance(scope, str):
                names[hash_text(scope).hex()] = scope
        for hit in self._ledger.search("kind=decider", limit=_GOVERNED_MAX).hits:
            names.setdefault(hit.content["address"], hit.content["decider"])
        return names

    def _now_s(self) -> int:
        return self._actor.now_ms() // 1000
