"""Screen the names in transfers against sanctions lists, for the decision on them.

Whoever is named in a transfer is screened: both ends, those they act for, and the banks between.
This module refuses to reject by a likeness: a hit holds a payment for a person to look at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counterfoil.apps.finance.messages import Transfer
from counterfoil.ops.finance.screening import read_lists
from counterfoil.provenance.statements.parts import Reference

__all__ = ["NameHit", "ScreenedTransfers", "screen_transfers"]


@dataclass(frozen=True, slots=True)
class NameHit:
    """Somebody in a transfer whom a list may mean.

    part: such as `Cdtr`. listed, id: the nearest entry's. list: digest of the list.
    """

    part: str
    name: str
    listed: str
    id: str
    list: str
    score: float
    why: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """Give it as plain JSON, as a decision records it."""
        found: dict[str, Any] = {one: getattr(self, one) for one in type(self).__slots__}
        return {**found, "why": list(self.why)}

    def __str__(self) -> str:
        return f"{self.part} {self.name} may be {self.listed} ({self.id}, {self.score:.2f})"


@dataclass(frozen=True, slots=True)
class ScreenedTransfers:
    """What screening found. hits: of each transfer. lists: the versions it was held against."""

    hits: tuple[tuple[NameHit, ...], ...]
    lists: tuple[Reference, ...]


def screen_transfers(transfers: tuple[Transfer, ...], lists: tuple[Path, ...]) -> ScreenedTransfers:
    """Screen all names of all transfers; nothing where no list is given.

    Raises as `read_lists`.
    """
    if not lists:
        return ScreenedTransfers(((),) * len(transfers), ())
    from counterfoil.apps.finance.names.screening import Query, Screener

    read = read_lists(lists)
    screener = Screener(read)
    asked = [(at, part, name) for at, one in enumerate(transfers) for part, name in one.names]
    queries = [Query(name) for _, _, name in asked]
    hits: list[list[NameHit]] = [[] for _ in transfers]
    for (at, part, name), found in zip(asked, screener.screen(queries), strict=True):
        hits[at] += [
            NameHit(
                part, name, one.entry.name, one.entry.id, one.version.digest, one.score, one.why
            )
            for one in found.hits[:1]
        ]
    versions = tuple(Reference(digest=one.version.digest, role="list") for one in read)
    return ScreenedTransfers(tuple(map(tuple, hits)), versions)
