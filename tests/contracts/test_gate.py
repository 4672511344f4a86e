"""What the gate lets pass, and each reason for which it does not; Python's gate agrees on all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from counterfoil.formats import packed_verdict, verdict
from counterfoil.formats.verdict import SignedVerdict, Verdict, hash_text
from counterfoil.proofs.merkle import leaf_hash, root_of
from tests.contracts.gate_rig import (
    CONSUMER,
    GUARDIAN,
    LOG_KEY,
    SCOPE,
    STRANGER,
    VETOER,
    GateRig,
)
from tests.contracts.rig import refused
from tests.contracts.signing import key
from tests.verdicts import DECIDER, address_of, plain_verdict, sign

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def test_passing(rig: GateRig) -> None:
    """A verdict that holds passes once, gives all its words, and tells whom it let do what."""
    said = rig.verdict()
    packed = rig.anchored(rig.entry(said))
    assert rig.both(rig.ask(packed), use=False) == ""
    words = rig.consume(packed)
    assert words[0] == verdict.VERDICT_TYPE_WORD
    assert [words[at] for at in (1, 3, 5, 6, 8, 10, 11, 14, 16, 17)] == [
        *(said.chain_id, said.log_id, said.scope, said.maker_kind, said.decision),
        *(said.outcome, said.score, said.amount_max, said.nonce, said.decided_at),
    ]
    ((name, told),) = rig.gate.logs
    assert name == "Consumed"
    assert told["leaf"] == leaf_hash(rig.entry(said))
    assert (told["consumer"], told["signer"]) == (CONSUMER.address, DECIDER.address)
    assert (told["amount"], told["established"]) == (100, "log-attested")
    assert rig.gate("used", DECIDER.address, said.nonce) is True
    with refused("replayed"):
        rig.consume(packed)


def high_s(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


SIGNATURES: dict[str, Callable[[Verdict], bytes]] = {
    "none": lambda said: b"",
    "a stranger's": lambda said: sign(said, STRANGER),
    "malleable, high s": lambda said: high_s(sign(said)),
    "v of 0 or 1": lambda said: sign(said)[:64] + bytes([sign(said)[64] - 27]),
    "trailing byte": lambda said: sign(said) + b"\0",
    "cut": lambda said: sign(said)[:-1],
    "of nobody": lambda said: bytes(64) + b"\x1b",
    "for another nonce": lambda said: sign(replace(said, nonce=bytes(32))),
    "for another gate": lambda said: sign(replace(said, gate=bytes(20))),
    "for another chain": lambda said: sign(replace(said, chain_id=said.chain_id + 1)),
}


@pytest.mark.parametrize("case", SIGNATURES)
def test_signatures(rig: GateRig, case: str) -> None:
    """A leaf in the log authenticates nobody: no signature but the decider's own counts."""
    said = rig.verdict()
    packed = rig.anchored(verdict.format(SignedVerdict(said, SIGNATURES[case](said))))
    assert rig.both(rig.ask(packed)) == "signature"


def test_the_zero_address_signs_nothing(rig: GateRig) -> None:
    """A signature that recovers to nobody is not the signature of a signer that is nobody."""
    rig.approve(claim=rig.claim(decider=address_of(VETOER)))
    said = rig.verdict(signer=address_of(VETOER))
    packed = rig.anchored(verdict.format(SignedVerdict(said, bytes(64) + b"\x1b")))
    assert rig.both(rig.ask(packed)) == "signature"


def test_a_foreign_log(rig: GateRig) -> None:
    """An anchored log that governance did not name counts for nothing, whoever's it is."""
    foreign = rig.anchor("register", b"\7" * 32, bytes(32), STRANGER.address)
    entry = rig.entry(rig.verdict(log_id=foreign))
    root = leaf_hash(entry)
    time = rig.anchor("anchor", foreign, 0, 1, root, [], sender=STRANGER.address)
    rig.know(anchored={**rig.state.anchored, (foreign, 1, time): root})
    packed = packed_verdict.format(packed_verdict.PackedVerdict(1, time, 0, (), entry))
    assert rig.both(rig.ask(packed)) == "log"
    # nor does a verdict for our log that stands in theirs
    entry = rig.entry(rig.verdict())
    rig.anchor("register", b"\x08" * 32, bytes(32), STRANGER.address)
    packed = packed_verdict.format(packed_verdict.PackedVerdict(1, time, 0, (), entry))
    assert rig.both(rig.ask(packed)) == "inclusion"


