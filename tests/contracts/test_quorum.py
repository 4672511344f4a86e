"""Organisations and quorums: one voice each, of others, active; and no silent change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from tests.contracts.rig import Contract, Reverted, World, planted, refused
from tests.contracts.signing import Domain, key
from tests.contracts.test_authority import KEY, LOG_KEY, ORIGIN, OWNER, STRANGER, extension
from tests.contracts.trees import root

WEEK = 7 * 24 * 60 * 60
ORGANISATIONS = sorted(
    (key(f"organisation {n}") for n in range(5)), key=lambda account: int(account.address, 16)
)
WITNESSES = [key(f"witness {n}") for n in range(5)]
MEMBERS = [account.address for account in ORGANISATIONS]


def enrol(anchor: Contract, organisation: LocalAccount, witness: LocalAccount) -> None:
    """Enrol an organisation, or rotate its key."""
    domain = Domain(anchor.world.chain_id, anchor.address)
    signature = domain.sign(witness, "Enrolment", organisation.address)
    anchor("enrol", witness.address, signature, sender=organisation.address)


def found(anchor: Contract) -> bytes:
    """Register a log, anchor 5 leaves, enrol all five, and name the first three: two of them."""
    log_id: bytes = anchor("register", ORIGIN, LOG_KEY, KEY.address, sender=OWNER.address)
    anchor("anchor", log_id, *extension(0, 5), sender=KEY.address)
    for organisation, witness in zip(ORGANISATIONS, WITNESSES, strict=True):
        enrol(anchor, organisation, witness)
    anchor("set_quorum", log_id, MEMBERS[:3], 2, sender=OWNER.address)
    return log_id


@pytest.fixture
def log_id(anchor: Contract) -> bytes:
    """Give a log at 5 leaves that needs two of three organisations; two more are enrolled."""
    return found(anchor)


def cosigned(
    anchor: Contract, log_id: bytes, witnesses: Sequence[LocalAccount], new: int = 8
) -> list[bytes]:
    """Have witnesses cosign the log's tree."""
    domain = Domain(anchor.world.chain_id, anchor.address)
    return [domain.sign(each, "Cosignature", log_id, new, root(new)) for each in witnesses]


def attempt(
    anchor: Contract,
    log_id: bytes,
    cosignatures: Sequence[bytes],
    sender: LocalAccount = KEY,
    signature: bytes = b"",
    new: int = 8,
) -> str:
    """Anchor from 5 leaves on, undoing it: why it was refused, or `anchored`."""
    with anchor.world.undone():
        try:
            arguments = (*extension(5, new), 2**256 - 1, signature, cosignatures)
            anchor("anchor_with_quorum", log_id, *arguments, sender=sender.address)
        except Reverted as refusal:
            return refusal.reason
        return "anchored"


def test_enough_voices(anchor: Contract, log_id: bytes) -> None:
    """Two of the three, in any order, or all three are enough; one or none is not."""
    for chosen in ([0, 1], [2, 0], [2, 1, 0]):
        voices = cosigned(anchor, log_id, [WITNESSES[n] for n in chosen])
        assert attempt(anchor, log_id, voices) == "anchored"
    assert attempt(anchor, log_id, cosigned(anchor, log_id, WITNESSES[:1])) == "quorum"
    assert attempt(anchor, log_id, []) == "quorum"


def test_voices_alone_are_no_authority(anchor: Contract, log_id: bytes) -> None:
    """Cosignatures do not replace the anchor key, sent or signed; and a relay needs both."""
    voices = cosigned(anchor, log_id, WITNESSES[:2])
    assert attempt(anchor, log_id, voices, sender=STRANGER) == "not the anchor key"
    domain = Domain(anchor.world.chain_id, anchor.address)
    signed = (log_id, 5, 8, root(8), 2**256 - 1)
    own = domain.sign(KEY, "Anchor", *signed)
    theirs = domain.sign(STRANGER, "Anchor", *signed)
    assert attempt(anchor, log_id, voices, STRANGER, theirs) == "not the anchor key"
    assert attempt(anchor, log_id, voices, STRANGER, own) == "anchored"
    assert attempt(anchor, log_id, voices[:1], STRANGER, own) == "quorum"


def test_no_way_around_the_quorum(anchor: Contract, log_id: bytes) -> None:
    """With a quorum set, neither the anchor key nor its signature anchors without it."""
    with refused("quorum"):
        anchor("anchor", log_id, *extension(5, 8), sender=KEY.address)
    domain = Domain(anchor.world.chain_id, anchor.address)
    signature = domain.sign(KEY, "Anchor", log_id, 5, 8, root(8), 2**256 - 1)
    with refused("quorum"):
        anchor("anchor_by_signature", log_id, *extension(5, 8), 2**256 - 1, signature)


