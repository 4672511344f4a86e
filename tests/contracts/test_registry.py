"""The registry: only its owner approves and revokes, and a guardian can only halt, for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from counterfoil.proofs.governance import NEVER, approval_id
from tests.contracts.gate_rig import (
    CONSUMER,
    GUARDIAN,
    OWNER,
    STRANGER,
    TERMS,
    VETOER,
    GateRig,
    claim_words,
    reason_of,
    terms_words,
)
from tests.contracts.rig import refused
from tests.contracts.signing import key
from tests.verdicts import DECIDER

WEEK = 7 * 24 * 60 * 60
ALL = bytes(32)
NOBODY = "0x" + "00" * 20


def given(rig: GateRig) -> bytes:
    return approval_id(rig.claim())


CALLS: dict[str, Callable[[GateRig], tuple[Any, ...]]] = {
    "approve": lambda rig: (claim_words(rig.claim()), terms_words(TERMS)),
    "revoke": lambda rig: (given(rig), rig.world.now),
    "resume": lambda rig: (given(rig),),
    "set_guardian": lambda rig: (STRANGER.address,),
    "propose_owner": lambda rig: (STRANGER.address,),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("who", [GUARDIAN, STRANGER, DECIDER, VETOER], ids=lambda one: one.address)
def test_only_the_owner(rig: GateRig, call: str, who: Any) -> None:
    """Nobody else approves, revokes or names anybody: not the guardian, not a decider."""
    with refused("not the owner"):
        rig.registry(call, *CALLS[call](rig), sender=who.address)
    rig.registry(call, *CALLS[call](rig), sender=OWNER.address)


def test_what_was_approved_is_told(rig: GateRig) -> None:
    """An approval reads as it was given, in every field, and an event tells it whole."""
    terms = (1, 2**64 - 1, 2**128 - 1, 2**128 - 2, 2**32 - 1, 2**32 - 2, 2**32 - 3, 2**32 - 4)
    whole = (*terms, VETOER.address, True, False, True, b"\xee" * 32, CONSUMER.address)
    claim = (DECIDER.address, b"\1" * 32, b"\2" * 32, 3, b"\3" * 32, b"\4" * 32)
    at = rig.registry("approve", claim, whole, sender=OWNER.address)
    ((name, told),) = rig.registry.logs
    assert (name, told["approval_id"], told["decider"]) == ("Approved", at, DECIDER.address)
    assert rig.registry("approval_id", claim) == at
    ((read, revoked_from, halted_until),) = [rig.registry("approval_of", at)]
    assert [str(word).lower() for word in read] == [str(word).lower() for word in whole]
    assert (revoked_from, halted_until) == (NEVER, 0)
    flipped = (*terms, VETOER.address, False, True, False, bytes(32), NOBODY)
    rig.registry("approve", claim, flipped, sender=OWNER.address)
    assert rig.registry("approval_of", at)[0][9:] == flipped[9:]
    assert rig.registry("approval_of", bytes([9]) * 32)[0][1] == 0


BAD: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no decider": ({"decider": bytes(20)}, {}, "zero decider"),
    "no dates": ({}, {"until": 0}, "dates"),
    "dates the wrong way round": ({}, {"since": 2, "until": 1}, "dates"),
    "no period": ({}, {"period": 0}, "period"),
    "a proof by a model": ({}, {"by_proof": True}, "proof"),
}


@pytest.mark.parametrize("case", BAD)
def test_approvals_that_are_none(rig: GateRig, case: str) -> None:
    """What could never hold, or not as it reads, is refused."""
    claim, terms, reason = BAD[case]
    words = (claim_words(rig.claim(**claim)), terms_words(replace(TERMS, **terms)))
    with refused(reason):
        rig.registry("approve", *words, sender=OWNER.address)


def test_windows_and_vetoers(rig: GateRig) -> None:
    """A window without a vetoer, or the other way round, is a mistake; so is another kind."""
    claim = claim_words(rig.claim())
    for window, vetoer in [(1, NOBODY), (0, VETOER.address)]:
        terms = terms_words(replace(TERMS, veto_window=window), vetoer=vetoer)
        with refused("vetoer"):
            rig.registry("approve", claim, terms, sender=OWNER.address)
    for kind in (0, 4):
        with refused("maker kind"):
            rig.registry(
                "approve", (*claim[:3], kind, *claim[4:]), terms_words(TERMS), sender=OWNER.address
            )


def test_revoking(rig: GateRig) -> None:
    """What was revoked is never approved again; the moment can move to earlier, never to later."""
    at, now = given(rig), rig.world.now
    with refused("not approved"):
        rig.registry("revoke", bytes(32), now, sender=OWNER.address)
    with refused("later"):
        rig.registry("revoke", at, 0, sender=OWNER.address)
    rig.registry("revoke", at, now + 100, sender=OWNER.address)
    assert rig.registry.logs == [("Revoked", {"approval_id": at, "revoked_from": now + 100})]
    for later in (now + 100, now + 101, NEVER):
        with refused("later"):
            rig.registry("revoke", at, later, sender=OWNER.address)
    rig.registry("revoke", at, now - 5, sender=OWNER.address)
    assert rig.registry("approval_of", at)[1] == now - 5
    with refused("revoked"):
        rig.approve()


@pytest.mark.parametrize("which", ["one", "all"])
@pytest.mark.parametrize("who", [GUARDIAN, OWNER], ids=["guardian", "owner"])
def test_halting(rig: GateRig, which: str, who: Any) -> None:
    """A halt lasts a week at most; then as much time has to pass before the next one."""
    at = given(rig) if which == "one" else ALL
    with refused("too long"):
        rig.registry("halt", at, WEEK + 1, sender=who.address)
    until = rig.world.now + WEEK
    rig.registry("halt", at, WEEK, sender=who.address)
    assert rig.registry("approval_of", given(rig))[2] == until
    for wait in (0, WEEK - 1, 1, WEEK - 1):
        rig.world.wait(wait)
        with refused("rest"):
            rig.registry("halt", at, 1, sender=who.address)
    rig.world.wait(1)
    rig.registry("halt", at, 1, sender=who.address)


def test_a_guardian_out_of_control(rig: GateRig) -> None:
    """A guardian that halts whenever it can leaves a third of all time; the owner ends that."""
    at, halted, days = given(rig), 0, 21 * 7

    def halt(which: bytes) -> None:
        rig.registry("halt", which, WEEK, sender=GUARDIAN.address)

    for _ in range(days):
        for which in (at, ALL):
            if rig.registry("approval_of", at)[2] <= rig.world.now:
                assert reason_of(partial(halt, which)) in ("", "rest")
        halted += rig.registry("approval_of", at)[2] > rig.world.now
        rig.world.wait(24 * 60 * 60)
    assert halted == days * 2 // 3
    rig.world.wait(2 * WEEK)
    rig.registry("halt", ALL, WEEK, sender=GUARDIAN.address)
    rig.registry("resume", ALL, sender=OWNER.address)
    assert rig.registry("approval_of", at)[2] <= rig.world.now
    for which in (at, ALL):
        with refused("rest"):  # the rest goes on
            rig.registry("halt", which, 1, sender=GUARDIAN.address)
    rig.registry("set_guardian", NOBODY, sender=OWNER.address)
    rig.world.wait(4 * WEEK)
    with refused("not the guardian"):
        rig.registry("halt", at, 1, sender=GUARDIAN.address)


def test_resuming_brings_nothing_back(rig: GateRig) -> None:
    """The end of a halt is no end of a revocation, and a halt of all ends by itself only."""
    at = given(rig)
    rig.registry("revoke", at, 1, sender=OWNER.address)
    rig.registry("halt", at, 60, sender=GUARDIAN.address)
    rig.registry("halt", ALL, 120, sender=GUARDIAN.address)
    rig.registry("resume", at, sender=OWNER.address)
    assert rig.registry("approval_of", at)[1:] == (1, rig.world.now + 120)


def test_handing_over(rig: GateRig) -> None:
    """A registry changes hands by two calls, of the old owner and of the new one."""
    dao = key("dao")
    with refused("not proposed"):
        rig.registry("accept_ownership", sender=STRANGER.address)
    with refused("not proposed"):
        rig.registry("accept_ownership", sender=NOBODY)
    rig.registry("propose_owner", STRANGER.address, sender=OWNER.address)
    rig.registry("propose_owner", dao.address, sender=OWNER.address)
    with refused("not proposed"):
        rig.registry("accept_ownership", sender=STRANGER.address)
    assert rig.registry("owner") == OWNER.address
    rig.registry("accept_ownership", sender=dao.address)
    assert (rig.registry("owner"), rig.registry("proposed_owner")) == (dao.address, NOBODY)
    with refused("not the owner"):
        rig.approve()
    with refused("not proposed"):
        rig.registry("accept_ownership", sender=dao.address)


def test_an_offer_that_is_taken_back(rig: GateRig) -> None:
    """Until it is accepted an offer can be taken back, and nobody then owns the registry."""
    rig.registry("propose_owner", STRANGER.address, sender=OWNER.address)
    rig.registry("propose_owner", NOBODY, sender=OWNER.address)
    for who in (STRANGER.address, NOBODY):
        with refused("not proposed"):
            rig.registry("accept_ownership", sender=who)
    assert rig.registry("owner") == OWNER.address
