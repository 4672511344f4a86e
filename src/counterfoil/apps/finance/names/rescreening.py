"""Screen again who was screened before, when a list has changed, and say what differs.

Only what changed is recorded: a decision that takes the place of the earlier one, with the entries
that came and went. Whose data was erased is not screened again. This module refuses to compare
scores: an entry is a hit or it is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from counterfoil.apps.finance.names.recorded import (
    Basis,
    FormerScreening,
    ScreeningRecord,
    screening_said,
)
from counterfoil.apps.finance.names.screening import Hit, Query, Screened, Screener
from counterfoil.errors import InputError

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["Rescreened", "rescreen"]

_CHUNK: Final = 256


@dataclass(frozen=True, slots=True)
class Rescreened:
    """A screening that was done again.

    former: index of the earlier one. query: the name. outcome: `hit`, `clear`, `no-name`, or
    `erased`. added, removed: entries that are hits now, and that were; of the former with all that
    a hit tells. record: where the new one stands; None where nothing changed.
    """

    former: int
    query: Query
    outcome: str
    added: tuple[Hit, ...]
    removed: tuple[str, ...]
    record: ScreeningRecord | None = None

    @property
    def changed(self) -> bool:
        """Tell whether entries came or went."""
        return bool(self.added or self.removed)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line prints."""
        return {
            "former": self.former,
            "query": self.query.name,
            "outcome": self.outcome,
            "added": [hit.to_json() for hit in self.added],
            "removed": list(self.removed),
            "record": None if self.record is None else self.record.to_json(),
        }


def rescreen(
    ledger: Ledger, former: Iterable[FormerScreening], screener: Screener, basis: Basis
) -> Iterator[Rescreened]:
    """Screen again, in order; what changed is durable before it is told of.

    former: as `former_screenings` gives them. screener: with the lists as they are now, which
    `basis` names. Raises InputError with code names.list-missing, and as
    `Ledger.record_statements`.
    """
    forms = {one.version.form for one in screener.lists}
    waiting = iter(former)
    while some := list(islice(waiting, _CHUNK)):
        _require_lists(some, forms)
        found = screener.screen(one.query for one in some)
        pairs = list(zip(some, found, strict=True))
        changed = [at for at, pair in enumerate(pairs) if not pair[0].erased and _differs(*pair)]
        said = [_said(*pairs[at], basis, screener.hit_from) for at in changed]
        records = {}
        if said:
            done = ledger.record_statements(said).result()
            records = dict(zip(changed, done.indices, strict=True))
        for at, (earlier, its) in enumerate(pairs):
            yield _rescreened(ledger, earlier, its, records.get(at))


def _require_lists(former: list[FormerScreening], forms: set[str]) -> None:
    """Refuse to take hits on a list for gone because the list is not at hand."""
    for one in former:
        if one.forms - forms:
            raise InputError(
                "names.list-missing",
                f"expected the lists that entry {one.index} rested on, found none of form "
                f"{min(one.forms - forms)[:60]}",
                hint="Name every list, as it is now, with --list.",
            )


def _rescreened(
    ledger: Ledger, earlier: FormerScreening, its: Screened, index: int | None
) -> Rescreened:
    if earlier.erased:
        return Rescreened(earlier.index, earlier.query, "erased", (), ())
    record = None if index is None else ScreeningRecord(index, ledger.get(index).leaf)
    added, removed = _changes(earlier, its)
    return Rescreened(earlier.index, earlier.query, its.outcome, added, removed, record)


def _differs(earlier: FormerScreening, its: Screened) -> bool:
    return any(_changes(earlier, its))


def _changes(earlier: FormerScreening, its: Screened) -> tuple[tuple[Hit, ...], tuple[str, ...]]:
    now = {hit.entry.id for hit in its.hits}
    added = tuple(hit for hit in its.hits if hit.entry.id not in earlier.hits)
    return added, tuple(sorted(earlier.hits.keys() - now))


def _said(earlier: FormerScreening, its: Screened, basis: Basis, hit_from: float) -> Any:
    added, removed = _changes(earlier, its)
    return screening_said(
        its,
        basis,
        person=earlier.person,
        hit_from=hit_from,
        supersedes=earlier.leaf,
        note=f"screened again: {len(added)} hits came, {len(removed)} went",
    )
