"""Who may speak for whom at which entry follows from the log's own key statements alone."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.errors import InputError
from counterfoil.formats import entry as entries
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE
from counterfoil.proofs.keyring import Keyring
from tests.statements import ORG, Actor, entry_of, payload_of, record, refused
from tests.unit.proofs.keyring_replay import (
    apply,
    invalid,
    is_refused,
    pad,
    replay,
    statement_at,
    with_signatures_of,
)
from tests.unit.proofs.receipt_world import OTHER_ORG, World

OWNER = World.producer
RECOVERY = World.recovery
SECOND = Actor("second")
THIRD = Actor("third")
THIEF = Actor("thief")
OTHER = World.other


def test_genesis() -> None:
    """The first statement makes its signer the owner, with a producer key from entry 0."""
    world = World()
    world.add(OWNER, OWNER)
    keyring = replay(world)
    period = keyring.require(OWNER.keyid, 0)
    assert (period.public, period.organisation, period.role) == (OWNER.public, ORG, "producer")
    assert (period.first, period.end, period.added_at, period.added_by) == (0, None, 0, OWNER.keyid)
    assert keyring.owner == ORG
    assert keyring.require(OWNER.keyid, 2**53) == period


def test_a_keyring_without_genesis_knows_nobody() -> None:
    """Before the first statement no key counts and there is no owner."""
    keyring = Keyring()
    with invalid("key.unknown"):
        keyring.require(OWNER.keyid, 0)
    with invalid("key.no-genesis"):
        _ = keyring.owner


@pytest.mark.parametrize(
    "change",
    [
        {"role": "recovery"}, {"role": "log"}, {"issuer": OTHER_ORG}, {"organisation": OTHER_ORG},
        {"replaces": "0f" * 32}, {"from_index": 1}, {"action": "revoke", "public": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_genesis_of_another_form_is_refused(change: dict[str, Any]) -> None:
    """The first statement adds the issuer's own producer key, from entry 0 on."""
    world = World()
    world.add(OWNER, OWNER, **change)
    is_refused(world, "key.genesis")


def test_a_genesis_stands_at_entry_0() -> None:
    """A first statement at another index is refused: another genesis was left out."""
    world = World()
    pad(world, 1)
    world.add(OWNER, OWNER)
    is_refused(world, "key.genesis")


def test_a_genesis_is_signed_by_its_own_key_alone() -> None:
    """A first statement signed by another key, by two, or by none is refused."""
    own = World()
    own.add(OWNER, OWNER)
    first = entries.parse(own.entries[0])
    assert isinstance(first, entries.StatementEntry)
    payload = first.envelope.payload
    for signers in ([SECOND], [OWNER, SECOND], []):
        world = World(entries=[entry_of(payload, *signers)], key_entries=[0])
        is_refused(world, "key.genesis")


def test_the_signature_of_a_genesis_is_checked() -> None:
    """A first statement under a signature of other bytes is refused."""
    world = World()
    world.add(OWNER, OWNER)
    parsed, predicate = statement_at(world, 0)
    other = entry_of(payload_of(record()), OWNER)
    with invalid("signature.invalid"):
        Keyring().apply(0, with_signatures_of(parsed, other), predicate)


def test_the_public_key_is_the_one_that_is_named() -> None:
    """A key id that is not that of the public key, or a key of another length, is refused."""
    for public in (SECOND.public, OWNER.public[:31], OWNER.public + b"x"):
        world = World()
        world.add(OWNER, OWNER, public=encode_base64(public))
        is_refused(world, "key.statement")
    world = World()
    world.add(OWNER, OWNER, public="AB==")
    with refused("base64.not-canonical", InputError):
        apply(Keyring(), world, 0)


def test_keys_of_several_organisations() -> None:
    """The owner brings in the first key of another organisation, which then adds its own."""
    world = World.begun()
    world.add(OTHER, Actor("other 2", OTHER_ORG))
    keyring = replay(world)
    assert keyring.require(OTHER.keyid, 3).organisation == OTHER_ORG
    assert keyring.require(Actor("other 2", OTHER_ORG).keyid, 4).added_by == OTHER.keyid
    assert keyring.owner == ORG
    assert [period.added_at for period in keyring.periods] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        (None, "key.possession"),
        (OTHER.possession(OTHER_ORG, "recovery"), "signature.invalid"),
        (OTHER.possession("https://third.example", "producer"), "signature.invalid"),
        (SECOND.possession(OTHER_ORG, "producer"), "signature.invalid"),
        (encode_base64(b"short"), "signature.length"),
    ],
)
def test_a_key_of_another_organisation_has_agreed(proof: str | None, code: str) -> None:
    """The owner brings in no key that has not signed for that organisation and role itself."""
    world = World()
    world.add(OWNER, OWNER)
    world.add(OWNER, Actor("other", OTHER_ORG), proof=proof)
    is_refused(world, code)


