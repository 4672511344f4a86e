"""Speak with the gate on a chain: what it would say, what was used, and what came of it.

What it refuses comes as an error of ours, one for each of its reasons. This module refuses to
send: it makes calls and reads.
Source: `contracts/decision_gate.vy`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.chain import ContractAbi
from counterfoil.chain.quantities import address_of
from counterfoil.contracts import load_artifact
from counterfoil.errors import CounterfoilError, Refused
from counterfoil.ports import Chain, ChainCall, ChainLog, TxReceipt
from counterfoil.proofs.gate_reasons import REASONS, refusal

__all__ = ["Announced", "Consumed", "GateContract", "reason_of", "refused_by_gate"]

_REASON: Final = re.compile(r"reverted: '([^']{1,64})'\Z")


@dataclass(frozen=True, slots=True)
class Consumed:
    """An event: a contract used a verdict up and acted.

    leaf: of the verdict's entry; approval: id of the approval it fell under; decision: leaf of the
    decision; outcome: hash of its text; 32 bytes each. consumer, signer: EIP-55. amount: what was
    moved. seq: 0 without order. established: `log-attested` or `zk`. tx_hash, block, block_hash:
    where it stands.
    """

    gate: str
    leaf: bytes
    consumer: str
    approval: bytes
    signer: str
    nonce: bytes
    decision: bytes
    outcome: bytes
    action_hash: bytes
    amount: int
    seq: int
    established: str
    tx_hash: bytes
    block: int
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class Announced:
    """Since when an announced verdict can be used (Unix s, 0: it was not); and whether vetoed."""

    usable_from: int
    vetoed: bool


class GateContract:
    """The gate at an address of a chain. Reads raise what `Chain.call` raises."""

    def __init__(self, chain: Chain, address: str) -> None:
        self.chain = chain
        self.address = address_of(address)
        self._abi = ContractAbi(load_artifact("decision_gate").abi)

    def anchor(self) -> str:
        """Tell which anchor contract it asks."""
        return str(self._view("ANCHOR")[0])

    def registry(self) -> str:
        """Tell which registry it asks."""
        return str(self._view("REGISTRY")[0])

    def used(self, signer: str, nonce: bytes) -> bool:
        """Tell whether a verdict with this nonce was used."""
        return bool(self._view("used", signer, nonce)[0])

    def next_seq(self, organisation: bytes, scope: bytes, consumer: str) -> int:
        """Tell the number that the next verdict of an ordered scope must have."""
        return int(self._view("next_seq", organisation, scope, consumer)[0])

    def spent(self, approval: bytes) -> tuple[int, int, int]:
        """Tell an approval's last period: its number, verdicts in it, sum of their amounts."""
        period, count, total = self._view("spent", approval)
        return int(period), int(count), int(total)

    def announced(self, leaf: bytes) -> Announced:
        """Tell whether a verdict was announced."""
        return Announced(*self._view("announced", leaf))

    def check(
        self, scope: bytes, action_hash: bytes, amount: int, consumer: str, packed: bytes
    ) -> None:
        """Ask whether a verdict would pass now. Raises Refused with a code `gate.*`."""
        try:
            self._view("check", scope, action_hash, amount, consumer, packed)
        except Refused as err:
            raise refused_by_gate(err) from err

    def announce(self, packed: bytes) -> ChainCall:
        """Make the call by which a verdict is announced."""
        return ChainCall(self.address, self._abi.encode("announce", packed))

    def consumed(self, first: int, last: int, leaf: bytes | None = None) -> Iterator[Consumed]:
        """List what was used in blocks `first` to `last`, in order; leaf: only this verdict."""
        topics = [self._abi.topic("Consumed")] + ([] if leaf is None else [leaf])
        for log in self.chain.logs(self.address, first, last, topics):
            found = self._read(log)
            if found is not None:
                yield found

    def consumed_in(self, receipt: TxReceipt, leaf: bytes) -> Consumed | None:
        """Find in a transaction's receipt that a verdict was used; None where it was not."""
        for log in receipt.logs:
            found = self._read(log) if log.address == self.address else None
            if found is not None and found.leaf == leaf:
                return found
        return None

    def _read(self, log: ChainLog) -> Consumed | None:
        event = self._abi.event(log)
        if event is None or event[0] != "Consumed":
            return None
        said = event[1]
        return Consumed(
            gate=self.address,
            leaf=said["leaf"],
            consumer=said["consumer"],
            approval=said["approval_id"],
            signer=said["signer"],
            nonce=said["nonce"],
            decision=said["decision"],
            outcome=said["outcome"],
            action_hash=said["action_hash"],
            amount=said["amount"],
            seq=said["seq"],
            established=said["established"],
            tx_hash=log.tx_hash,
            block=log.block,
            block_hash=log.block_hash,
        )

    def _view(self, function: str, *arguments: object) -> tuple[Any, ...]:
        call = ChainCall(self.address, self._abi.encode(function, *arguments))
        return self._abi.decode(function, self.chain.call(call))


def reason_of(err: CounterfoilError) -> str | None:
    """Read the reason that a contract gave for a revert; None for other errors."""
    found = _REASON.search(err.message) if err.code == "chain.reverted" else None
    return None if found is None else found[1]


def refused_by_gate(err: Refused) -> Refused:
    """Turn a revert of the gate into the error of its reason; others stay as they are."""
    reason = reason_of(err)
    return refusal(reason) if reason in REASONS else err
