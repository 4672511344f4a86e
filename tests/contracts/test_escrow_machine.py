"""Calls in any order, right and wrong: no way is found to lose, lock or duplicate money."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.contracts.bank import Bank
from tests.contracts.escrow_machine import EscrowMachine
from tests.contracts.rig import planted
from tests.contracts.stories import few, search_for_bug


def test_any_order(bank: Bank) -> None:
    """Every story is as its model, each token in balance, and at its end all money comes out."""
    run_state_machine_as_test(EscrowMachine.prepared(bank), settings=few(15))


@pytest.mark.campaign
def test_any_order_for_long(bank: Bank) -> None:
    """The same, for 10,000 stories."""
    run_state_machine_as_test(EscrowMachine.prepared(bank), settings=few(10_000))


BUGS: dict[str, tuple[str, str, str]] = {
    "a part moves, and stays": (
        "payments.vy",
        "    self._standings[payment_id] = unsafe_sub(word, amount)\n",
        "    self._standings[payment_id] = word\n",
    ),
    "a withdrawal leaves the credit": (
        "credits.vy",
        "        self._credits[token][account] = 0\n",
        "        pass\n",
    ),
    "a fee is not noticed": (
        "credits.vy",
        '    ), "token"\n    return self._arrived(token, before)\n',
        '    ), "token"\n    return amount\n',
    ),
    "calling back": ("credits.vy", "# pragma nonreentrancy on\n", ""),
    "a toll from others' money": (
        "credits.vy",
        '    assert self._balance(token) + amount >= before, "token"\n',
        "",
    ),
    "a held payment falls due": ("payments.vy", "        and word & HELD == 0\n", ""),
    "the refund goes to the payee": (
        "payments.vy",
        "        self._move(told, payment_id, left, False, credits.BY_CLOCK)\n",
        "        self._move(told, payment_id, left, True, credits.BY_CLOCK)\n",
    ),
    "a chunk twice": (
        "batches.vy",
        "    self._applied[batch_id][index // 256] |= 1 << convert(index % 256, uint256)\n",
        "",
    ),
    "what nobody claims is lost": (
        "batches.vy",
        "    credits._credit(told.token, told.payer, left, payment_id, credits.BY_CLOCK)\n",
        "",
    ),
    "a batch closes twice": (
        "batches.vy",
        "    self.batch_left[batch_id] = 0\n",
        "",
    ),
    "an appeal without end": (
        "payments.vy",
        '    assert waits & APPEALED == 0, "appealed"\n',
        "",
    ),
    "a ruling after the window": (
        "payments.vy",
        '    assert msg.sender == told.arbiter, "not the arbiter"\n'
        '    assert block.timestamp < (waits >> UNTIL_AT) & UNTIL_MASK, "too late"\n',
        '    assert msg.sender == told.arbiter, "not the arbiter"\n',
    ),
    "dormant funds are kept": (
        "payments.vy",
        "    left: uint256 = word & AMOUNT_MASK\n    if self._is_due(told, word):\n",
        "    left: uint256 = word & AMOUNT_MASK\n"
        '    assert block.timestamp < convert(told.deadline, uint256) + 86400, "dormant"\n'
        "    if self._is_due(told, word):\n",
    ),
    "a decision after the deadline": (
        "payments.vy",
        '    assert block.timestamp < convert(told.deadline, uint256), "too late"\n',
        "",
    ),
}

QUICK = {"dormant funds are kept"}
"""Bugs that a few stories show; others take up to a thousand of them, and are for a campaign."""


@pytest.mark.parametrize(
    "bug",
    [pytest.param(bug, marks=[] if bug in QUICK else [pytest.mark.campaign]) for bug in BUGS],
)
def test_planted_bugs_are_found(bug: str, tmp_path: Path) -> None:
    """Control: with one line changed, some order of calls shows it."""
    sources = planted(tmp_path / "planted", *BUGS[bug]).parent
    search_for_bug(EscrowMachine.prepared(Bank(sources)), 2_000)
