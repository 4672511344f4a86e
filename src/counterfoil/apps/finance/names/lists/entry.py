"""What a sanctions list says, whatever its format: entries, and which version of the list it is.

The version's digest is of what was read, not of the file: the same list packed or not, or with its
lines in another order, is the same version. This module refuses to keep what screening does not
look at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from counterfoil.apps.finance.names.parsing import Kind

__all__ = ["ListEntry", "ListVersion", "SanctionsList", "make_list"]


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One person, organisation or ship of a list.

    id: in the list. name: as the list writes it, `FAMILY, Given` included. aliases: other names.
    weak: aliases that the list itself calls weak. born: dates as YYYY, YYYY-MM or YYYY-MM-DD.
    countries: of nationality, citizenship and address, ISO 3166 codes in small letters where the
    name is known, else that name. programmes: why it is listed.
    """

    id: str
    name: str
    kind: Kind
    aliases: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    born: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All its names, the main one first, each once."""
        return tuple(dict.fromkeys((self.name, *self.aliases, *self.weak)))

    def spoken(self) -> str:
        """Write the main name as people say it: given name first.

        >>> ListEntry("1", "ZUPLJANIN, Stojan", "person").spoken()
        'Stojan ZUPLJANIN'
        """
        family, comma, given = self.name.partition(",")
        if self.kind != "person" or not comma or "," in given:
            return self.name
        return f"{given.strip()} {family.strip()}"


@dataclass(frozen=True, slots=True)
class ListVersion:
    """Which list, and which version of it.

    form: such as `ofac-csv`. digest: SHA-256 of what it says. date: as it says itself, YYYY-MM-DD
    or empty. entries, names: how many. passed: rows that are no person, organisation or ship, or
    have no name.
    """

    form: str
    digest: str
    date: str
    entries: int
    names: int
    passed: int

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line prints."""
        return {
            "form": self.form,
            "digest": self.digest,
            "date": self.date,
            "entries": self.entries,
            "names": self.names,
            "passed": self.passed,
        }


@dataclass(frozen=True, slots=True)
class SanctionsList:
    """A list that was read. entries: in the order of their ids."""

    version: ListVersion
    entries: tuple[ListEntry, ...]


def make_list(
    form: str, entries: Iterable[ListEntry], *, date: str = "", passed: int = 0
) -> SanctionsList:
    """Put a list together: entries by id, and its version."""
    listed = tuple(sorted(entries, key=lambda entry: (entry.id, entry.name)))
    digest = hashlib.sha256()
    for entry in listed:
        digest.update(msgspec.json.encode(entry) + b"\n")
    names = sum(len(entry.names) for entry in listed)
    version = ListVersion(form, digest.hexdigest(), date, len(listed), names, passed)
    return SanctionsList(version, listed)
