"""The part of the facade that searches."""

from __future__ import annotations

from counterfoil.ledger.opening import Reading
from counterfoil.ledger.search.building import Progress
from counterfoil.ledger.search.run import SearchPage, find_leaf, search
from counterfoil.ledger.search.source import catch_up

__all__ = ["Searchable"]


class Searchable:
    """A ledger whose entries can be searched, by its owner and by readers."""

    _reading: Reading

    def search(
        self,
        query: str = "",
        *,
        limit: int = 50,
        after: int | None = None,
        newest_first: bool = True,
        progress: Progress | None = None,
    ) -> SearchPage:
        """Find the entries that satisfy a query; see `counterfoil.ledger.search.query`.

        query: empty lists all. limit: 1 to 1000 hits. after: `next` of the page before.
        progress: told (done, total) entries while the index catches up or entries are read.
        Raises InputError with code search.query, search.limit or search.after, FatalLogError with
        code log.damaged.
        """
        return search(
            self._reading,
            query,
            limit=limit,
            after=after,
            newest_first=newest_first,
            progress=progress,
        )

    def index_now(self, *, progress: Progress | None = None) -> int:
        """Bring the search index up to date, so that the next search need not; gives its entries.

        progress: as of `search`; what it raises stops the work, and what was indexed stays so.
        Raises FatalLogError with code log.damaged.
        """
        return catch_up(self._reading, progress)

    def find_leaf(self, leaf: str, *, progress: Progress | None = None) -> int:
        """Find the index of the entry with a leaf hash.

        leaf: 64 hexadecimal digits. Raises InputError with code search.leaf, NotFound with code
        entry.leaf.
        """
        return find_leaf(self._reading, leaf, progress)
