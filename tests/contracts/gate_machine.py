"""A machine that asks the contracts and Python's gate whatever comes to its mind.

Approvals come, change, are revoked and halted; verdicts are signed rightly and wrongly, anchored,
announced, vetoed, used, used again, changed in a byte; time passes. Whatever is asked, both give
the same reason, or both let it pass, and what is left of limits and orders is the same.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from counterfoil.errors import Refused
from counterfoil.formats import packed_verdict, verdict
from counterfoil.formats.verdict import MakerKind, SignedVerdict, Verdict, hash_text
from counterfoil.proofs import gate as gates
from counterfoil.proofs.governance import NEVER, NOBODY, approval_id
from counterfoil.proofs.merkle import leaf_hash
from tests.contracts.flips import flipped
from tests.contracts.gate_rig import (
    CONSUMER,
    OWNER,
    SCOPE,
    STRANGER,
    TERMS,
    VETOER,
    GateRig,
    reason_of,
)
from tests.verdicts import DECIDER, address_of, sign

__all__ = ["GateMachine"]

KEYS: Final = {address_of(one): one for one in (DECIDER, STRANGER)}
WEEK: Final = 7 * 24 * 60 * 60

scopes = st.sampled_from([SCOPE, SCOPE, SCOPE, hash_text("payment.return")])
makers = st.sampled_from([b"\1" * 32, b"\1" * 32, b"\2" * 32])
signers = st.sampled_from([*KEYS, address_of(DECIDER)])
kinds = st.sampled_from([MakerKind.MODEL, MakerKind.MODEL, MakerKind.RULE])
amounts = st.sampled_from([0, 1, 50, 100, 101, 2**128])
spans = st.sampled_from([0, 0, 1, 60, 3600])


def often(value: Any, *others: Any) -> Any:
    """Draw a value mostly, and sometimes another."""
    return st.sampled_from([value] * 6 + list(others))


class GateMachine(RuleBasedStateMachine):
    """Calls in any order; `rig` is set by the test."""

    rig: ClassVar[GateRig]

    @initialize()
    def begin(self) -> None:
        self.undo = ExitStack()
        self.undo.enter_context(self.rig.undone())
        self.packed: list[bytes] = []
        self.nonce = 0
        self.rests: dict[bytes, int] = {}
        self.rig.approve(claim=self.rig.claim(maker=b"\1" * 32))

    def teardown(self) -> None:
        if hasattr(self, "undo"):
            self.undo.close()

    @property
    def now(self) -> int:
        return self.rig.world.now

    @rule(data=st.data(), signer=signers, kind=kinds, maker=makers, scope=scopes)
    def approve(
        self, data: st.DataObject, signer: bytes, kind: MakerKind, maker: bytes, scope: bytes
    ) -> None:
        since, until = data.draw(
            often((0, NEVER), (self.now, self.now), (0, self.now - 1), (self.now + 1, NEVER))
        )
        terms = replace(
            TERMS,
            since=since,
            until=until,
            cap=data.draw(st.sampled_from([50, 100, 2**128 - 1])),
            period_cap=data.draw(st.sampled_from([100, 150, 2**128 - 1])),
            period_count=data.draw(st.sampled_from([2, 5, 100])),
            period=data.draw(st.sampled_from([60, 3600])),
            min_age=data.draw(often(0, 30)),
            veto_window=data.draw(often(0, 60)),
            ordered=data.draw(often(False, True)),
            as_signature=data.draw(st.booleans()),
            consumer=data.draw(often(NOBODY, address_of(CONSUMER), address_of(STRANGER))),
        )
        claim = self.rig.claim(decider=signer, maker_kind=kind, maker=maker, scope=scope)
        known = self.rig.state.approvals.get(approval_id(claim))
        if known is None or known.revoked_from == NEVER:
            self.rig.approve(terms, claim)
        else:
            assert reason_of(lambda: self.rig.approve(terms, claim)) == "revoked"

    @rule(data=st.data(), back=st.sampled_from([0, 30, 3600]), go=st.integers(0, 3))
    def revoke(self, data: st.DataObject, back: int, go: int) -> None:
        given = data.draw(st.sampled_from(sorted(self.rig.state.approvals)))
        if go or self.rig.state.approvals[given].revoked_from <= self.now - back:
            return  # or soon nothing would pass
        self.rig.revoke(given, self.now - back)

    @rule(data=st.data(), seconds=st.sampled_from([1, 60]))
    def halt(self, data: st.DataObject, seconds: int) -> None:
        given = data.draw(st.sampled_from([*sorted(self.rig.state.approvals), bytes(32)]))
        if max(self.rests.get(one, 0) for one in (given, bytes(32))) > self.now:
            assert reason_of(lambda: self.rig.halt(given, seconds)) == "rest"
            return
        self.rig.halt(given, seconds)
        self.rests[given] = self.now + seconds + WEEK

    @rule(data=st.data(), signer=signers, kind=kinds, maker=makers, scope=scopes)
    def record(
        self, data: st.DataObject, signer: bytes, kind: MakerKind, maker: bytes, scope: bytes
    ) -> None:
        said = self.rig.verdict(
            signer=signer,
            maker_kind=kind,
            maker=maker,
            scope=scope,
            seq=data.draw(st.sampled_from([0, 0, 0, 1, 2, 3])),
            amount_max=data.draw(st.sampled_from([50, 100, 2**256 - 1])),
            nonce=self.next_nonce(data.draw(often(True, False))),
            decided_at=self.now + data.draw(often(0, -100, 1)),
            not_before=data.draw(often(0, self.now + 30)),
            expiry=self.now + data.draw(st.sampled_from([0, 60, 10**6])),
            consumer=data.draw(often(address_of(CONSUMER), address_of(STRANGER))),
            gate=data.draw(often(self.rig.state.gate, bytes(20))),
            chain_id=data.draw(often(self.rig.world.chain_id, 5)),
        )
        self.packed.append(self.rig.anchored(self.signed(data, said)))

    @rule(data=st.data(), seq=st.sampled_from([0, 0, 1]))
    def record_what_holds(self, data: st.DataObject, seq: int) -> None:
        approvals = self.rig.state.approvals
        claim = approvals[data.draw(st.sampled_from(sorted(approvals)))].claim
        said = self.rig.verdict(
            signer=claim.decider,
            maker_kind=claim.maker_kind,
            maker=claim.maker,
            scope=claim.scope,
            seq=seq and self.rig.state.last_seq.get(self.order(claim.scope), 0) + 1,
            nonce=self.next_nonce(fresh=True),
        )
        signature = sign(said, KEYS[said.signer])
        packed = self.rig.anchored(verdict.format(SignedVerdict(said, signature)))
        self.packed.append(packed)
        ask = self.rig.ask(packed, scope=said.scope, amount=1)
        if not self.rig.both(ask):
            assert self.rig.both(ask) == "replayed"

    def order(self, scope: bytes) -> tuple[bytes, bytes, bytes]:
        return self.rig.verdict().organisation, scope, address_of(CONSUMER)

    def next_nonce(self, fresh: bool) -> bytes:
        self.nonce += fresh
        return self.nonce.to_bytes(32, "big")

    def signed(self, data: st.DataObject, said: Verdict) -> bytes:
        how = data.draw(often("right", "other key", "v", "long", "none"))
        signer = STRANGER if how == "other key" else KEYS[said.signer]
        signature = sign(said, signer)
        spoiled = {"v": signature[:64] + b"\0", "long": signature + b"\0", "none": b""}
        return verdict.format(SignedVerdict(said, spoiled.get(how, signature)))

    @precondition(lambda self: self.packed)
    @rule(data=st.data(), amount=amounts, use=st.booleans())
    def ask(self, data: st.DataObject, amount: int, use: bool) -> None:
        packed = data.draw(st.sampled_from(self.packed))
        said = verdict.parse(packed_verdict.parse(packed).entry).verdict
        right = replace(
            self.rig.ask(packed),
            scope=said.scope,
            amount=amount,
            consumer=said.consumer,
        )
        changes = data.draw(
            often(
                {},
                {"scope": hash_text("other")},
                {"action_hash": bytes(32)},
                {"consumer": address_of(VETOER)},
            )
        )
        self.rig.both(replace(right, **changes), use=use)

    @precondition(lambda self: self.packed)
    @rule(data=st.data())
    def ask_with_a_changed_byte(self, data: st.DataObject) -> None:
        packed = data.draw(st.sampled_from(self.packed))
        byte = data.draw(st.integers(0, len(packed) - 1))
        changed = flipped(packed, byte, 1 << data.draw(st.integers(0, 7)))
        assert self.rig.both(self.rig.ask(changed), use=False)

    @precondition(lambda self: self.packed)
    @rule(data=st.data(), amount=amounts)
    def ask_for_a_signature(self, data: st.DataObject, amount: int) -> None:
        packed = data.draw(st.sampled_from(self.packed))
        ask = self.rig.ask(packed)
        proof = ask.scope + amount.to_bytes(32, "big") + packed
        call = ("isValidSignature", ask.action_hash, proof)
        theirs = reason_of(lambda: self.rig.gate(*call, sender=CONSUMER.address))
        try:
            gates.check_signature(self.rig.state, ask.consumer, ask.action_hash, proof)
            ours = ""
        except Refused as err:
            ours = err.code.removeprefix("gate.").replace("-", " ")
        assert theirs == ours

    @precondition(lambda self: self.packed)
    @rule(data=st.data(), veto=st.booleans())
    def announce(self, data: st.DataObject, veto: bool) -> None:
        packed = data.draw(st.sampled_from(self.packed))
        leaf = leaf_hash(packed_verdict.parse(packed).entry)
        state = self.rig.state
        if not reason_of(lambda: self.rig.gate("announce", packed)):
            ((_, told),) = self.rig.gate.logs
            window = state.approvals[told["approval_id"]].terms.veto_window
            assert told["usable_from"] == self.now + window
            assert window > 0
            assert leaf not in state.usable_from
            self.rig.know(usable_from={**state.usable_from, leaf: self.now + window})
        if veto and leaf in self.rig.state.usable_from:
            reason = reason_of(lambda: self.rig.gate("veto", leaf, sender=VETOER.address))
            if not reason:
                self.rig.know(vetoed=state.vetoed | {leaf})
            else:
                assert reason == "not the vetoer"  # its approval has no window any more

    @rule(seconds=spans)
    def wait(self, seconds: int) -> None:
        self.rig.world.wait(seconds)

    @invariant()
    def what_is_left_is_known(self) -> None:
        if not hasattr(self, "packed"):
            return
        state = self.rig.state
        for given, spent in state.spent.items():
            assert self.rig.gate("spent", given) == (spent.period, spent.count, spent.total)
            terms = state.approvals[given].terms
            assert spent.period <= self.now // min(60, terms.period)
        for (organisation, scope, consumer), last in state.last_seq.items():
            told = self.rig.gate("next_seq", organisation, scope, "0x" + consumer.hex())
            assert told == last + 1
        assert OWNER.address == self.rig.registry("owner")
