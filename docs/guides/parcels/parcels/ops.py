"""The app's commands: functions, from which every shell is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from counterfoil.ops.listing import Limit, at_most
from counterfoil.ops.place import LedgerFolder, open_for_reading
from counterfoil.ports import Param

__all__ = ["Late", "late"]


@dataclass(frozen=True, slots=True)
class Late:
    """A parcel that may come late. score: how likely, 0 to 1, as it was recorded."""

    parcel: str
    index: int
    score: str


def late(
    *,
    least: Annotated[int, Param("Only those as likely as this, in per cent.", "N")] = 0,
    limit: Limit = None,
    ledger: LedgerFolder = None,
) -> Iterator[Late]:
    """List the parcels whose recipients are to be told that they may come late."""
    with open_for_reading(ledger) as opened:
        found = (
            Late(one.decision.note, one.index, one.decision.score or "")
            for one in opened.decisions.ls(outcome="tell", limit=1000).hits
            if float(one.decision.score or 0) * 100 >= least
        )
        yield from at_most(found, limit)
