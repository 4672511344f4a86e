"""Readers find the policy of a receipt's time, however often it was changed since."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import InputError, NotFound
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import NONE, Policy
from counterfoil.ledger import Layout
from counterfoil.ledger.policy_history import change_policy, policy_at, policy_sizes
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.unit.network.houses import member_of
from tests.witnessing import SigningLog


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Give the files of a new ledger."""
    return Layout(copy_ledger(tmp_path / "ledger"))


def policy_of(number: int) -> Policy:
    """Make some policy."""
    return Policy(member_of(number).logs, (), (), NONE)


def test_each_policy_holds_from_its_size_on(layout: Layout) -> None:
    """The first one from 0, each change from its own size, the last one in policy.txt."""
    first = policies.parse(layout.policy.read_bytes())
    assert (policy_sizes(layout), policy_at(layout, 7)) == ([], first)
    change_policy(layout, 10, policy_of(1))
    change_policy(layout, 200, policy_of(2))
    assert policy_sizes(layout) == [0, 10, 200]
    found = [policy_at(layout, size) for size in (0, 9, 10, 199, 200, 9999)]
    wanted = [first, first, policy_of(1), policy_of(1), policy_of(2), policy_of(2)]
    assert found == wanted
    assert policies.parse(layout.policy.read_bytes()) == policy_of(2)


def test_what_was_given_to_readers_is_not_changed(layout: Layout) -> None:
    """Another policy for the same size is refused; the same one again is no change."""
    change_policy(layout, 10, policy_of(2))
    change_policy(layout, 10, policy_of(1))  # nothing was given out under the one before
    (layout.folder / "checkpoint").write_bytes(SigningLog().note(12))
    change_policy(layout, 10, policy_of(1))
    with raises_code("policy.history", InputError):
        change_policy(layout, 10, policy_of(2))
    (layout.folder / "policy-0.txt").unlink()
    with raises_code("policy.history", NotFound):
        policy_at(layout, 9)