def test_a_wrong_leaf(rig: GateRig) -> None:
    """A verdict that does not stand where it says is not recorded."""
    said = rig.verdict()
    entry = rig.entry(said)
    index, other = rig.put(entry), rig.put(b"another")
    place = rig.publish()
    assert rig.both(rig.ask(rig.pack(entry, other, place))) == "inclusion"
    assert rig.both(rig.ask(rig.pack(rig.entry(rig.verdict(seq=1)), index, place))) == "inclusion"
    assert rig.both(rig.ask(rig.pack(entry, index, place))) == ""


def test_a_root_that_was_never_anchored(rig: GateRig) -> None:
    """A path to a root that is not anchored proves nothing, nor does another size or time."""
    entry = rig.entry(rig.verdict())
    index = rig.put(entry)
    unanchored = (len(rig.leaves), rig.world.now)
    assert rig.both(rig.ask(rig.pack(entry, index, unanchored))) == "inclusion"
    size, time = rig.publish()
    for place in [(size, time + 1), (size, time - 1), (size - 1, time)]:
        packed = rig.pack(entry, min(index, place[0] - 1), place)
        assert rig.both(rig.ask(packed)) == "inclusion"


def test_a_forked_root(rig: GateRig) -> None:
    """What stands in another history of the same log does not stand in the anchored one."""
    honest = list(rig.leaves)
    rig.put(b"what was recorded")
    place = rig.publish()
    fork = [*honest, leaf_hash(rig.entry(rig.verdict()))]
    rig.leaves[:] = fork
    packed = rig.pack(rig.entry(rig.verdict()), len(fork) - 1, place)
    assert rig.both(rig.ask(packed)) == "inclusion"
    with refused("fork"):
        told = (rig.log_id, place[0], place[0], root_of(fork))
        rig.anchor("anchor", *told, [], sender=LOG_KEY.address)


CALLS: dict[str, dict[str, Any]] = {
    "consumer": {"consumer": address_of(STRANGER)},
    "scope": {"scope": hash_text("payment.return")},
    "action": {"action_hash": hash_text("release to somebody else")},
    "amount": {"amount": 1_001},
}


@pytest.mark.parametrize("reason", CALLS)
def test_another_call(rig: GateRig, reason: str) -> None:
    """Another consumer, scope, recipient or amount than the verdict's, and it does not pass."""
    packed = rig.ready()
    assert rig.both(rig.ask(packed, **CALLS[reason])) == reason
    assert rig.both(rig.ask(packed)) == ""


def test_a_stranger_cannot_use_it_up(rig: GateRig) -> None:
    """Who is not the consumer cannot use a verdict up, and so cannot keep the consumer from it."""
    packed = rig.ready()
    for stranger in (STRANGER, DECIDER, GUARDIAN):
        assert rig.both(rig.ask(packed, consumer=address_of(stranger))) == "consumer"
    assert rig.both(rig.ask(packed)) == ""


def test_dates(rig: GateRig) -> None:
    """A verdict counts from its first second to its last, both included."""
    now = rig.world.now
    packed = rig.ready(not_before=now + 10, expiry=now + 20)
    for wait, reason in [(0, "too early"), (9, "too early"), (1, ""), (10, ""), (1, "expired")]:
        rig.world.wait(wait)
        assert rig.both(rig.ask(packed), use=False) == reason