def test_the_quorum_does_not_replace_the_proof(anchor: Contract, log_id: bytes) -> None:
    """What all organisations cosign must still extend what was anchored."""
    domain = Domain(anchor.world.chain_id, anchor.address)
    voices = [domain.sign(w, "Cosignature", log_id, 8, root(9)) for w in WITNESSES[:3]]
    forged = (5, 8, root(9), extension(5, 8)[3], 0, b"", voices)
    with refused("new root"):
        anchor("anchor_with_quorum", log_id, *forged, sender=KEY.address)


def test_one_voice_each(anchor: Contract, log_id: bytes) -> None:
    """The same cosignature twice, or an older key of the same organisation, is no second voice."""
    first = cosigned(anchor, log_id, WITNESSES[:1])
    assert attempt(anchor, log_id, first * 2) == "second voice"
    enrol(anchor, ORGANISATIONS[0], key("new witness"))
    both = first + cosigned(anchor, log_id, [key("new witness")])
    assert attempt(anchor, log_id, both) == "inactive"


def test_only_members_count(anchor: Contract, log_id: bytes) -> None:
    """An enrolled organisation that the log does not name has no voice, nor has a stranger."""
    one = cosigned(anchor, log_id, WITNESSES[:1])
    other = cosigned(anchor, log_id, WITNESSES[3:4])
    assert attempt(anchor, log_id, one + other) == "not a member"
    assert attempt(anchor, log_id, one + cosigned(anchor, log_id, [STRANGER])) == "inactive"


def test_only_what_was_cosigned_counts(anchor: Contract, log_id: bytes) -> None:
    """A cosignature for another size, root or log is a stranger's."""
    one = cosigned(anchor, log_id, WITNESSES[:1])
    other = cosigned(anchor, log_id, WITNESSES[1:2], new=9)
    assert attempt(anchor, log_id, one + other) == "inactive"
    elsewhere = cosigned(anchor, bytes(32), WITNESSES[1:2])
    assert attempt(anchor, log_id, one + elsewhere) == "inactive"


def test_rotation_and_leaving(anchor: Contract, log_id: bytes) -> None:
    """A given up key is silent at once; its successor speaks; who left does not."""
    enrol(anchor, ORGANISATIONS[0], key("new witness"))
    assert anchor("witness_key_of", MEMBERS[0]) == key("new witness").address
    assert int(anchor("organisation_of", WITNESSES[0].address), 16) == 0
    assert anchor("organisation_of", key("new witness").address) == MEMBERS[0]
    old, second = cosigned(anchor, log_id, WITNESSES[:2])
    new = cosigned(anchor, log_id, [key("new witness")])
    assert attempt(anchor, log_id, [old, second]) == "inactive"
    assert attempt(anchor, log_id, [*new, second]) == "anchored"
    anchor("leave", sender=MEMBERS[1])
    assert anchor.logs == [("Left", {"organisation": MEMBERS[1]})]
    assert attempt(anchor, log_id, [*new, second]) == "inactive"
    with refused("inactive"):
        anchor("leave", sender=MEMBERS[1])
    enrol(anchor, ORGANISATIONS[1], key("newer witness"))
    newer = cosigned(anchor, log_id, [key("newer witness")])
    assert attempt(anchor, log_id, [*new, *newer]) == "anchored"


def test_a_key_serves_one_organisation_once(anchor: Contract, log_id: bytes) -> None:
    """No key is claimed without its signature, shared, or taken up again."""
    domain = Domain(anchor.world.chain_id, anchor.address)
    theirs = domain.sign(key("fresh"), "Enrolment", MEMBERS[0])
    with refused("signature"):
        anchor("enrol", key("fresh").address, theirs, sender=MEMBERS[1])
    with refused("key taken"):
        enrol(anchor, ORGANISATIONS[1], WITNESSES[0])
    enrol(anchor, ORGANISATIONS[0], key("fresh"))
    for account in ORGANISATIONS[:2]:
        with refused("key taken"):
            enrol(anchor, account, WITNESSES[0])


