"""What a verdict's job is about: recorded, anchored, checked here and there, sent, acted on, told.

The check is made three times before anything costs a fee: by our own code from what the chain shows
(`proofs.gate`), by the gate's view, and by trying the contract's call. This module refuses to send
what any of them refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from counterfoil.act.book_tables import ActJob
from counterfoil.act.call import call_from_json
from counterfoil.act.following import record_action
from counterfoil.act.gate import Consumed, GateContract, reason_of, refused_by_gate
from counterfoil.act.gate_state import BY_CLOCK, check_here
from counterfoil.act.packing import unpacked
from counterfoil.chain.anchor_contract import AnchorContract
from counterfoil.chain.anchor_state import Mined
from counterfoil.contracts import load_artifact
from counterfoil.errors import CounterfoilError, Refused, VerificationError
from counterfoil.formats import packed_verdict
from counterfoil.formats import verdict as verdicts
from counterfoil.formats.packed_verdict import PackedVerdict
from counterfoil.formats.verdict import Verdict
from counterfoil.ports import Chain, ChainCall, TxReceipt
from counterfoil.proofs.merkle import leaf_hash

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["AnnounceWork", "VerdictWork"]


class VerdictWork:
    """Jobs of kind `verdict` at one gate. first: block in which the gate was made."""

    def __init__(self, ledger: Ledger, gate: GateContract, first: int) -> None:
        self._ledger, self._gate, self._first = ledger, gate, first
        self._anchor = AnchorContract(gate.chain, gate.anchor(), load_artifact("anchor").abi)

    @property
    def chain(self) -> Chain:
        """The chain."""
        return self._gate.chain

    def record(self, job: ActJob) -> int | None:
        """Put the verdict into the log; the same one gets its first place."""
        return self._ledger.record_verdict(job.entry, int(job.said["decision"])).index

    def packed(self, job: ActJob) -> PackedVerdict:
        """Give the verdict with where it stands; errors as `packing.unpacked`."""
        assert job.index is not None  # noqa: S101  # it was recorded
        return unpacked(self._ledger, self._anchor, _verdict(job).log_id, job.index)

    def check(self, job: ActJob) -> bytes:
        """Check whether the gate would let it pass now, and give it packed.

        Raises Refused with a code `gate.*` or act.not-anchored, VerificationError with code
        act.disagreed where our own check and the contract's differ.
        """
        verdict, found = _verdict(job), self.packed(job)
        packed = packed_verdict.format(found)
        call = call_from_json(job.said["call"])
        amount = int(job.said["amount"])
        action = call.action_hash(self.chain.chain_id)
        here = check_here(self._gate, self._anchor, verdict, found, action, amount)
        there: Refused | None = None
        try:
            self._gate.check(verdict.scope, action, amount, call.consumer, packed)
        except Refused as err:
            there = err
        said = there or here
        by_clock = said is None or said.code in BY_CLOCK
        if there is None and by_clock:  # the contract has the block's clock, we an older one's
            return packed
        assert said is not None  # noqa: S101  # one of them is there
        if (here is None or there is None) and not by_clock:
            raise VerificationError(
                "act.disagreed",
                "expected the gate on the chain to judge as our own check does, found that one "
                f"says {said.code} and the other lets it pass",
                hint="The state changed in between, or the node or the contract is not what it "
                "seems: try again, then use another node.",
            ) from said
        raise said

    def call(self, job: ActJob) -> ChainCall:
        """Make the contract's call, with the verdict in its place."""
        return call_from_json(job.said["call"]).with_proof(self.check(job))

    def effect(self, job: ActJob, receipts: Sequence[TxReceipt]) -> Mined | None:
        """Find the gate's event: in our own transactions, else wherever it is."""
        event = self.event(job, receipts)
        if event is None:
            return None
        block = self.chain.block(event.block)
        return Mined(event.tx_hash, event.block, event.block_hash, block.time_s if block else 0)

    def event(self, job: ActJob, receipts: Sequence[TxReceipt]) -> Consumed | None:
        """Find that the verdict was used; None where it was not."""
        leaf, verdict = leaf_hash(job.entry), _verdict(job)
        found = next(filter(None, (self._gate.consumed_in(one, leaf) for one in receipts)), None)
        if found is None and self._gate.used(f"0x{verdict.signer.hex()}", verdict.nonce):
            found = self._used_before(leaf, verdict)
        if found is None and receipts:
            raise Refused(
                "act.unused",
                f"expected contract {job.target} to use the verdict, but its transaction "
                f"0x{receipts[-1].tx_hash.hex()} stands and the gate saw no use of it",
                hint="That function does not ask this gate: name the one that does.",
            )
        return found

    def _used_before(self, leaf: bytes, verdict: Verdict) -> Consumed | None:
        """Find the use of a verdict, or of an earlier one for the same call that was forgotten.

        What is drawn for a call is the same each time, so that the gate takes only one of them.
        """
        head = self.chain.head().number
        for event in self._gate.consumed(self._first, head, leaf):
            return event
        signer = f"0x{verdict.signer.hex()}"
        for event in self._gate.consumed(self._first, head):
            same = event.signer.lower() == signer and event.nonce == verdict.nonce
            # a proof's nonce is of what it shows: it may have been used for another call
            if same and event.action_hash == verdict.action_hash:
                return event
        return None

    def explain(self, err: Refused) -> CounterfoilError:
        """Name what a contract refused: the gate's reason, or its own."""
        reason, told = reason_of(err), refused_by_gate(err)
        if reason is None or told is not err:
            return told
        return Refused(
            "act.consumer",
            f"expected the contract to take the proven decision, but it refused: {reason[:64]!a}",
            hint="The gate lets it pass; the contract's own rules do not: see its reason.",
        )

    def state(self, job: ActJob) -> int:
        """Record what the contract did."""
        receipts = [self.chain.tx_receipt(attempt.hash) for attempt in job.attempts]
        event = self.event(job, [one for one in receipts if one is not None and one.ok])
        recorded = None if event is None else record_action(self._ledger, event, job.chain_id)
        if recorded is None:
            raise VerificationError(
                "act.lied",
                f"expected the use of verdict {leaf_hash(job.entry).hex()} to stand in a final "
                f"block of chain {job.chain_id}, found it gone",
                hint="Do not trust this node: use another one of the same chain.",
            )
        return recorded.index


class AnnounceWork:
    """Jobs of kind `announce`: they make a verdict public whose approval has a veto window."""

    def __init__(self, work: VerdictWork, gate: GateContract) -> None:
        self._work, self._gate = work, gate

    def record(self, job: ActJob) -> int | None:
        """Record nothing: the verdict stands already."""
        return job.index

    def call(self, job: ActJob) -> ChainCall:
        """Make the gate's call."""
        return self._gate.announce(packed_verdict.format(self._work.packed(job)))

    def effect(self, job: ActJob, receipts: Sequence[TxReceipt]) -> Mined | None:  # noqa: ARG002
        """Find the transaction of ours that announced it."""
        for receipt in receipts:
            block = self._gate.chain.block(receipt.block)
            time_s = block.time_s if block else 0
            return Mined(receipt.tx_hash, receipt.block, receipt.block_hash, time_s)
        return None

    def explain(self, err: Refused) -> CounterfoilError:
        """Name what the gate refused."""
        return refused_by_gate(err)

    def state(self, job: ActJob) -> int:
        """Give the verdict's own place: that it was announced is no action."""
        assert job.index is not None  # noqa: S101  # it was recorded
        return job.index


def _verdict(job: ActJob) -> Verdict:
    return verdicts.parse(job.entry).verdict