def test_order(rig: GateRig) -> None:
    """Numbered verdicts count in their order only, each once; a correction is a new number."""
    packed = {seq: rig.ready(seq=seq, nonce=bytes([seq]) * 32) for seq in (1, 2, 3)}
    assert rig.both(rig.ask(packed[2])) == "order"
    assert rig.both(rig.ask(packed[1])) == ""
    assert rig.both(rig.ask(packed[3])) == "order"
    assert rig.both(rig.ask(rig.ready(seq=1, nonce=b"\x0a" * 32))) == "order"
    assert rig.both(rig.ask(packed[2])) == ""
    assert rig.both(rig.ask(packed[3])) == ""
    organisation = plain_verdict().organisation
    assert rig.gate("next_seq", organisation, SCOPE, CONSUMER.address) == 4
    assert rig.gate("next_seq", organisation, SCOPE, STRANGER.address) == 1
    assert rig.both(rig.ask(rig.ready(nonce=b"\x0b" * 32))) == ""  # unordered ones beside them
    rig.approve(ordered=True)
    assert rig.both(rig.ask(rig.ready(nonce=b"\x0c" * 32))) == "order"


def test_order_outlives_a_decider(rig: GateRig) -> None:
    """Another decider goes on where the last one ended: its key may be lost, the order not."""
    assert rig.both(rig.ask(rig.ready(seq=1))) == ""
    heir = key("heir")
    rig.approve(claim=rig.claim(decider=address_of(heir)))
    for seq, reason in [(1, "order"), (2, "")]:
        said = rig.verdict(seq=seq, signer=address_of(heir))
        packed = rig.anchored(verdict.format(SignedVerdict(said, sign(said, heir))))
        assert rig.both(rig.ask(packed)) == reason


def test_replay(rig: GateRig) -> None:
    """A nonce counts once for each signer, in whichever verdict; another signer has its own."""
    assert rig.both(rig.ask(rig.ready())) == ""
    assert rig.both(rig.ask(rig.ready(amount_max=999))) == "replayed"
    rig.approve(claim=rig.claim(decider=address_of(STRANGER)))
    said = rig.verdict(signer=address_of(STRANGER))
    packed = rig.anchored(verdict.format(SignedVerdict(said, sign(said, STRANGER))))
    assert rig.both(rig.ask(packed)) == ""


def test_a_later_root_or_a_longer_path_is_no_second_use(rig: GateRig) -> None:
    """The same verdict under another root was used all the same."""
    entry = rig.entry(rig.verdict())
    index = rig.put(entry)
    first = rig.pack(entry, index, rig.publish())
    rig.put(b"more")
    rig.world.wait(5)
    second = rig.pack(entry, index, rig.publish())
    assert rig.both(rig.ask(first), use=False) == rig.both(rig.ask(second), use=False) == ""
    assert rig.both(rig.ask(second)) == ""
    assert rig.both(rig.ask(first)) == "replayed"


def test_limits(rig: GateRig) -> None:
    """Each verdict, the sum and the number in a period have a limit; a new period starts anew."""
    rig.world.wait(86_400 - rig.world.now % 86_400)
    rig.approve(cap=50, period_cap=100, period_count=3)
    ready = [rig.ready(nonce=bytes([n]) * 32, expiry=2**64 - 1) for n in range(7)]
    asked = [(0, 51, "cap"), (0, 50, ""), (1, 49, ""), (2, 2, "rate"), (2, 1, ""), (3, 0, "count")]
    for number, amount, reason in asked:
        assert rig.both(rig.ask(ready[number], amount=amount)) == reason
    rig.world.wait(86_399)
    assert rig.both(rig.ask(ready[3], amount=0)) == "count"
    rig.world.wait(1)
    assert rig.both(rig.ask(ready[3], amount=50)) == ""
    period = rig.world.now // 86_400
    assert rig.gate("spent", rig.approve()) == (period, 1, 50)


def test_the_largest_amounts(rig: GateRig) -> None:
    """Sums of the largest amounts do not wrap around."""
    most = 2**128 - 1
    rig.approve(cap=most, period_cap=most)
    one, two = (rig.ready(nonce=bytes([n]) * 32, amount_max=2**256 - 1) for n in range(2))
    assert rig.both(rig.ask(one, amount=2**256 - 1)) == "cap"
    assert rig.both(rig.ask(one, amount=2**128)) == "cap"
    assert rig.both(rig.ask(one, amount=most)) == ""
    assert rig.both(rig.ask(two, amount=1)) == "rate"
    assert rig.both(rig.ask(two, amount=0)) == ""
