"""What a chain looks like as tables, and how a package brings in a detector that reads them.

Registered through the entry point group `counterfoil.chain_detectors`, as a function that takes
the tables and yields findings. This module refuses to know how the tables are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["ChainDetector", "ChainTables", "Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector says about an account.

    account: 0x and 40 lower-case hexadecimal digits. kind: a short name, such as
    `address-poisoning`. score: 0 (nothing) to 1 (sure). why: one sentence for people, from figures
    that are in the tables. transactions: hashes that show it, 0x and 64 digits, the best first.
    figures: name -> number that the score was made from.
    """

    account: str
    kind: str
    score: float
    why: str
    transactions: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


class ChainTables(Protocol):
    """Tables of one chain, or of a part of it: `insight.tables.SCHEMAS` lists their columns.

    Every table and every column is there for a query; what the data does not hold is empty or
    null, and `given` tells it.
    """

    @property
    def digest(self) -> str:
        """The SHA-256 of the data: 64 lower-case hexadecimal digits."""

    def count(self, table: str) -> int:
        """Count the rows of a table."""

    def given(self, table: str) -> frozenset[str]:
        """Name the columns of a table that the data holds."""

    def sql(self, query: str, parameters: Sequence[object] = ()) -> Any:
        """Run a query in DuckDB's SQL over the tables; gives a `pyarrow.Table`.

        parameters: values for the question marks. Raises InputError with code insight.query.
        """


class ChainDetector(Protocol):
    """Finds suspicious accounts in the tables of a chain."""

    def __call__(self, tables: ChainTables, /) -> Iterable[Finding]:
        """Yield what is suspicious, the strongest first; from the tables alone, the same each time.

        What the tables do not hold is no reason to fail: a detector that cannot work yields
        nothing.
        """
