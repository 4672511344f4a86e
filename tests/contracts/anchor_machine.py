"""A model of the anchor in Python, and a machine that does to both whatever comes to its mind.

The model says of each call whether it must pass, from the rules alone; after each step, all that
the contract tells must be what the model knows. Half of all calls are made by the wrong account,
with the wrong proof, too late, or twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import ClassVar, Final

from eth_account.signers.local import LocalAccount
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.contracts.rig import Contract, Reverted
from tests.contracts.signing import Domain, key
from tests.contracts.trees import consistency, root

__all__ = ["AnchorMachine"]

WEEK: Final = 7 * 24 * 60 * 60
NOBODY: Final = "0x" + "00" * 20
OWNERS: Final = [key("owner 0"), key("owner 1")]
KEYS: Final = [key("anchor key 0"), key("anchor key 1"), key("anchor key 2")]
ORGANISATIONS: Final = sorted(
    (key(f"organisation {n}") for n in range(3)), key=lambda account: int(account.address, 16)
)
WITNESSES: Final = [key(f"witness {n}") for n in range(6)]
EVERYBODY: Final = [*OWNERS, *KEYS, *ORGANISATIONS, *WITNESSES[:2], key("stranger")]

accounts = st.sampled_from(EVERYBODY)
sizes = st.integers(0, 40)
lies = st.sampled_from(["none", "none", "none", "root", "short", "long"])
members = st.lists(st.sampled_from(ORGANISATIONS), unique=True, max_size=3).map(
    lambda chosen: sorted(chosen, key=lambda account: int(account.address, 16))
)


@dataclass
class Quorum:
    members: Sequence[str]
    threshold: int
    time: int


@dataclass
class Log:
    """What the model knows of a log. anchors: (size, time), oldest first, from size 0 on."""

    owner: LocalAccount
    anchor_key: str
    anchors: list[tuple[int, int]]
    quorum: Quorum | None = None
    proposal: Quorum | None = None
    signatures: list[tuple[str, tuple[int, int, int], bytes]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.anchors[-1][0]


class AnchorMachine(RuleBasedStateMachine):
    """Calls of the anchor in any order; `anchor` is the contract, set by the test."""

    anchor: ClassVar[Contract]

    @initialize(quorum=st.booleans())
    def begin(self, quorum: bool) -> None:
        self.undo = ExitStack()
        self.undo.enter_context(self.anchor.world.undone())
        self.domain = Domain(self.anchor.world.chain_id, self.anchor.address)
        self.logs: dict[bytes, Log] = {}
        self.witness_of: dict[str, LocalAccount] = {}
        self.used: set[str] = set()
        self.register(OWNERS[0], 0, KEYS[0])
        for organisation, witness in zip(ORGANISATIONS, WITNESSES, strict=False):
            self.enrol(organisation, witness, "none")
        if quorum:  # most stories would end before they had one
            ((log_id, log),) = self.logs.items()
            log.quorum = Quorum([each.address for each in ORGANISATIONS], 2, self.now)
            call = ("set_quorum", log_id, log.quorum.members, log.quorum.threshold)
            self.expect(True, *call, sender=log.owner.address)

    def teardown(self) -> None:
        if hasattr(self, "undo"):
            self.undo.close()

    def expect(self, right: bool, function: str, *arguments: object, sender: str) -> bool:
        """Call the contract: it must pass if that is right, and else refuse with a word."""
        try:
            self.anchor(function, *arguments, sender=sender)
        except Reverted as refusal:
            assert not right, f"{function} was refused: {refusal.reason}"
            assert refusal.reason
            return False
        assert right, f"{function} passed"
        return True

    @property
    def now(self) -> int:
        return self.anchor.world.now

    def pick(self, data: st.DataObject) -> tuple[bytes, Log]:
        return data.draw(st.sampled_from(list(self.logs.items())))

    @rule(owner=st.sampled_from(OWNERS), number=st.integers(0, 1), who=st.sampled_from(KEYS))
    def register(self, owner: LocalAccount, number: int, who: LocalAccount) -> None:
        origin = bytes([number]) * 32
        log_id = self.anchor("log_id_of", owner.address, origin, origin)
        call = ("register", origin, origin, who.address)
        if self.expect(log_id not in self.logs, *call, sender=owner.address):
            self.logs[log_id] = Log(owner, who.address, [(0, self.now)])

    @precondition(lambda self: self.logs)
    @rule(data=st.data(), right=st.booleans(), who=accounts, to=st.sampled_from([*KEYS, None]))
    def rotate(
        self, data: st.DataObject, right: bool, who: LocalAccount, to: LocalAccount | None
    ) -> None:
        log_id, log = self.pick(data)
        sender = log.owner.address if right else who.address
        new = to.address if to else NOBODY
        right = sender == log.owner.address
        if self.expect(right, "rotate_anchor_key", log_id, new, sender=sender):
            log.anchor_key = new

    def extension(
        self, data: st.DataObject, log: Log
    ) -> tuple[tuple[int, int, bytes, Sequence[bytes]], bool]:
        """Draw what to anchor; gives the arguments, and whether they are right."""
        if data.draw(st.booleans()):
            new = log.size + data.draw(st.integers(0, 4 if log.size < 70 else 0))
            return (log.size, new, root(new), consistency(log.size, new)), True
        old = log.size if data.draw(st.booleans()) else data.draw(sizes)
        new = data.draw(sizes)
        lie = data.draw(lies) if log.size else "none"
        # from where it claims to start, or from where the log stands
        low, high = sorted((old if data.draw(st.booleans()) else log.size, new))
        proof = consistency(low, high)
        proof = [*proof, root(1)] if lie == "long" else proof[:-1] if lie == "short" else proof
        digest = root(new + 1) if lie == "root" else root(new)
        spoiled = lie == "root" or proof != consistency(*sorted((log.size, new)))
        if new == log.size:
            return (old, new, digest, proof), lie != "root"  # a repetition needs no proof
        return (old, new, digest, proof), old == log.size and new > old and not spoiled

    def note(self, log: Log, new: int) -> None:
        if new != log.size:
            log.anchors.append((new, self.now))

    @precondition(lambda self: self.logs)
    @rule(data=st.data(), right=st.booleans(), who=accounts)
    def anchor_directly(self, data: st.DataObject, right: bool, who: LocalAccount) -> None:
        log_id, log = self.pick(data)
        sender = log.anchor_key if right and log.anchor_key != NOBODY else who.address
        arguments, extends = self.extension(data, log)
        passes = extends and sender == log.anchor_key and log.quorum is None
        if self.expect(passes, "anchor", log_id, *arguments, sender=sender):
            self.note(log, arguments[1])

    @precondition(lambda self: self.logs)
    @rule(data=st.data(), signer=st.sampled_from(KEYS), late=st.sampled_from([-1, 0, WEEK]))
    def relay(self, data: st.DataObject, signer: LocalAccount, late: int) -> None:
        log_id, log = self.pick(data)
        (old, new, digest, proof), extends = self.extension(data, log)
        deadline = self.now + late
        signed = (log_id, old, new, digest, deadline)
        signature = self.domain.sign(signer, "Anchor", *signed)
        passes = extends and late >= 0 and signer.address == log.anchor_key and log.quorum is None
        call = ("anchor_by_signature", log_id, old, new, digest, proof, deadline, signature)
        if digest == root(new):
            log.signatures.append((signer.address, (old, new, deadline), signature))
        if self.expect(passes, *call, sender=EVERYBODY[-1].address):
            self.note(log, new)

    @precondition(lambda self: any(log.signatures for log in self.logs.values()))
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        log_id, log = self.pick(data)
        every = [each for other in self.logs.values() for each in other.signatures]
        taken = data.draw(st.sampled_from(every))
        signer, (old, new, deadline), signature = taken
        low, high = sorted((old, new))
        passes = (
            taken in log.signatures
            and signer == log.anchor_key
            and log.quorum is None
            and self.now <= deadline
            and (new == log.size or (old == log.size and new > old))
        )
        call = (old, new, root(new), consistency(low, high), deadline, signature)
        sender = EVERYBODY[-1].address
        if self.expect(passes, "anchor_by_signature", log_id, *call, sender=sender):
            self.note(log, new)

    @rule(who=st.sampled_from(ORGANISATIONS), witness=st.sampled_from(WITNESSES), stolen=lies)
    def enrol(self, who: LocalAccount, witness: LocalAccount, stolen: str) -> None:
        signer = WITNESSES[0] if stolen == "short" else witness
        signature = self.domain.sign(signer, "Enrolment", who.address)
        passes = signer is witness and witness.address not in self.used
        if self.expect(passes, "enrol", witness.address, signature, sender=who.address):
            self.witness_of[who.address] = witness
            self.used.add(witness.address)

    @rule(who=st.sampled_from(ORGANISATIONS), really=st.integers(0, 3))
    def leave(self, who: LocalAccount, really: int) -> None:
        if really and who.address in self.witness_of:
            return  # or soon nobody would be left
        passes = who.address in self.witness_of
        if self.expect(passes, "leave", sender=who.address):
            del self.witness_of[who.address]

    @precondition(lambda self: self.logs and self.witness_of)
    @rule(data=st.data(), chosen=members, threshold=st.integers(0, 3), who=accounts)
    def set_quorum(
        self, data: st.DataObject, chosen: list[LocalAccount], threshold: int, who: LocalAccount
    ) -> None:
        log_id, log = self.pick(data)
        sender = who.address
        if data.draw(st.booleans()):
            sender = log.owner.address
            chosen = [account for account in chosen if account.address in self.witness_of]
            threshold = min(threshold, len(chosen))
        names = [account.address for account in chosen]
        none = not names and not threshold and log.quorum is not None
        passes = sender == log.owner.address and (none or 1 <= threshold <= len(names))
        passes = passes and all(name in self.witness_of for name in names)
        if self.expect(passes, "set_quorum", log_id, names, threshold, sender=sender):
            if log.quorum is None:
                log.quorum = Quorum(names, threshold, self.now)
            else:
                log.proposal = Quorum(names, threshold, self.now + WEEK)

    @precondition(lambda self: self.logs)
    @rule(data=st.data(), who=accounts)
    def apply_quorum(self, data: st.DataObject, who: LocalAccount) -> None:
        log_id, log = self.pick(data)
        proposal = log.proposal
        passes = proposal is not None and 0 <= self.now - proposal.time < WEEK
        if self.expect(passes, "apply_quorum", log_id, sender=who.address):
            assert proposal is not None
            in_force = Quorum(proposal.members, proposal.threshold, self.now)
            log.quorum, log.proposal = in_force if proposal.threshold else None, None

    @precondition(lambda self: any(log.quorum for log in self.logs.values()))
    @rule(data=st.data(), right=st.booleans(), who=accounts)
    def anchor_with_quorum(self, data: st.DataObject, right: bool, who: LocalAccount) -> None:
        log_id, log = self.pick(data)
        sender = log.anchor_key if right and log.anchor_key != NOBODY else who.address
        arguments, extends = self.extension(data, log)
        witnesses = self.speakers(log)[: data.draw(st.integers(1, 3))]
        if not data.draw(st.booleans()):
            witnesses = data.draw(st.lists(st.sampled_from(WITNESSES), max_size=4))
        said = ("Cosignature", log_id, arguments[1], arguments[2])
        voices = [self.domain.sign(each, *said) for each in witnesses]
        passes = extends and sender == log.anchor_key and self.meets(log, witnesses)
        call = ("anchor_with_quorum", log_id, *arguments, 0, b"", voices)
        if self.expect(passes, *call, sender=sender):
            self.note(log, arguments[1])

    def meets(self, log: Log, witnesses: list[LocalAccount]) -> bool:
        """Whether these witnesses' cosignatures are enough, and none is amiss."""
        if log.quorum is None:
            return False
        speak = {witness.address for witness in self.speakers(log)}
        names = [witness.address for witness in witnesses]
        once = len(set(names)) == len(names)
        return once and set(names) <= speak and len(names) >= log.quorum.threshold

    def speakers(self, log: Log) -> list[LocalAccount]:
        """Give the witnesses that have a voice now."""
        named = log.quorum.members if log.quorum else []
        return [self.witness_of[name] for name in named if name in self.witness_of]

    @rule(seconds=st.sampled_from([1, 3600, WEEK - 1, WEEK]))
    def wait(self, seconds: int) -> None:
        self.anchor.world.wait(seconds)

    @invariant()
    def everything_is_as_known(self) -> None:
        for log_id, log in getattr(self, "logs", {}).items():
            size, time = log.anchors[-1]
            assert self.anchor("latest", log_id) == (size, root(size), time)
            assert self.anchor("anchor_key_of", log_id) == log.anchor_key
            assert sorted(log.anchors) == log.anchors
            for size, time in log.anchors:
                assert self.anchor("anchored", log_id, size, time) == root(size)
            quorum = self.anchor("quorum_of", log_id)
            expected = (tuple(log.quorum.members), log.quorum.threshold) if log.quorum else ((), 0)
            assert quorum[:2] == expected