def test_the_log_is_no_witness_of_itself(anchor: Contract, log_id: bytes) -> None:
    """Owner and anchor key have no voice, by whatever name: account, key, or after a rotation."""
    one = cosigned(anchor, log_id, WITNESSES[:1])
    for account, own in ((OWNER, "own organisation"), (KEY, "own organisation")):
        enrol(anchor, account, key(f"{own} {account.address}"))
        with refused(own):
            anchor("set_quorum", log_id, [account.address], 1, sender=OWNER.address)
    enrol(anchor, ORGANISATIONS[1], KEY)
    assert attempt(anchor, log_id, one + cosigned(anchor, log_id, [KEY])) == "own key"
    enrol(anchor, ORGANISATIONS[1], OWNER)
    assert attempt(anchor, log_id, one + cosigned(anchor, log_id, [OWNER])) == "own key"
    anchor("rotate_anchor_key", log_id, MEMBERS[2], sender=OWNER.address)
    voices = cosigned(anchor, log_id, [WITNESSES[0], WITNESSES[2]])
    assert attempt(anchor, log_id, voices, sender=ORGANISATIONS[2]) == "own key"


WRONG: dict[str, tuple[Sequence[str], int, str]] = {
    "more voices than members": (MEMBERS[:2], 3, "threshold"),
    "members without a threshold": (MEMBERS[:2], 0, "threshold"),
    "one twice": ([MEMBERS[0], MEMBERS[0]], 1, "order"),
    "out of order": (MEMBERS[1::-1], 1, "order"),
    "nobody": (["0x" + "00" * 20], 1, "order"),
    "not enrolled": (sorted([STRANGER.address]), 1, "inactive"),
    "too many": ([f"0x{n:040x}" for n in range(1, 18)], 1, ""),
}


@pytest.mark.parametrize("case", WRONG)
def test_quorums_that_make_no_sense(anchor: Contract, log_id: bytes, case: str) -> None:
    """A quorum that cannot be met, or that says one thing twice, is refused."""
    members, threshold, why = WRONG[case]
    with pytest.raises(Reverted) as caught:
        anchor("set_quorum", log_id, members, threshold, sender=OWNER.address)
    assert caught.value.reason == why
    with refused("not the owner"):
        anchor("set_quorum", log_id, MEMBERS[:1], 1, sender=KEY.address)


def test_the_first_quorum_counts_at_once(anchor: Contract) -> None:
    """The first quorum is in force when it is set, and says so; to need none needs no setting."""
    log_id = found(anchor)
    fields = {"log_id": log_id, "organisations": tuple(MEMBERS[:3]), "threshold": 2}
    assert anchor.logs == [("QuorumChanged", fields)]
    assert anchor("quorum_of", log_id) == (tuple(MEMBERS[:3]), 2, anchor.world.now)
    assert anchor("proposed_quorum_of", log_id) == ((), 0, 0)
    bare = anchor("register", ORIGIN, ORIGIN, KEY.address, sender=OWNER.address)
    with refused("threshold"):
        anchor("set_quorum", bare, [], 0, sender=OWNER.address)
    assert attempt(anchor, bare, []) == "no quorum"


def propose(anchor: Contract, log_id: bytes, members: Sequence[str], threshold: int) -> None:
    anchor("set_quorum", log_id, members, threshold, sender=OWNER.address)


def application(anchor: Contract, log_id: bytes) -> str:
    """Try to put a proposal in force, undoing it: why not, or `applied`."""
    with anchor.world.undone():
        try:
            anchor("apply_quorum", log_id, sender=STRANGER.address)
        except Reverted as refusal:
            return refusal.reason
        return "applied"


@pytest.mark.parametrize("change", [(MEMBERS[:3], 1), ([], 0), (MEMBERS[3:], 2)])
def test_no_silent_change(anchor: Contract, log_id: bytes, change: Any) -> None:
    """A weaker, other or no quorum is announced, counts after a week, and not after two."""
    propose(anchor, log_id, *change)
    due = anchor.world.now + WEEK
    fields = {
        "log_id": log_id,
        "organisations": tuple(change[0]),
        "threshold": change[1],
        "not_before": due,
    }
    assert anchor.logs == [("QuorumProposed", fields)]
    assert anchor("quorum_of", log_id)[:2] == (tuple(MEMBERS[:3]), 2)
    assert anchor("proposed_quorum_of", log_id) == (tuple(change[0]), change[1], due)
    assert attempt(anchor, log_id, cosigned(anchor, log_id, WITNESSES[:1])) == "quorum"
    anchor.world.wait(WEEK - 1)
    assert application(anchor, log_id) == "too early"
    anchor.world.wait(1)
    assert application(anchor, log_id) == "applied"
    anchor.world.wait(WEEK - 1)
    assert application(anchor, log_id) == "applied"
    anchor.world.wait(1)
    assert application(anchor, log_id) == "expired"


