"""A gate with its anchor, registry and log in one world, and what Python's gate knows of them.

Whatever is done to the contracts is noted in a `GateState` by the rules alone, never read back, so
that both can be held against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from eth_abi.abi import encode

from counterfoil.contracts import load_artifact
from counterfoil.errors import Refused
from counterfoil.formats import packed_verdict, verdict
from counterfoil.formats.packed_verdict import PackedVerdict
from counterfoil.formats.verdict import MakerKind, SignedVerdict, Verdict, hash_text
from counterfoil.proofs import gate as gates
from counterfoil.proofs.gate import Ask, GateState, Passed
from counterfoil.proofs.governance import Approval, Claim, Terms, approval_id, claim_of
from counterfoil.proofs.merkle import (
    consistency_path,
    inclusion_path,
    leaf_hash,
    reader_of,
    root_of,
)
from tests.contracts.rig import Contract, Reverted, World
from tests.contracts.signing import key
from tests.verdicts import address_of, plain_verdict, sign

__all__ = [
    "CONSUMER",
    "GUARDIAN",
    "LOG_KEY",
    "OWNER",
    "SCOPE",
    "STRANGER",
    "TERMS",
    "VETOER",
    "GateRig",
    "claim_words",
    "reason_of",
    "terms_words",
]

OWNER, GUARDIAN, LOG_KEY = key("governance"), key("guardian"), key("log key")
CONSUMER, STRANGER, VETOER = key("consumer"), key("stranger"), key("vetoer")
SCOPE: Final = hash_text("payment.release")
TERMS: Final = Terms(
    since=0, until=2**64 - 1, cap=1_000, period_cap=10_000, period_count=100, period=86_400
)
NOBODY: Final = "0x" + "00" * 20


class GateRig:
    """Contracts, one log, and `state`. now: the chain's clock."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.anchor = self.world.deploy_anchor()
        self.registry = self.deploy("model_registry", OWNER.address, GUARDIAN.address)
        self.gate = self.deploy("decision_gate", self.anchor.address, self.registry.address)
        self.leaves = [leaf_hash(b"%d" % number) for number in range(5)]
        self._anchored_size = 0
        self.log_id = self.register(b"\1" * 32)
        self._state = GateState(
            chain_id=self.world.chain_id,
            gate=address_of(self.gate.address),
            now_s=0,
            anchored={},
            approvals={},
        )

    def deploy(self, name: str, *addresses: str) -> Contract:
        """Put a contract there that is made of addresses."""
        artifact = load_artifact(name)
        arguments = encode(["address"] * len(addresses), addresses)
        return self.world.deploy(artifact.abi, artifact.bytecode, arguments)

    def replace_gate(self, gate: Contract) -> None:
        """Put another gate in the place of the shipped one."""
        self.gate = gate
        self.know(gate=address_of(gate.address))

    @property
    def state(self) -> GateState:
        """What Python's gate knows, now."""
        return replace(self._state, now_s=self.world.now)

    def know(self, **changes: Any) -> None:
        """Change what Python's gate knows."""
        self._state = replace(self._state, **changes)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo all that happens inside, on both sides."""
        before = (self._state, list(self.leaves), self._anchored_size)
        with self.world.undone():
            yield
        self._state, self.leaves, self._anchored_size = before

    # The log -----------------------------------------------------------------------------------

    def register(self, origin: bytes) -> bytes:
        """Register a log."""
        log_id: bytes = self.anchor(
            "register", origin, bytes(32), LOG_KEY.address, sender=LOG_KEY.address
        )
        return log_id

    def put(self, entry: bytes) -> int:
        """Append an entry to the log; gives its index."""
        self.leaves.append(leaf_hash(entry))
        return len(self.leaves) - 1

    def publish(self) -> tuple[int, int]:
        """Anchor the log; gives the size and time."""
        old, new = self._anchored_size, len(self.leaves)
        root = root_of(self.leaves)
        proof = consistency_path(old, new, reader_of(self.leaves)) if old else []
        at: int = self.anchor("anchor", self.log_id, old, new, root, proof, sender=LOG_KEY.address)
        self._anchored_size = new
        self.know(anchored={**self._state.anchored, (self.log_id, new, at): root})
        return new, at

    def pack(self, entry: bytes, index: int, place: tuple[int, int]) -> bytes:
        """Pack an entry that stands at an index under an anchored root."""
        size, time = place
        path = inclusion_path(index, size, reader_of(self.leaves[:size]))
        return packed_verdict.format(PackedVerdict(size, time, index, path, entry))

    def anchored(self, entry: bytes) -> bytes:
        """Append an entry, anchor the log, and pack it."""
        index = self.put(entry)
        return self.pack(entry, index, self.publish())

    # Verdicts ----------------------------------------------------------------------------------

    def verdict(self, **changes: Any) -> Verdict:
        """Give a verdict that would pass once it is approved and anchored, with changes."""
        now = self.world.now
        here = plain_verdict(
            chain_id=self.world.chain_id,
            gate=address_of(self.gate.address),
            log_id=self.log_id,
            scope=SCOPE,
            consumer=address_of(CONSUMER),
            decided_at=now,
            expiry=now + 1_000,
        )
        return replace(here, **changes)

    def entry(self, said: Verdict) -> bytes:
        """Sign a verdict by the decider, as an entry."""
        return verdict.format(SignedVerdict(said, sign(said)))

    def ready(self, **changes: Any) -> bytes:
        """Sign, record and anchor a verdict, and pack it."""
        return self.anchored(self.entry(self.verdict(**changes)))

    # Governance --------------------------------------------------------------------------------

    def claim(self, **changes: Any) -> Claim:
        """Give the claim that verdicts make here, with changes."""
        return replace(claim_of(self.verdict()), **changes)

    def approve(self, terms: Terms = TERMS, claim: Claim | None = None, **changes: Any) -> bytes:
        """Approve a claim; gives the approval's id."""
        claim, terms = claim or self.claim(), replace(terms, **changes)
        given: bytes = self.registry(
            "approve", claim_words(claim), terms_words(terms), sender=OWNER.address
        )
        assert given == approval_id(claim)
        before = self._state.approvals.get(given, Approval(claim, terms))
        self.know(approvals={**self._state.approvals, given: replace(before, terms=terms)})
        return given

    def revoke(self, given: bytes, revoked_from: int) -> None:
        """Revoke an approval."""
        self.registry("revoke", given, revoked_from, sender=OWNER.address)
        changed = replace(self._state.approvals[given], revoked_from=revoked_from)
        self.know(approvals={**self._state.approvals, given: changed})

    def halt(self, given: bytes, seconds: int) -> None:
        """Halt an approval, or by the zero id all, as the guardian."""
        self.registry("halt", given, seconds, sender=GUARDIAN.address)
        until = self.world.now + seconds
        if given == bytes(32):
            self.know(halted_until=until)
        else:
            changed = replace(self._state.approvals[given], halted_until=until)
            self.know(approvals={**self._state.approvals, given: changed})

    # Asking ------------------------------------------------------------------------------------

    def ask(self, packed: bytes, **changes: Any) -> Ask:
        """Ask for the action of plain verdicts, with changes."""
        plain = Ask(SCOPE, plain_verdict().action_hash, 100, address_of(CONSUMER), packed)
        return replace(plain, **changes)

    def consume(self, packed: bytes, **changes: Any) -> Any:
        """Use a verdict up, as its consumer; the contract alone is asked."""
        ask = self.ask(packed, **changes)
        return self.gate(
            "consume",
            ask.scope,
            ask.action_hash,
            ask.amount,
            ask.packed,
            sender="0x" + ask.consumer.hex(),
        )

    def both(self, ask: Ask, *, use: bool = True) -> str:
        """Ask the contract and Python; gives the reason that both give, or "" where both pass.

        use: use the verdict up, else only check it. Raises AssertionError where they differ.
        """
        theirs, ours = self._theirs(ask, use), self._ours(ask, use)
        assert theirs == ours, f"the contract says {theirs!r}, Python {ours!r}"
        return theirs

    def _theirs(self, ask: Ask, use: bool) -> str:
        consumer = "0x" + ask.consumer.hex()
        asked = (ask.scope, ask.action_hash, ask.amount)
        if use:
            return reason_of(lambda: self.gate("consume", *asked, ask.packed, sender=consumer))
        return reason_of(
            lambda: self.gate("check", *asked, consumer, ask.packed, sender=STRANGER.address)
        )

    def _ours(self, ask: Ask, use: bool) -> str:
        passed: Passed
        try:
            if use:
                state, passed = gates.consume(self.state, ask)
                self._state = state
            else:
                passed = gates.check(self.state, ask)
        except Refused as err:
            return err.code.removeprefix("gate.").replace("-", " ")
        assert passed.established in ("zk", "log-attested")
        return ""


def reason_of(call: Callable[[], Any]) -> str:
    """Give the reason for which a contract refuses a call; "" where it does not."""
    try:
        call()
    except Reverted as err:
        return err.reason or "no reason"
    return ""


def claim_words(claim: Claim) -> tuple[Any, ...]:
    """Give a claim as the registry takes it."""
    kind = MakerKind(claim.maker_kind)
    decider = "0x" + claim.decider.hex()
    return (decider, claim.organisation, claim.log_id, int(kind), claim.maker, claim.scope)


def terms_words(terms: Terms, vetoer: str | None = None, evidence: bytes = bytes(32)) -> Any:
    """Give terms as the registry takes them; a window has the vetoer of the tests."""
    own: Mapping[bool, str] = {True: VETOER.address, False: NOBODY}
    return (
        *(terms.since, terms.until, terms.cap, terms.period_cap, terms.period_count),
        *(terms.period, terms.min_age, terms.veto_window),
        own[terms.veto_window != 0] if vetoer is None else vetoer,
        *(terms.ordered, terms.as_signature, terms.by_proof, evidence),
        "0x" + terms.consumer.hex(),
    )
