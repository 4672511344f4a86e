"""Operations on people and what is sealed."""

from __future__ import annotations

from typing import Final

from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = ()
