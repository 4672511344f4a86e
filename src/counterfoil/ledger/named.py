"""Find what a name, digest, leaf hash or index means: each the newest statement that it fits.

This module refuses statements of other issuers, who must not take over a name, and to choose
between a data set and a model that are called alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from counterfoil.errors import InputError
from counterfoil.ledger.view import RecordView

if TYPE_CHECKING:
    from counterfoil.ledger.readable import Readable

__all__ = ["NAMED", "find_at", "find_by_text", "find_named", "named_query", "quoted"]

_HEX: Final = re.compile(r"[0-9a-f]{64}")

NAMED: Final = ("dataset", "model")
"""Kinds of statements that have a name."""


def find_at(ledger: Readable, thing: object, kind: str) -> RecordView | None:
    """Find a statement by its index, or leaf hash in hexadecimal; None where it is of no such kind.

    Raises NotFound with code entry.index or entry.leaf.
    """
    view: RecordView | None = None
    if isinstance(thing, int) and not isinstance(thing, bool):
        view = ledger.get(thing)
    elif isinstance(thing, str) and _HEX.fullmatch(thing):
        view = ledger.get(ledger.find_leaf(thing))
    return view if view is not None and view.kind == kind else None


def find_by_text(ledger: Readable, text: str, kind: str, digest: str) -> RecordView | None:
    """Find the newest statement of a kind by leaf hash, digest, `name` or `name:version`.

    digest: the field that has the digest of what the statement is about. None where none fits.
    """
    low = text.lower()
    if not _HEX.fullmatch(low):
        return find_named(ledger, text, (kind,))
    queries = (f"kind={kind} leaf={low}", f"kind={kind} {digest}={low}")
    return next((hits[0] for one in queries if (hits := ledger.search(one, limit=1).hits)), None)


def named_query(ledger: Readable, kind: str, name: str, version: str | None = None) -> str:
    """Write the query for statements of the ledger's own by kind, name and version."""
    query = f"kind={kind} issuer={quoted(ledger.config.organisation)} name={quoted(name)}"
    return query if version is None else f"{query} version={quoted(version)}"


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
    queries = [named_query(ledger, kind, name)]
    short, colon, version = name.rpartition(":")
    if colon and short and version:
        queries.insert(0, named_query(ledger, kind, short, version))
    for query in queries:
        hits = ledger.search(query, limit=1).hits
        if hits:
            return hits[0]
    return None
