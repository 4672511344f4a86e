"""Witnesses are added and taken out, and the quorum stays more than half of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import CounterfoilError, InputError, NotFound
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import NONE, Group, Log, Policy, Witness
from counterfoil.proofs.signing import public_of
from counterfoil.proofs.trust import OWN_WITNESS
from counterfoil.witness.quorum import MAJORITY, majority_policy, with_witness, without_witness
from tests.c2sp import LOG
from tests.c2sp import witness as witness_key

LOGS = (Log(public_of(LOG)),)


def witness(number: int) -> Witness:
    """Make a witness of a policy."""
    return Witness(f"w{number}", public_of(witness_key(number)), f"https://w{number}.example")


def test_thresholds() -> None:
    """One of one, two of two, two of three, three of four: always more than half."""
    policy, thresholds = majority_policy(LOGS, []), []
    assert policy == Policy(LOGS, (), (), NONE)
    for number in range(1, 8):
        one = witness(number)
        policy = with_witness(policy, one.name, one.key, one.url)
        assert policy.quorum == MAJORITY
        assert policies.parse(policies.format(policy)) == policy
        thresholds.append(policy.groups[0].threshold)
    assert thresholds == [1, 2, 2, 3, 3, 4, 4]


@given(st.lists(st.integers(1, 9), unique=True, max_size=9), st.data())
def test_back_again(numbers: list[int], data: st.DataObject) -> None:
    """Adding and taking out end where the same witnesses do, in whatever order."""
    policy = majority_policy(LOGS, [witness(number) for number in numbers])
    extra = with_witness(policy, "x", public_of(witness_key(10)))
    assert without_witness(extra, "x") == policy
    for number in data.draw(st.permutations(numbers)):
        policy = without_witness(policy, f"w{number}")
    assert policy == majority_policy(LOGS, [])


def test_only_witness() -> None:
    """A policy whose quorum is its only witness, as a new ledger has, is a majority too."""
    policy = Policy(LOGS, (witness(1),), (), "w1")
    both = with_witness(policy, "w2", public_of(witness_key(2)))
    assert both.groups == (Group(MAJORITY, 2, ("w1", "w2")),)


def test_the_operators_own_does_not_count_beside_others() -> None:
    """A log's own witness is its quorum while it is alone, and no voice beside others."""
    own = Witness(OWN_WITNESS, public_of(witness_key(9)))
    alone = majority_policy(LOGS, [own])
    assert (alone.groups, alone.quorum) == ((), OWN_WITNESS)
    one = with_witness(alone, "w1", public_of(witness_key(1)))
    assert one.groups == (Group(MAJORITY, 1, ("w1",)),)
    assert [item.name for item in one.witnesses] == [OWN_WITNESS, "w1"]
    two = with_witness(one, "w2", public_of(witness_key(2)))
    assert two.groups == (Group(MAJORITY, 2, ("w1", "w2")),)
    assert without_witness(without_witness(two, "w2"), "w1") == alone
    assert without_witness(two, OWN_WITNESS).groups == two.groups


@pytest.mark.parametrize(
    "policy",
    [
        Policy(LOGS, (witness(1),), (), NONE),
        Policy(LOGS, (witness(1), witness(2)), (), "w1"),
        Policy(LOGS, (witness(1), witness(2)), (Group("g", 1, ("w1", "w2")),), "g"),
        Policy(LOGS, (witness(1), witness(2)), (Group("g", 1, ("w1",)),), "g"),
        Policy(LOGS, (witness(1), witness(2)), (Group("g", 2, ("w1", "w2")),), "w1"),
    ],
)
def test_quorums_of_others(policy: Policy) -> None:
    """A quorum that was written otherwise is left alone."""
    with pytest.raises(InputError) as caught:
        with_witness(policy, "w9", public_of(witness_key(9)))
    assert caught.value.code == "witness.quorum"
    with pytest.raises(InputError) as caught:
        without_witness(policy, "w1")
    assert caught.value.code == "witness.quorum"


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [("w1", 9, "policy.duplicate-name"), ("majority", 9, "policy.duplicate-name"),
     ("none", 9, "policy.duplicate-name"), ("x", 1, "policy.duplicate-key"),
     ("a b", 9, "policy.token")],
)  # fmt: skip
def test_taken_names_and_keys(name: str, number: int, code: str) -> None:
    """A name or key that is taken is refused, and the policy stays as it was."""
    policy = majority_policy(LOGS, [witness(1)])
    with pytest.raises(CounterfoilError) as caught:
        with_witness(policy, name, public_of(witness_key(number)))
    assert caught.value.code == code


def test_unknown_name() -> None:
    """Taking out who is not there is NotFound, and names who is."""
    with pytest.raises(NotFound, match="w1"):
        without_witness(majority_policy(LOGS, [witness(1)]), "w2")
    with pytest.raises(NotFound, match="none"):
        without_witness(majority_policy(LOGS, []), "w2")
