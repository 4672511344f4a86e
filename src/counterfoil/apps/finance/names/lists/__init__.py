"""Sanctions lists: their forms, read into one shape."""

from counterfoil.apps.finance.names.lists.countries import country_code, is_country
from counterfoil.apps.finance.names.lists.dates import read_dates
from counterfoil.apps.finance.names.lists.detect import list_files, read_list
from counterfoil.apps.finance.names.lists.entry import (
    ListEntry,
    ListVersion,
    SanctionsList,
    make_list,
)

__all__ = [
    "ListEntry",
    "ListVersion",
    "SanctionsList",
    "country_code",
    "is_country",
    "list_files",
    "make_list",
    "read_dates",
    "read_list",
]
