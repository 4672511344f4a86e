"""Operations on apps. Refuses to list those of an app: each has a file of its own."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "app ls",
        "apps:listing",
        "List the apps that are installed, with their commands and contracts.",
        "",
    ),
    writes(
        "app demo",
        "apps:demo",
        "Play an app's story in a folder, from its first record to its last proof.",
        "quant quant-demo",
    ),
)
