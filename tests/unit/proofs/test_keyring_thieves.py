"""A thief's keys become void, and an owner who kept a recovery key gets the organisation back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.statements import Actor
from tests.unit.proofs.keyring_replay import apply, invalid, is_refused, pad, replay
from tests.unit.proofs.receipt_world import World

OWNER = World.producer
RECOVERY = World.recovery
SECOND = Actor("second")
THIRD = Actor("third")
THIEF = Actor("thief")


def test_recovery_keys_are_guarded() -> None:
    """While a recovery key stands, a producer key can neither add, end nor replace one."""
    spare = Actor("spare recovery")
    acts: list[Callable[[World], int]] = [
        lambda w: w.add(OWNER, spare, role="recovery"),
        lambda w: w.revoke(OWNER, RECOVERY, role="recovery"),
        lambda w: w.revoke(OWNER, RECOVERY, role="producer"),
        lambda w: w.add(OWNER, spare, role="recovery", replaces=RECOVERY.keyid),
        lambda w: w.add(OWNER, spare, role="producer", replaces=RECOVERY.keyid),
    ]
    for act in acts:
        world = World.begun()
        act(world)
        is_refused(world, "key.unauthorised")
    world = World.begun()
    world.add(RECOVERY, spare, role="recovery", replaces=RECOVERY.keyid)
    world.add(spare, SECOND)
    replay(world).require(SECOND.keyid, 99)


@pytest.mark.parametrize("period", [{"until_index": 50}, {"from_index": 40}], ids=str)
def test_a_recovery_key_with_a_planned_period_guards(period: dict[str, Any]) -> None:
    """A recovery key with an end in the future, or a beginning, guards like any other."""
    world = World()
    world.add(OWNER, OWNER)
    world.add(OWNER, RECOVERY, role="recovery", **period)
    world.add(OWNER, THIEF, role="recovery")
    is_refused(world, "key.unauthorised")


def test_an_ended_recovery_key_guards_no_more() -> None:
    """When the last recovery key has ended, a producer key may bring in a new one."""
    world = World()
    world.add(OWNER, OWNER)
    world.add(OWNER, RECOVERY, role="recovery", until_index=5)
    pad(world, 5)
    at = world.add(OWNER, SECOND, role="recovery")
    replay(world).require(SECOND.keyid, at, ("recovery",))


def test_a_void_recovery_key_guards_nothing() -> None:
    """A recovery key that a thief added guards nothing once the thief's key is revoked."""
    world = World()
    world.add(OWNER, OWNER)
    world.add(OWNER, RECOVERY, role="recovery")
    world.add(RECOVERY, THIRD, role="recovery", until_index=30)
    pad(world, 10)
    world.add(RECOVERY, THIEF, role="recovery")  # RECOVERY was stolen
    world.revoke(THIRD, RECOVERY, role="recovery", from_index=9)
    keyring = replay(world)
    keyring.require(THIRD.keyid, 29, ("recovery",))
    with invalid("key.void"):
        keyring.require(THIEF.keyid, 11, ("recovery",))
    pad(world, 30)
    world.add(OWNER, SECOND, role="recovery")
    replay(world).require(SECOND.keyid, 40, ("recovery",))


def test_a_stolen_producer_key_cannot_void_the_recovery_key() -> None:
    """While a recovery key stands, only such a key revokes from an earlier entry on.

    Else a thief would end the key that added the recovery key from before that, and then bring in
    a recovery key of his own.
    """
    world = World()
    world.add(OWNER, OWNER)
    world.add(OWNER, SECOND)
    pad(world, 5)
    world.add(OWNER, RECOVERY, role="recovery")
    pad(world, 20)
    world.revoke(SECOND, OWNER, from_index=3)  # SECOND was stolen
    is_refused(world, "key.unauthorised")
    world.key_entries.pop()
    world.revoke(SECOND, SECOND, from_index=20)
    is_refused(world, "key.unauthorised")
    world.key_entries.pop()
    at = world.revoke(SECOND, OWNER, from_index=len(world.entries))
    replay(world).require(RECOVERY.keyid, at, ("recovery",))


def test_no_revocation_unsays_its_own_signer() -> None:
    """Who revokes a key that its own word stands on, from before that, is refused."""
    alone = World()
    alone.add(OWNER, OWNER)
    alone.add(OWNER, SECOND)
    pad(alone, 9)
    alone.revoke(SECOND, OWNER, from_index=1)
    is_refused(alone, "key.statement")
    alone.key_entries.pop()
    alone.revoke(OWNER, OWNER, from_index=5)
    is_refused(alone, "key.statement")
    world = World.begun()
    world.revoke(RECOVERY, OWNER, from_index=1)  # entry 1 added RECOVERY
    is_refused(world, "key.statement")
    world.key_entries.pop()
    world.revoke(RECOVERY, OWNER, from_index=2)
    replay(world).require(RECOVERY.keyid, 99, ("recovery",))


def test_the_chain_of_a_thief_is_void() -> None:
    """When a stolen key is revoked from before the theft, all keys that grew from it are void."""
    world = World.begun()
    pad(world, 10)
    world.add(OWNER, THIEF)
    world.add(THIEF, SECOND)
    world.add(SECOND, THIRD, role="decider")
    keyring = replay(world)
    keyring.require(THIRD.keyid, 20, ("decider",))
    world.revoke(RECOVERY, OWNER, from_index=10)
    keyring = replay(world)
    for key, role in ((THIEF, "producer"), (SECOND, "producer"), (THIRD, "decider")):
        with invalid("key.void"):
            keyring.require(key.keyid, 20, (role,))
    keyring.require(OWNER.keyid, 9)
    keyring.require(RECOVERY.keyid, 20, ("recovery",))
    world.add(SECOND, Actor("more"))
    is_refused(world, "key.void")


def test_a_long_chain_of_keys_is_followed() -> None:
    """A thousand rotations, each by the key before, are followed without running out of stack."""
    world = World()
    world.add(OWNER, OWNER)
    keyring = replay(world)
    last = OWNER
    for number in range(1, 1050):
        following = Actor(f"rotation {number}")
        apply(keyring, world, world.add(last, following, replaces=last.keyid))
        last = following
    keyring.require(last.keyid, 5000)
