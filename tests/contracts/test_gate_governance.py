"""Whose verdicts the gate lets pass, since when and until when; Python's gate agrees on all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from counterfoil.formats import packed_verdict, verdict
from counterfoil.formats.verdict import MakerKind, SignedVerdict, hash_text
from counterfoil.proofs.gate_reasons import REASONS
from counterfoil.proofs.merkle import leaf_hash
from tests.contracts.gate_rig import CONSUMER, GUARDIAN, SCOPE, STRANGER, VETOER, GateRig
from tests.contracts.rig import refused
from tests.verdicts import DECIDER, address_of, sign

UNKNOWN: dict[str, dict[str, Any]] = {
    "organisation": {"organisation": hash_text("https://other.example")},
    "maker": {"maker": bytes(32)},
    "scope unknown": {"scope": hash_text("payment.return")},
}


@pytest.mark.parametrize("reason", UNKNOWN)
def test_what_nobody_approved(rig: GateRig, reason: str) -> None:
    """An organisation, maker or scope that governance never named has its own reason."""
    packed = rig.ready(**UNKNOWN[reason])
    assert rig.both(rig.ask(packed, scope=UNKNOWN[reason].get("scope", SCOPE))) == reason


def test_a_maker_of_another_kind(rig: GateRig) -> None:
    """A model's approval says nothing of a rule with the same digest."""
    assert rig.both(rig.ask(rig.ready(maker_kind=MakerKind.RULE))) == "maker"


def test_an_unapproved_decider(rig: GateRig) -> None:
    """A signature by a key that governance does not know is worth nothing."""
    said = rig.verdict(signer=address_of(STRANGER))
    packed = rig.anchored(verdict.format(SignedVerdict(said, sign(said, STRANGER))))
    assert rig.both(rig.ask(packed)) == "signer"


def test_known_apart_but_not_together(rig: GateRig) -> None:
    """Two approvals do not make a third: each names decider, maker and scope together."""
    rig.approve(claim=rig.claim(maker=b"\2" * 32, scope=hash_text("payment.hold")))
    assert rig.both(rig.ask(rig.ready(maker=b"\2" * 32))) == "not approved"


def test_an_approval_for_one_consumer(rig: GateRig) -> None:
    """Where an approval names a consumer, its limits are in that one's units, and no other's."""
    rig.approve(consumer=address_of(CONSUMER))
    other = rig.ready(consumer=address_of(STRANGER), nonce=bytes(32))
    assert rig.both(rig.ask(other, consumer=address_of(STRANGER))) == "consumer unknown"
    assert rig.both(rig.ask(rig.ready())) == ""


def test_when_an_approval_holds(rig: GateRig) -> None:
    """A verdict was decided and anchored while its approval held, and never after its anchor."""
    now = rig.world.now
    packed = rig.ready(expiry=2**64 - 1)
    rig.approve(since=now + 1)
    assert rig.both(rig.ask(packed)) == "before approval"
    rig.approve(until=now - 1)
    assert rig.both(rig.ask(packed)) == "after approval"
    rig.approve(since=now, until=now)
    rig.world.wait(1_000_000)
    assert rig.both(rig.ask(packed), use=False) == ""  # earlier good verdicts stay good
    late = rig.ready(decided_at=now)
    assert rig.both(rig.ask(late)) == "after approval"
    rig.approve()
    early = rig.ready(decided_at=rig.world.now + 1)
    assert rig.both(rig.ask(early)) == "postdated"


def test_the_root_has_to_be_old_enough(rig: GateRig) -> None:
    """Where governance asks for it, a root counts only after it has stood for a while."""
    rig.approve(min_age=60)
    packed = rig.ready()
    assert rig.both(rig.ask(packed)) == "young"
    rig.world.wait(59)
    assert rig.both(rig.ask(packed)) == "young"
    rig.world.wait(1)
    assert rig.both(rig.ask(packed)) == ""


