"""Read what a ledger's settings ask about personal data.

`retention_days`: `class=floor..ceiling`, in days: nothing is erased before the floor, and
`expire` erases what is over the ceiling; either may be left out. `consent_purposes`: purposes that
need the person's consent. `grant_classes`: classes that are opened only with a grant's token.
`searchable_fields`: `class:name`. This module refuses a setting that it cannot read: it would
silently not be heeded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from counterfoil.errors import InputError
from counterfoil.ledger.config import Config

__all__ = ["DAY_MS", "Retention", "Rules", "read_rules"]

DAY_MS: Final = 24 * 3600 * 1000
"""A day, ms."""

_RETENTION: Final = re.compile(r"(?P<name>.+)=(?P<floor>[0-9]{0,6})\.\.(?P<ceiling>[0-9]{0,6})")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long data of a class is kept, ms from when it was sealed; ceiling: None for ever."""

    floor_ms: int
    ceiling_ms: int | None


@dataclass(frozen=True, slots=True)
class Rules:
    """What settings ask: class -> retention, purposes with consent, classes with a grant."""

    retention: Mapping[str, Retention]
    consent_purposes: frozenset[str]
    grant_classes: frozenset[str]
    searchable: frozenset[tuple[str, str]]


def read_rules(config: Config) -> Rules:
    """Read the settings about personal data. Raises InputError with code config.people."""
    retention: dict[str, Retention] = {}
    for text in config.retention_days:
        found = _RETENTION.fullmatch(text)
        floor = int(found["floor"] or 0) if found else 0
        ceiling = int(found["ceiling"]) if found and found["ceiling"] else None
        if found is None or (ceiling is not None and ceiling < floor):
            raise _wrong("retention_days", text, "contact=0..730: at least 0, at most 730 days")
        end = None if ceiling is None else ceiling * DAY_MS
        retention[found["name"]] = Retention(floor * DAY_MS, end)
    searchable: set[tuple[str, str]] = set()
    for text in config.searchable_fields:
        data_class, colon, name = text.partition(":")
        if not (data_class and colon and name):
            raise _wrong("searchable_fields", text, "contact:customer.email")
        searchable.add((data_class, name))
    return Rules(
        retention,
        frozenset(config.consent_purposes),
        frozenset(config.grant_classes),
        frozenset(searchable),
    )


def _wrong(setting: str, text: str, example: str) -> InputError:
    return InputError(
        "config.people",
        f"expected in {setting} such as {example}, found {text[:80]!a}",
        hint="Mend counterfoil.toml, or the COUNTERFOIL_ variable that sets it.",
    )
