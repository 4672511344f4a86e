"""Orders, deliveries and returns in any order: no way is found to lose, lock or overspend money."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.contracts.reorder_machine import DeskMachine
from tests.contracts.rig import planted
from tests.contracts.shop import Shop
from tests.contracts.stories import few, search_for_bug

STEPS = 40


def test_any_order() -> None:
    """Every story is as its models, each token in balance, and at its end all money comes out."""
    run_state_machine_as_test(DeskMachine.prepared(Shop()), settings=few(8, STEPS))


@pytest.mark.campaign
def test_any_order_for_long() -> None:
    """The same, for 5,000 stories."""
    run_state_machine_as_test(DeskMachine.prepared(Shop()), settings=few(5_000, STEPS))


DESK, AGREEMENTS = "reorder_desk.vy", "agreements.vy"

BUGS: dict[str, tuple[str, str, str]] = {
    "two orders for a decision": (
        DESK,
        '    assert self.order_of[verdict.decision] == empty(bytes32), "ordered"\n',
        "",
    ),
    "any outcome will do": (
        DESK,
        '    assert verdict.outcome == agreed.outcome, "outcome"\n',
        "",
    ),
    "a fee is not noticed": (DESK, '    assert arrived == told.amount, "token"\n', ""),
    "a toll is not noticed": (
        DESK,
        '    assert self._balance(told.token) + told.amount >= before, "token"\n',
        "",
    ),
    "calling back": (DESK, "# pragma nonreentrancy on\n", ""),
    "anybody withdraws": (
        DESK,
        '    assert msg.sender == FUNDER, "not the funder"\n    assert to != empty',
        "    assert to != empty",
    ),
    "anybody takes what came back": (
        DESK,
        '    assert msg.sender == FUNDER, "not the funder"\n    extcall ESCROW.withdraw_to',
        "    extcall ESCROW.withdraw_to",
    ),
    "anybody appeals": (
        DESK,
        '    assert msg.sender == FUNDER, "not the funder"\n    extcall ESCROW.appeal',
        "    extcall ESCROW.appeal",
    ),
    "anybody agrees": (
        DESK,
        '    assert msg.sender == staticcall REGISTRY.owner(), "not the owner"\n',
        "    pass\n",
    ),
    "the verdict names no order": (
        DESK,
        "    return keccak256(abi_encode(PLACE, chain.id, self, order))\n",
        "    return keccak256(abi_encode(PLACE, chain.id, self, order.item))\n",
    ),
    "the grace is forgotten": (
        DESK,
        "        deadline=order.deadline + convert(agreed.grace, uint64),\n",
        "        deadline=order.deadline,\n",
    ),
    "the arbiter is forgotten": (
        DESK,
        "        arbiter=agreed.arbiter,\n        window=convert(agreed.window, uint64),\n",
        "        arbiter=empty(address),\n        window=0,\n",
    ),
    "the funder pays itself": (
        AGREEMENTS,
        "[empty(address), self, escrow, funder]",
        "[empty(address), self, escrow]",
    ),
    "units are not added up": (
        AGREEMENTS,
        "        quantity += (word >> 128) & WORD64\n",
        "        quantity += 0\n",
    ),
    "money is not added up": (
        AGREEMENTS,
        "        money += word & WORD128\n",
        "        money += 0\n",
    ),
    "a period never ends": (
        AGREEMENTS,
        "    if word >> 192 == period:\n",
        "    if word != 0:\n",
    ),
    "an end resets what was ordered": (
        AGREEMENTS,
        "    self._agreements[id] = [word & (WORD32 << 64), 0, 0, 0, 0]\n",
        "    self._agreements[id] = [0, 0, 0, 0, 0]\n",
    ),
    "a change resets what was ordered": (
        AGREEMENTS,
        "    if before != convert(told.period, uint256):\n        self._ordered[id] = 0\n",
        "    self._ordered[id] = 0\n",
    ),
    "all suppliers are one": (
        AGREEMENTS,
        "    return keccak256(concat(item, supplier))\n",
        "    return keccak256(concat(item, item))\n",
    ),
    "any price": (AGREEMENTS, " and order.unit_price <= told.unit_price", ""),
    "any quantity": (AGREEMENTS, " and order.quantity <= told.quantity", ""),
    "any deadline": (
        AGREEMENTS,
        '    assert deadline <= block.timestamp + convert(told.term, uint256), "deadline"\n',
        "",
    ),
    "a unit beyond the period's": (
        AGREEMENTS,
        "    assert quantity <= convert(told.period_quantity, uint256)",
        "    assert quantity <= convert(told.period_quantity, uint256) + 1",
    ),
    "the lead is not kept": (
        AGREEMENTS,
        '    assert deadline >= block.timestamp + convert(told.lead, uint256), "deadline"\n',
        "",
    ),
}

QUICK = {"money is not added up"}
"""Bugs that a few stories show; others take up to some hundred, and are for a campaign."""


@pytest.mark.parametrize(
    "bug",
    [pytest.param(bug, marks=[] if bug in QUICK else [pytest.mark.campaign]) for bug in BUGS],
)
def test_planted_bugs_are_found(bug: str, tmp_path: Path) -> None:
    """Control: with one line changed, some order of calls shows it."""
    sources = planted(tmp_path / "planted", *BUGS[bug]).parent
    search_for_bug(DeskMachine.prepared(Shop(sources)), 2_000, STEPS)
