"""The base fee of the next block, which the protocol fixes: known, not guessed.

Further ahead it depends on how full blocks will be; if they are as full as lately, it moves by a
fixed factor a block. This module refuses to forecast the tip that senders add.

Source: EIP-1559 (elasticity 2, at most 1/8 up or down a block).
"""

from __future__ import annotations

from typing import Final

from counterfoil.errors import InputError

__all__ = ["MOVE_MAX", "next_base_fee", "path"]

_ELASTICITY: Final = 2
_QUOTIENT: Final = 8

MOVE_MAX: Final = 1 / _QUOTIENT
"""What a block moves the base fee by at most, as a share of it; one wei more where it is tiny."""


def next_base_fee(base_fee: int, gas_used: int, gas_limit: int) -> int:
    """Give the base fee of the block after this one, in the same unit (wei), exactly.

    Raises InputError with code fees.block where the numbers are no block's.

    >>> next_base_fee(1_000_000_000, 30_000_000, 30_000_000)
    1125000000
    >>> next_base_fee(1_000_000_000, 0, 30_000_000)
    875000000
    """
    target = gas_limit // _ELASTICITY
    if base_fee < 0 or target < 1 or not 0 <= gas_used <= gas_limit:
        raise InputError(
            "fees.block",
            f"expected a base fee and 0 <= gas used <= gas limit, found {base_fee}, {gas_used}, "
            f"{gas_limit}",
            hint="Give the numbers of one block, fees in wei.",
        )
    if gas_used == target:
        return base_fee
    moved = base_fee * abs(gas_used - target) // target // _QUOTIENT
    return base_fee + max(moved, 1) if gas_used > target else base_fee - moved


def path(base_fee: int, gas_used: int, gas_limit: int, share: float, blocks: int) -> list[int]:
    """Give the base fees of the next blocks: the first exactly, further ones if `share` is used.

    share: gas used by gas limit of blocks to come, 0 to 1. blocks: >= 1.
    Raises InputError with code fees.block.
    """
    if not 0 <= share <= 1 or blocks < 1:
        raise InputError(
            "fees.block",
            f"expected a share from 0 to 1 and 1 block or more, found {share}, {blocks}",
            hint="Half full blocks keep the fee: share 0.5.",
        )
    fees = [next_base_fee(base_fee, gas_used, gas_limit)]
    while len(fees) < blocks:
        fees.append(next_base_fee(fees[-1], round(share * gas_limit), gas_limit))
    return fees
