"""The next base fee is the protocol's, to the last wei."""

from __future__ import annotations

import csv

import pytest

from counterfoil.errors import InputError
from counterfoil.learn.forecast.basefee import next_base_fee, path
from tests.shared_data import data_path


def test_real_blocks_follow_the_rule() -> None:
    """Each of 80 mainnet base fees follows from the block before it, exactly."""
    file = data_path("eth_blocks_recent") / "blocks_2025_01_basefee.csv"
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    blocks = [
        (int(row["base_fee_per_gas"]), int(row["gas_used"]), int(row["gas_limit"])) for row in rows
    ]
    told = [next_base_fee(*block) for block in blocks[:-1]]
    assert told == [fee for fee, _, _ in blocks[1:]]
    assert len(told) == 80


def test_the_edges_of_the_rule() -> None:
    """Half full keeps the fee, and a small fee still rises by one."""
    assert next_base_fee(700, 15, 30) == 700
    assert next_base_fee(7, 16, 30) == 8
    assert next_base_fee(7, 14, 30) == 7
    assert next_base_fee(0, 30, 30) == 1


def test_further_ahead_depends_on_how_full_blocks_are() -> None:
    """Full blocks raise the fee by an eighth each, half full ones keep it."""
    assert path(800_000, 15, 30, 0.5, 3) == [800_000] * 3
    assert path(800_000, 30, 30, 1.0, 3) == [900_000, 1_012_500, 1_139_062]
    assert path(800_000, 0, 30, 0.0, 2) == [700_000, 612_500]


@pytest.mark.parametrize("block", [(-1, 0, 30), (1, 31, 30), (1, -1, 30), (1, 0, 1)])
def test_what_is_no_block_is_refused(block: tuple[int, int, int]) -> None:
    """Gas above the limit, below zero, or no limit at all is an error."""
    with pytest.raises(InputError) as caught:
        next_base_fee(*block)
    assert caught.value.code == "fees.block"


@pytest.mark.parametrize(("share", "blocks"), [(-0.1, 1), (1.1, 1), (0.5, 0)])
def test_what_is_no_path_is_refused(share: float, blocks: int) -> None:
    """A share outside of 0 to 1 and no block at all are errors."""
    with pytest.raises(InputError) as caught:
        path(1, 0, 30, share, blocks)
    assert caught.value.code == "fees.block"
