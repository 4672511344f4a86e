"""When anchors were made: beside what blocks cost, and how long what they cover had waited."""

from __future__ import annotations

from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import Refused
from counterfoil.ops import anchors
from counterfoil.ops.anchor_times import AnchorTimes, anchor_times
from tests.ledgers import copy_ledger, set_setting


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> AnchorTimes:
    """Anchor a ledger twice on its own chain, and ask it."""
    folder = copy_ledger(tmp_path_factory.mktemp("times") / "ledger")
    set_setting(folder, "anchor_chains", '["embedded"]')
    for number in range(2):
        with counterfoil.open(folder) as ledger:
            ledger.record({"n": number})
            ledger.publish()
        list(anchors.now(ledger=folder))
    return anchor_times(ledger=folder)


def test_each_anchor_has_its_time_and_price(timed: AnchorTimes) -> None:
    """Its block's base fee, and when the checkpoint was signed that it anchors."""
    assert (timed.chain, len(timed.anchors)) == ("embedded", 2)
    for one in timed.anchors:
        assert one.fee_wei is not None
        assert one.fee_wei > 0
        assert one.due_s is not None
        assert one.due_s <= one.time_s + 1
        assert (one.time_s, one.fee_wei) in timed.fees
    assert timed.anchors[0].size < timed.anchors[1].size


def test_fees_are_in_the_order_of_time(timed: AnchorTimes) -> None:
    """A fee a block, oldest first, none twice: the last one is the newest block's."""
    times = [at_s for at_s, _ in timed.fees]
    assert times == sorted(set(times))
    assert len(times) >= timed.anchors[-1].block


def test_few_blocks_leave_old_anchors_without_a_price(tmp_path: Path) -> None:
    """What the chain is not asked for is not guessed."""
    folder = copy_ledger(tmp_path / "ledger")
    set_setting(folder, "anchor_chains", '["embedded"]')
    list(anchors.now(ledger=folder))
    with counterfoil.open(folder) as ledger:
        ledger.record({"n": 1})
        ledger.publish()
    list(anchors.now(ledger=folder))
    found = anchor_times(blocks=1, ledger=folder)
    assert len(found.fees) == 1
    assert [one.fee_wei is None for one in found.anchors] == [True, False]


def test_a_ledger_without_a_chain_says_so(tmp_path: Path) -> None:
    """There is nothing to ask."""
    with pytest.raises(Refused) as caught:
        anchor_times(ledger=copy_ledger(tmp_path / "ledger"))
    assert caught.value.code == "anchor.no-chain"