def test_a_change_in_force(anchor: Contract, log_id: bytes) -> None:
    """Once applied, the new quorum counts, the old one does not, and it is applied once."""
    propose(anchor, log_id, MEMBERS[3:], 2)
    anchor.world.wait(WEEK)
    anchor("apply_quorum", log_id, sender=STRANGER.address)
    assert application(anchor, log_id) == "no proposal"
    assert attempt(anchor, log_id, cosigned(anchor, log_id, WITNESSES[:2])) == "not a member"
    assert attempt(anchor, log_id, cosigned(anchor, log_id, WITNESSES[3:])) == "anchored"
    propose(anchor, log_id, [], 0)
    anchor.world.wait(WEEK)
    anchor("apply_quorum", log_id, sender=STRANGER.address)
    assert attempt(anchor, log_id, cosigned(anchor, log_id, WITNESSES[3:])) == "no quorum"
    anchor("anchor", log_id, *extension(5, 8), sender=KEY.address)
    propose(anchor, log_id, MEMBERS[:3], 2)
    assert anchor("quorum_of", log_id)[:2] == (tuple(MEMBERS[:3]), 2)


def test_a_new_proposal_waits_anew(anchor: Contract, log_id: bytes) -> None:
    """What is proposed last replaces what was proposed before, with all of its delay."""
    propose(anchor, log_id, MEMBERS[:3], 3)
    anchor.world.wait(WEEK)
    propose(anchor, log_id, [], 0)
    assert application(anchor, log_id) == "too early"


def test_a_quorum_of_sixteen(anchor: Contract) -> None:
    """Sixteen organisations is the most; all sixteen may have to speak."""
    log_id = anchor("register", ORIGIN, LOG_KEY, KEY.address, sender=OWNER.address)
    anchor("anchor", log_id, *extension(0, 5), sender=KEY.address)
    crowd = [(key(f"crowd {n}"), key(f"crowd witness {n}")) for n in range(16)]
    for organisation, witness in crowd:
        enrol(anchor, organisation, witness)
    members = sorted((o.address for o, _ in crowd), key=lambda address: int(address, 16))
    anchor("set_quorum", log_id, members, 16, sender=OWNER.address)
    voices = cosigned(anchor, log_id, [witness for _, witness in crowd])
    assert attempt(anchor, log_id, voices) == "anchored"
    assert attempt(anchor, log_id, voices[:15]) == "quorum"


BUGS: dict[str, tuple[str, str, str]] = {
    "two voices": ("quorums.vy", '        assert voices & voice == 0, "second voice"\n', ""),
    "anybody is a member": (
        "quorums.vy",
        '        assert voice >> len(quorum.members) == 0, "not a member"\n',
        "",
    ),
    "a former key speaks": (
        "organisations.vy",
        "    if self.witness_key_of[organisation] != witness_key:\n        return empty(address)\n",
        "",
    ),
    "own witness key": (
        "quorums.vy",
        '        assert signer != anchor_key and signer != owner, "own key"\n',
        "",
    ),
    "own organisation": (
        "quorums.vy",
        '        assert organisation != anchor_key and organisation != owner, "own key"\n',
        "",
    ),
    "changed at once": ("quorums.vy", "    if not changes:\n", "    if True:\n"),
    "kept in store": (
        "quorums.vy",
        '    assert block.timestamp < proposal.time + QUORUM_GRACE, "expired"\n',
        "",
    ),
    "a way around": (
        "anchor.vy",
        '"not the anchor key"\n    assert word & words.QUORUM == 0, "quorum"\n',
        '"not the anchor key"\n',
    ),
}


FEW = ("two voices", "changed at once", "a way around")
"""Bugs that are planted every time; the others are for a campaign."""


@pytest.mark.parametrize(
    "bug", [one if one in FEW else pytest.param(one, marks=pytest.mark.campaign) for one in BUGS]
)
def test_planted_bugs_are_found(bug: str, tmp_path: Path) -> None:
    """Control: with one check removed, one of the tests above fails."""
    anchor = World().deploy_source(planted(tmp_path / "planted", *BUGS[bug]))
    log_id = found(anchor)
    tests = [
        test_one_voice_each,
        test_only_members_count,
        test_rotation_and_leaving,
        test_the_log_is_no_witness_of_itself,
        test_no_way_around_the_quorum,
    ]
    failed = 0
    for test in tests:
        with anchor.world.undone():
            failed += fails(test, anchor, log_id)
    with anchor.world.undone():
        failed += fails(test_no_silent_change, anchor, log_id, ([], 0))
    assert failed


def fails(test: Any, *arguments: Any) -> bool:
    """Run a test: whether it fails."""
    try:
        test(*arguments)
    except (AssertionError, pytest.fail.Exception, Reverted):
        return True
    return False
