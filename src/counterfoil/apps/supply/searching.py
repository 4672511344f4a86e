"""All that a search finds, however much that is.

Whoever may write to a log can record so much that a bound would hide what counts. This module
refuses to stop before the end: who wants fewer stops asking.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger, RecordView

__all__ = ["hits_of"]

_FIRST_PAGE: Final = 20
_PAGE: Final = 500


def hits_of(ledger: Ledger, query: str, *, newest_first: bool = True) -> Iterator[RecordView]:
    """List the entries that satisfy a query, page by page as they are asked for.

    Raises as `Ledger.search`.
    """
    size, after = _FIRST_PAGE, None
    while True:
        page = ledger.search(query, limit=size, after=after, newest_first=newest_first)
        yield from page.hits
        size, after = _PAGE, page.next
        if after is None:
            return
