"""Find what a name means: the newest data set or model of the ledger's own that is called so.

This module refuses statements of other issuers, who must not take over a name, and to choose
between a data set and a model that are called alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from counterfoil.errors import InputError
from counterfoil.ledger.view import RecordView

if TYPE_CHECKING:
    from counterfoil.ledger.readable import Readable

__all__ = ["NAMED", "find_named", "quoted"]

NAMED: Final = ("dataset", "model")
"""Kinds of statements that have a name."""


def find_named(ledger: Readable, name: str, kinds: Sequence[str] = NAMED) -> RecordView | None:
    """Find the newest statement that is called `name` or `name:version`; None where there is none.

    kinds: to look among. Raises InputError with code name.ambiguous where two kinds have it.
    """
    found = [view for kind in kinds if (view := _newest(ledger, kind, name)) is not None]
    if len(found) > 1:
        places = " and ".join(f"the {view.kind} at entry {view.index}" for view in found)
        raise InputError(
            "name.ambiguous",
            f"expected one thing called {name[:80]!a}, found {places}",
            hint="Give the entry's index or leaf hash.",
        )
    return found[0] if found else None


def quoted(text: str) -> str:
    """Quote text for the query language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _newest(ledger: Readable, kind: str, name: str) -> RecordView | None:
    begin = f"kind={kind} issuer={quoted(ledger.config.organisation)}"
    queries = [f"{begin} name={quoted(name)}"]
    short, colon, version = name.rpartition(":")
    if colon and short and version:
        queries.insert(0, f"{begin} name={quoted(short)} version={quoted(version)}")
    for query in queries:
        hits = ledger.search(query, limit=1).hits
        if hits:
            return hits[0]
    return None
