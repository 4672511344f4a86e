"""Record what is not there yet, while others may be recording the same.

A series has each number once, so that of two who look and then record at the same time one is
told, and looks again. This module refuses to try for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from counterfoil.errors import Conflict
from counterfoil.ledger import Ledger
from counterfoil.ports import Said

__all__ = ["record_missing"]

_TRIES: Final = 8


def record_missing(
    ledger: Ledger, series: str, missing: Callable[[], Sequence[Said]]
) -> tuple[tuple[int, ...], int]:
    """Record what `missing` finds not to be there, all or none.

    missing: is asked again where somebody else recorded in the series meanwhile. Gives the entries
    in its order, and how many are new. Raises Conflict with code epcis.busy, and as
    `Ledger.record_statements`.
    """
    said: Sequence[Said] = ()
    for _ in range(_TRIES):
        first = ledger.next_number(series)
        said = missing()
        if not said:
            return (), 0
        try:
            done = ledger.record_statements(said, source=series, first=first).result()
        except Conflict as err:
            if err.code != "record.number-taken":
                raise
            continue  # somebody else recorded under these numbers: look again what is there
        return done.indices, done.new
    raise Conflict(
        "epcis.busy",
        f"expected to record {len(said)} statements, found others doing so {_TRIES} times",
        hint="Send them again.",
    )
