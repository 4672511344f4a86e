"""What is sealed together: what the log will name, and what is new among people and keys.

This module refuses to seal.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from counterfoil.formats.sealed import Sealed
from counterfoil.vault.keys import ClassKey

__all__ = ["New", "SealedBatch"]


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """What was sealed together, before it is in the log.

    sealed: in the order of the requests. ids: of the sealed bytes. keys: ids of the keys that were
    made for it.
    """

    sealed: list[Sealed]
    ids: list[int]
    keys: list[bytes]


@dataclass(slots=True)
class New:
    """What a batch of seals adds to the keys: person -> handle, and (handle, class, key)."""

    people: dict[str, bytes] = field(default_factory=dict)
    keys: list[tuple[bytes, str, ClassKey]] = field(default_factory=list)
