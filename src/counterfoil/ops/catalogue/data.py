"""Operations on data sets."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "dataset fingerprint",
        "datasets:fingerprint",
        "Fingerprint a table or folder: the same data gives the same, whatever format holds it.",
        "loans.parquet",
        "loans.csv --type zip=string --missing NA",
        "photos/",
    ),
    reads(
        "dataset diff",
        "datasets:diff",
        "Say how two tables differ: columns, types, rows and cells.",
        "before.csv after.parquet",
        "before.csv after.csv --key id",
    ),
)
