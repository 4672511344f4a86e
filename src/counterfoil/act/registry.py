"""Speak with the registry on a chain: who may speak for what, and on which terms.

This module refuses to send: it makes calls and reads.
Source: `contracts/model_registry.vy`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from typing import Any, Final

from counterfoil.chain import ContractAbi
from counterfoil.chain.quantities import address_of
from counterfoil.contracts import load_artifact
from counterfoil.formats.verdict import MakerKind
from counterfoil.ports import Chain, ChainCall

__all__ = ["ALL", "NEVER", "NOBODY", "ApprovalState", "Claim", "RegistryContract", "Terms"]

ALL: Final[bytes] = bytes(32)
"""In the place of an approval's id: all approvals, where something is halted."""

NEVER: Final = (1 << 64) - 1
"""When what is not revoked is revoked."""

NOBODY: Final = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Claim:
    """Whom and what an approval is about.

    decider: who signs, EIP-55. organisation: hash of its URI. log_id: the anchor contract's.
    maker_kind, maker: what decides, by the digest of its bytes. scope: hash of its name.
    """

    decider: str
    organisation: bytes
    log_id: bytes
    maker_kind: MakerKind
    maker: bytes
    scope: bytes


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms; see `provenance.statements.acting.Terms`. evidence: leaf, 32 bytes.

    consumer: the only contract that may use the verdicts; `NOBODY` for any.
    """

    since: int
    until: int
    cap: int
    period_cap: int
    period_count: int
    period: int
    min_age: int = 0
    veto_window: int = 0
    vetoer: str = NOBODY
    ordered: bool = False
    as_signature: bool = False
    by_proof: bool = False
    evidence: bytes = ALL
    consumer: str = NOBODY


@dataclass(frozen=True, slots=True)
class ApprovalState:
    """What stands of an approval.

    terms: `until` is 0 where it was never given. revoked_from: `NEVER` where it was not.
    halted_until: Unix s.
    """

    id: bytes
    terms: Terms
    revoked_from: int
    halted_until: int


class RegistryContract:
    """The registry at an address of a chain. Reads raise what `Chain.call` raises."""

    def __init__(self, chain: Chain, address: str) -> None:
        self.chain = chain
        self.address = address_of(address)
        self._abi = ContractAbi(load_artifact("model_registry").abi)

    def owner(self) -> str:
        """Tell who approves and revokes."""
        return str(self._view("owner")[0])

    def guardian(self) -> str:
        """Tell who may halt; `NOBODY` where nobody may beside the owner."""
        return str(self._view("guardian")[0])

    def approval_id(self, claim: Claim) -> bytes:
        """Tell the id of a claim's approval, given or not."""
        found: bytes = self._view("approval_id", astuple(claim))[0]
        return found

    def approval(self, approval: bytes) -> ApprovalState:
        """Read what stands of an approval."""
        ((terms, revoked_from, halted_until),) = self._view("approval_of", approval)
        read = Terms(*terms)
        read = replace(read, vetoer=address_of(read.vetoer), consumer=address_of(read.consumer))
        return ApprovalState(approval, read, revoked_from, halted_until)

    def refusal(self, claim: Claim) -> str:
        """Tell why a claim has no approval, in the gate's words."""
        return str(self._view("refusal_of", astuple(claim))[0])

    def approvals(self, first: int, last: int) -> Iterator[tuple[bytes, Claim]]:
        """List what was ever approved in blocks `first` to `last`: id and claim, each once."""
        seen: set[bytes] = set()
        topics = [self._abi.topic("Approved")]
        for log in self.chain.logs(self.address, first, last, topics):
            event = self._abi.event(log)
            if event is None or event[1]["approval_id"] in seen:
                continue
            seen.add(event[1]["approval_id"])
            decider, organisation, log_id, kind, maker, scope = event[1]["claim"]
            claim = Claim(address_of(decider), organisation, log_id, MakerKind(kind), maker, scope)
            yield event[1]["approval_id"], claim

    def approve(self, claim: Claim, terms: Terms) -> ChainCall:
        """Make the call by which the owner lets a decider speak."""
        return self._call("approve", astuple(claim), astuple(terms))

    def revoke(self, approval: bytes, revoked_from: int) -> ChainCall:
        """Make the call by which the owner ends an approval; revoked_from: Unix s."""
        return self._call("revoke", approval, revoked_from)

    def halt(self, approval: bytes, seconds: int) -> ChainCall:
        """Make the call by which the guardian lets nothing through for a while."""
        return self._call("halt", approval, seconds)

    def resume(self, approval: bytes) -> ChainCall:
        """Make the call by which the owner ends a halt."""
        return self._call("resume", approval)

    def _view(self, function: str, *arguments: object) -> tuple[Any, ...]:
        return self._abi.decode(function, self.chain.call(self._call(function, *arguments)))

    def _call(self, function: str, *arguments: object) -> ChainCall:
        return ChainCall(self.address, self._abi.encode(function, *arguments))