def test_nobody_speaks_for_another_organisation() -> None:
    """Only the owner may add a first key of another, and nobody a second, a revocation, or more."""
    third = Actor("x", "https://third.example")
    cases: list[tuple[str, Any]] = [
        ("key.unauthorised", lambda w: w.add(OTHER, third)),
        ("key.unauthorised", lambda w: w.add(OWNER, Actor("other 2", OTHER_ORG))),
        ("key.unauthorised", lambda w: w.revoke(OWNER, OTHER)),
        ("key.unauthorised", lambda w: w.revoke(OTHER, OWNER)),
        ("key.unauthorised", lambda w: w.add(OTHER, Actor("x", ORG))),
        ("key.unauthorised", lambda w: w.add(OTHER, Actor("x", ORG), issuer=ORG)),
        ("key.unauthorised", lambda w: w.add(OTHER, Actor("x", OTHER_ORG), issuer=ORG)),
        ("key.unauthorised", lambda w: w.revoke(OWNER, third)),
        ("key.statement", lambda w: w.revoke(OTHER, OWNER, organisation=OTHER_ORG)),
        ("key.statement", lambda w: w.add(OWNER, third, replaces=OTHER.keyid)),
        ("key.statement", lambda w: w.add(OTHER, Actor("x", OTHER_ORG), replaces=OWNER.keyid)),
        ("key.unknown", lambda w: w.add(THIEF, Actor("x", ORG))),
    ]
    for code, act in cases:
        world = World.begun()
        act(world)
        is_refused(world, code)


def test_a_key_is_added_once() -> None:
    """A key that is or was known cannot be added again, by anyone, in any role."""
    for signer, key in ((RECOVERY, OWNER), (OTHER, Actor("producer", OTHER_ORG))):
        world = World.begun()
        world.add(signer, key)
        is_refused(world, "key.statement")
    world = World.begun()
    world.add(OWNER, SECOND)
    world.revoke(RECOVERY, SECOND)
    world.add(RECOVERY, SECOND)
    is_refused(world, "key.statement")


def test_validity_goes_by_index() -> None:
    """An added key counts from its statement, or from the index it names, until its end."""
    world = World.begun()
    added = world.add(OWNER, SECOND)
    world.add(OWNER, THIRD, from_index=10, until_index=20)
    keyring = replay(world)
    keyring.require(SECOND.keyid, added)
    with invalid("key.too-early"):
        keyring.require(SECOND.keyid, added - 1)
    with invalid("key.too-early"):
        keyring.require(THIRD.keyid, 9)
    assert keyring.require(THIRD.keyid, 10) == keyring.require(THIRD.keyid, 19)
    with invalid("key.ended"):
        keyring.require(THIRD.keyid, 20)


@pytest.mark.parametrize(
    "period", [{"from_index": 2}, {"until_index": 3}, {"from_index": 9, "until_index": 9}], ids=str
)
def test_a_key_cannot_have_been_valid_before(period: dict[str, Any]) -> None:
    """A key that would count before its statement, or never, is refused."""
    world = World.begun()
    world.add(OWNER, SECOND, **period)
    is_refused(world, "key.statement")


def test_roles() -> None:
    """One key, one purpose: a key signs only in the role that it was added for."""
    world = World.begun()
    for role in ("log", "witness", "anchor", "decider"):
        world.add(OWNER, Actor(role), role=role)
    keyring = replay(world)
    for role in ("log", "witness", "anchor", "decider"):
        with invalid("key.role"):
            keyring.require(Actor(role).keyid, 50)
        keyring.require(Actor(role).keyid, 50, (role,))
    with invalid("key.role"):
        keyring.require(RECOVERY.keyid, 50)
    world.add(Actor("decider"), SECOND)
    is_refused(world, "key.role")


def test_rotation() -> None:
    """A key can be replaced by its own word: it ends after the statement, and the new one stands.

    Planted-bug control: with an end at the statement itself, the new key would be void.
    """
    world = World.begun()
    pad(world, 10)
    at = world.add(OWNER, SECOND, replaces=OWNER.keyid)
    keyring = replay(world)
    assert keyring.require(OWNER.keyid, at).end == at + 1
    with invalid("key.ended"):
        keyring.require(OWNER.keyid, at + 1)
    assert keyring.require(SECOND.keyid, at).first == at
    again = world.add(SECOND, THIRD, replaces=SECOND.keyid)
    keyring = replay(world)
    assert keyring.require(THIRD.keyid, again + 5).added_by == SECOND.keyid
    weak = keyring.copy()
    weak._end(OWNER.keyid, ORG, at)
    with invalid("key.void"):
        weak.require(SECOND.keyid, at + 1)


