"""Calls in any order, right and wrong: the anchor does what its model does, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.contracts.anchor_machine import AnchorMachine
from tests.contracts.rig import Contract, World, planted


def machine(contract: Contract) -> type[AnchorMachine]:
    """Make the machine for one contract."""
    return type("Machine", (AnchorMachine,), {"anchor": contract})


def few(examples: int) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=40, suppress_health_check=list(HealthCheck)
    )


def test_any_order(anchor: Contract) -> None:
    """Sizes only grow, anchored roots stay, and only who may, does: in whatever order."""
    run_state_machine_as_test(machine(anchor), settings=few(12))


@pytest.mark.campaign
def test_any_order_for_long(anchor: Contract) -> None:
    """The same, for 2,000 stories."""
    run_state_machine_as_test(machine(anchor), settings=few(2000))


BUGS: dict[str, tuple[str, str, str]] = {
    "stale relays": ("anchor.vy", '    assert old_size == size, "stale"\n', ""),
    "anybody rotates": (
        "anchor.vy",
        '    assert msg.sender == self.owner_of[log_id], "not the owner"\n',
        "",
    ),
    "no deadline": ("authority.vy", '    assert block.timestamp <= deadline, "deadline"\n', ""),
    "a key again": (
        "organisations.vy",
        '    assert self._served[witness_key] == empty(address), "key taken"\n',
        "",
    ),
    "the flag is lost": ("words.vy", "~(2**95 - 1)", "~(2**96 - 1)"),
    "too few": ("quorums.vy", '    assert len(cosignatures) >= quorum.threshold, "quorum"\n', ""),
}


SLOW = {"a key again", "no deadline", "stale relays", "the flag is lost", "too few"}
"""Bugs that take a long story to show."""


@pytest.mark.parametrize(
    "bug",
    [pytest.param(bug, marks=[pytest.mark.campaign] if bug in SLOW else []) for bug in BUGS],
)
def test_planted_bugs_are_found(bug: str, tmp_path: Path) -> None:
    """Control: with one check removed, some order of calls shows it."""
    broken = World().deploy_source(planted(tmp_path / "planted", *BUGS[bug]))
    search = settings(few(150), phases=[Phase.generate], derandomize=True, database=None)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine(broken), settings=search)
