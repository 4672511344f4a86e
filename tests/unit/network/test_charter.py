"""A charter has one spelling, names only keys that agreed, and its quorums share the honest."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from counterfoil.errors import NotFound, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats import predicates
from counterfoil.formats.predicates import Party
from counterfoil.network.cards import party_fields
from counterfoil.network.charter import (
    Charter,
    independent_quorum,
    is_charter,
    parse_charter,
    read_charter,
)
from tests.log_rig import raises_code
from tests.unit.network.houses import card_of, member_of, name_of, origin_of


def statement(charter: Charter, **changes: Any) -> predicates.Policy:
    """Make the policy statement of a charter."""
    fields = {**charter.fields(), **changes}
    return predicates.Policy(issuer=name_of(0), source="s", number=0, **fields)


def parties(*numbers: int) -> dict[str, Party]:
    """Make the parties of organisations."""
    return {
        name_of(n): Party(issuer=name_of(n), source="s", number=0, **party_fields(card_of(n)))  # type: ignore[arg-type]  # its fields
        for n in numbers
    }


THREE = Charter.founding(member_of(number) for number in (2, 0, 1))


def test_a_charter_reads_back() -> None:
    """Text and members give the same charter; each change follows the one before by digest."""
    assert THREE.organisations == tuple(name_of(n) for n in range(3))
    assert read_charter(statement(THREE), parties(0, 1, 2)) == THREE
    following = THREE.with_member(member_of(3))
    assert following.follows == THREE.digest
    assert read_charter(statement(following), parties(0, 1, 2, 3)) == following
    assert following.without(name_of(3)).organisations == THREE.organisations
    assert len({THREE.digest, following.digest, following.without(name_of(3)).digest}) == 3
    assert is_charter(statement(THREE))
    assert not is_charter(statement(THREE, members=(name_of(0),)))


def test_a_member_is_found_by_name_and_by_log() -> None:
    """A stranger is named in the error, and no log has two owners."""
    assert THREE.member(name_of(1)) == member_of(1)
    assert THREE.owner_of(origin_of(1)) == member_of(1)
    assert THREE.owner_of("nobody.example/1") is None
    with raises_code("network.member", NotFound):
        THREE.member(name_of(9))


def test_a_key_that_did_not_sign_is_no_members() -> None:
    """A missing party, an old card's, or another organisation's refuses the charter."""
    rotated = THREE.with_member(member_of(1, witness=1))
    swapped = parties(0, 1, 2) | {name_of(1): parties(2)[name_of(2)]}
    for charter, known in (
        (THREE, parties(0, 1)),
        (rotated, parties(0, 1, 2)),
        (THREE, swapped),
    ):
        with raises_code("network.charter", VerificationError):
            read_charter(statement(charter), known)


@pytest.mark.parametrize(
    "change",
    [
        {"policy": THREE.text.replace("group members 2", "group members 1")},
        {"policy": "# a comment\n" + THREE.text},
        {"members": THREE.organisations[:2]},
        {"members": THREE.organisations[::-1]},
    ],
)
def test_a_charter_has_one_spelling(change: dict[str, Any]) -> None:
    """Other members than the text's, another order, rule or comment is no charter."""
    with raises_code("network.charter", VerificationError):
        parse_charter(statement(THREE, **change))


def test_a_members_policy_asks_its_own_witness_and_others() -> None:
    """A log's own witness must cosign and is named `self`; enough of the others must, too."""
    policy = THREE.policy_of(name_of(1))
    assert [w.name for w in policy.witnesses] == ["self", name_of(0), name_of(2)]
    assert [log.key.name for log in policy.logs] == [origin_of(1)]
    assert [(g.name, g.threshold) for g in policy.groups] == [("independent", 2), ("quorum", 2)]
    assert policies.parse(policies.format(policy)) == policy
    alone = Charter.founding([member_of(0)]).policy_of(name_of(0))
    assert (alone.quorum, alone.groups) == ("self", ())


@pytest.mark.parametrize("others", range(1, 12))
def test_two_quorums_share_an_honest_witness(others: int) -> None:
    """While fewer than half of all lie, the log's own among them; more than half of the others."""
    needed = independent_quorum(others)
    liars = others // 2 - 1  # beside the log's own: fewer than half of others + 1
    assert others / 2 < needed <= others
    assert 2 * needed - others > max(liars, 0)
    for smaller in range(1, needed):  # and no smaller number does
        assert smaller <= others / 2 or 2 * smaller - others <= max(liars, 0)


@pytest.mark.parametrize("others", range(1, 12))
def test_a_change_of_one_member_keeps_quorums_together(others: int) -> None:
    """Quorums before and after one witness more share an honest one, if both have few liars."""
    liars = max(others // 2 - 1, 0)
    assert independent_quorum(others) + independent_quorum(others + 1) - (others + 1) > liars


def test_two_quorums_of_four_meet_in_two() -> None:
    """Counted out for five organisations: any two quorums share two of the four others."""
    quorums = [set(chosen) for chosen in combinations(range(4), independent_quorum(4))]
    assert min(len(one & other) for one in quorums for other in quorums) == 2
