"""Seeds of what the supply app draws or searches: the same range for every command.

This module refuses a seed that one of the engines behind the commands does not take.
"""

from __future__ import annotations

from typing import Final

from counterfoil.errors import InputError

__all__ = ["seed_of"]

_SEED_END: Final = (1 << 31) - 16  # LightGBM's is a signed 32-bit number, and ours adds a few


def seed_of(seed: int) -> int:
    """Give a seed back where every engine takes it. Raises InputError with code supply.seed."""
    if not 0 <= seed < _SEED_END:
        raise InputError(
            "supply.seed",
            f"expected a seed from 0 to {_SEED_END - 1:,}, found {seed}",
            hint="For example --seed 1.",
        )
    return seed
