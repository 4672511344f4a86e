"""Search a ledger: every public field of every entry, through an index that can be deleted."""

from counterfoil.ledger.search.building import Progress
from counterfoil.ledger.search.run import SearchPage, find_leaf, search
from counterfoil.ledger.search.searchable import Searchable
from counterfoil.ledger.search.source import catch_up

__all__ = ["Progress", "SearchPage", "Searchable", "catch_up", "find_leaf", "search"]
