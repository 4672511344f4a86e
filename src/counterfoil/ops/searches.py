"""Find records by what they say."""

from __future__ import annotations

from typing import Annotated

from counterfoil.ledger.search import SearchPage
from counterfoil.ops.place import LedgerFolder, open_for_reading
from counterfoil.ports import Param, Progress, no_progress

__all__ = ["search"]


def search(
    terms: Annotated[
        tuple[str, ...],
        Param("Conditions such as currency=EUR, amount>100, or words; all must hold.", "TERM"),
    ] = (),
    *,
    ledger: LedgerFolder = None,
    limit: Annotated[int, Param("Most records on a page, 1 to 1000.", "N", short="n")] = 50,
    after: Annotated[int | None, Param("Go on after this page's `next`.", "INDEX")] = None,
    oldest_first: Annotated[bool, Param("List the oldest first, not the newest.")] = False,
    progress: Progress = no_progress,
) -> SearchPage:
    """Find records by any of their public fields.

    Raises InputError with code search.query, search.limit or search.after.
    """
    with open_for_reading(ledger) as opened:
        return opened.search(
            " ".join(terms),
            limit=limit,
            after=after,
            newest_first=not oldest_first,
            progress=lambda done, total: progress(done, total, "entries indexed"),
        )