def test_revocation(rig: GateRig) -> None:
    """From a moment on a key counts no more; what was anchored before it stays good."""
    given = rig.approve()
    before = rig.ready(nonce=b"\1" * 32)
    rig.world.wait(100)
    stolen_at = rig.world.now
    after = rig.ready(nonce=b"\2" * 32)
    rig.world.wait(100)
    rig.revoke(given, stolen_at)
    assert rig.both(rig.ask(before)) == ""
    assert rig.both(rig.ask(after)) == "revoked"
    # a thief writes an earlier time into a verdict, and cannot anchor it earlier
    assert rig.both(rig.ask(rig.ready(nonce=b"\3" * 32, decided_at=stolen_at - 50))) == "revoked"


def test_a_revoked_verdict_under_its_earlier_root(rig: GateRig) -> None:
    """A verdict that was anchored twice counts by its first root."""
    entry = rig.entry(rig.verdict())
    index = rig.put(entry)
    first = rig.publish()
    rig.world.wait(100)
    rig.put(b"more")
    second = rig.publish()
    rig.revoke(rig.approve(), rig.world.now)
    assert rig.both(rig.ask(rig.pack(entry, index, second))) == "revoked"
    assert rig.both(rig.ask(rig.pack(entry, index, first))) == ""


@pytest.mark.parametrize("which", ["one", "all"])
def test_halts(rig: GateRig, which: str) -> None:
    """While an approval or everything is halted nothing passes; then it does again."""
    given = rig.approve()
    packed = rig.ready()
    rig.halt(given if which == "one" else bytes(32), 500)
    assert rig.both(rig.ask(packed)) == "halted"
    rig.world.wait(499)
    assert rig.both(rig.ask(packed)) == "halted"
    rig.world.wait(1)
    assert rig.both(rig.ask(packed)) == ""


def test_veto(rig: GateRig) -> None:
    """With a window a verdict is announced, waits, and can be vetoed by who governance names."""
    rig.approve(veto_window=600)
    packed = {n: rig.ready(nonce=bytes([n]) * 32, expiry=2**64 - 1) for n in (1, 2)}
    leaf = {n: leaf_hash(packed_verdict.parse(packed[n]).entry) for n in packed}
    assert rig.both(rig.ask(packed[1])) == "unannounced"
    with refused("unannounced"):
        rig.gate("veto", leaf[1], sender=VETOER.address)
    usable = rig.world.now + 600
    for n in packed:
        assert rig.gate("announce", packed[n], sender=STRANGER.address) == leaf[n]
        ((name, told),) = rig.gate.logs
        assert (name, told["usable_from"]) == ("Announced", usable)
        rig.know(usable_from={**rig.state.usable_from, leaf[n]: usable})
    with refused("announced"):
        rig.gate("announce", packed[1], sender=STRANGER.address)
    assert rig.both(rig.ask(packed[1])) == "window"
    for other in (STRANGER, GUARDIAN, DECIDER):
        with refused("not the vetoer"):
            rig.gate("veto", leaf[2], sender=other.address)
    rig.gate("veto", leaf[2], sender=VETOER.address)
    rig.know(vetoed=frozenset({leaf[2]}))
    assert rig.gate("announced", leaf[2]) == (usable, True)
    rig.world.wait(599)
    assert rig.both(rig.ask(packed[1])) == "window"
    rig.world.wait(1)
    assert rig.both(rig.ask(packed[1])) == ""
    assert rig.both(rig.ask(packed[2])) == "vetoed"


def test_announcing_what_has_no_window(rig: GateRig) -> None:
    """Only what would wait is announced, and only what is authentic."""
    packed = rig.ready()
    with refused("no window"):
        rig.gate("announce", packed)
    rig.approve(veto_window=1)
    said = rig.verdict()
    with refused("signature"):
        rig.gate("announce", rig.anchored(verdict.format(SignedVerdict(said, b"x" * 65))))


def test_every_reason_has_a_test() -> None:
    """Each reason that the gate can give is expected somewhere in the tests of the gate."""
    texts = [
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_gate*.py")
    ]
    untested = [reason for reason in REASONS if not any(f'"{reason}"' in text for text in texts)]
    assert untested == []
