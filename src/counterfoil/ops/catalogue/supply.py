"""Operations of the supply app: events, traces, checks, sensors."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "supply hash",
        "supply.events:hash_events",
        "Name each event of an EPCIS document by its hash, as the CBV 2.0 standard has it.",
        "events.jsonld",
        "events.xml --prehash",
    ),
)