def test_a_planned_rotation() -> None:
    """A rotation for a later index leaves the old key in force until then."""
    world = World.begun()
    world.add(OWNER, SECOND, replaces=OWNER.keyid, from_index=50)
    keyring = replay(world)
    assert keyring.require(OWNER.keyid, 49).end == 50
    keyring.require(SECOND.keyid, 50)
    for keyid, index, code in ((OWNER.keyid, 50, "key.ended"), (SECOND.keyid, 49, "key.too-early")):
        with invalid(code):
            keyring.require(keyid, index)


def test_replacing_needs_a_key_of_that_role() -> None:
    """A key replaces a known key of the same organisation and role."""
    for code, signer, fields in (
        ("key.statement", RECOVERY, {"replaces": "0f" * 32}),
        ("key.statement", RECOVERY, {"replaces": RECOVERY.keyid}),
        ("key.statement", RECOVERY, {"role": "recovery", "replaces": OWNER.keyid}),
        ("key.statement", RECOVERY, {"replaces": OTHER.keyid}),
    ):
        world = World.begun()
        world.add(signer, SECOND, **fields)
        is_refused(world, code)


def test_revocation() -> None:
    """A revoked key counts no more from the next entry on, and earlier entries stay good."""
    world = World.begun()
    world.add(OWNER, SECOND)
    pad(world, 10)
    at = world.revoke(RECOVERY, SECOND)
    keyring = replay(world)
    keyring.require(SECOND.keyid, at)
    with invalid("key.ended"):
        keyring.require(SECOND.keyid, at + 1)
    world.add(SECOND, THIRD)
    is_refused(world, "key.ended")


def test_retroactive_revocation() -> None:
    """A revocation may name an earlier entry: what the key signed from there on never counted."""
    world = World.begun()
    world.add(OWNER, SECOND)
    pad(world, 20)
    world.revoke(RECOVERY, SECOND, from_index=8)
    keyring = replay(world)
    keyring.require(SECOND.keyid, 7)
    with invalid("key.ended"):
        keyring.require(SECOND.keyid, 8)


def test_what_has_ended_does_not_come_back() -> None:
    """A later end than the first one changes nothing; an earlier one does."""
    world = World.begun()
    world.add(OWNER, SECOND)
    world.revoke(RECOVERY, SECOND, from_index=8)
    world.revoke(RECOVERY, SECOND, from_index=30)
    assert replay(world).require(SECOND.keyid, 7).end == 8
    world.revoke(RECOVERY, SECOND, from_index=6)
    assert replay(world).require(SECOND.keyid, 5).end == 6


def test_a_revocation_names_its_key() -> None:
    """Who revokes an unknown key, or a key under another role than its own, is refused."""
    world = World.begun()
    world.revoke(RECOVERY, SECOND)
    is_refused(world, "key.statement")
    world = World.begun()
    world.revoke(RECOVERY, OWNER, role="log")
    is_refused(world, "key.statement")


def test_a_key_may_revoke_itself() -> None:
    """A producer that learns of a theft can end its own key at once."""
    world = World.begun()
    at = world.revoke(OWNER, OWNER)
    assert replay(world).require(OWNER.keyid, at).end == at + 1


def test_signatures_are_checked() -> None:
    """A statement whose signature is by other bytes, or has none or two, is refused."""
    world = World.begun()
    keyring = replay(world)
    index = world.add(OWNER, SECOND)
    good, predicate = statement_at(world, index)
    with invalid("signature.invalid"):
        keyring.apply(index, with_signatures_of(good, world.entries[0]), predicate)
    payload = good.envelope.payload
    for signers in ([], [OWNER, RECOVERY]):
        with invalid("key.unauthorised"):
            keyring.apply(index, with_signatures_of(good, entry_of(payload, *signers)), predicate)
    keyring.apply(index, good, predicate)


def test_entries_are_verified_against_the_ring() -> None:
    """One call finds the key for an entry and checks its signature."""
    world = World.begun()
    keyring = replay(world)
    payload = b"{}"
    signature = OWNER.signature(STATEMENT_PAYLOAD_TYPE, payload)
    found = keyring.verify_entry(9, STATEMENT_PAYLOAD_TYPE, payload, OWNER.keyid, signature.sig)
    assert found.organisation == ORG
    with invalid("signature.invalid"):
        keyring.verify_entry(9, "other/type", payload, OWNER.keyid, signature.sig)
    with invalid("signature.invalid"):
        keyring.verify_entry(9, STATEMENT_PAYLOAD_TYPE, payload, OTHER.keyid, signature.sig)
    with invalid("key.unknown"):
        keyring.verify_entry(9, STATEMENT_PAYLOAD_TYPE, payload, THIEF.keyid, signature.sig)


def test_a_copy_is_independent() -> None:
    """A statement is tried on a copy without changing the original."""
    world = World.begun()
    keyring = replay(world)
    copy = keyring.copy()
    apply(copy, world, world.add(OWNER, SECOND))
    assert len(copy.periods) == len(keyring.periods) + 1
    with invalid("key.unknown"):
        keyring.require(SECOND.keyid, 9)
