"""Events found by what they have in common, and by queries that somebody named.

Named queries stand beside the index of events, as capture jobs do, and go with it. This module
refuses a query that would fail when it is asked.
Source: GS1 EPCIS 2.0, 12.8 and 12.9.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from counterfoil.apps.supply.events.event import TYPES, Event
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import Index, index_of
from counterfoil.apps.supply.events.query import PER_PAGE_MAX, query
from counterfoil.apps.supply.events.vocabulary import DISPOSITIONS, STEPS, bare
from counterfoil.errors import Conflict, InputError, NotFound
from counterfoil.formats import json_text
from counterfoil.ledger import Ledger
from counterfoil.ops.supply.receiving import found

__all__ = [
    "BODY_MAX_BYTES",
    "RESOURCES",
    "drop_query",
    "named_events",
    "named_query",
    "queries",
    "resource_events",
    "resources",
    "save_query",
]

BODY_MAX_BYTES: Final = 64 << 10
"""Largest definition of a query, bytes."""

_PER_PAGE: Final = 30
_QUERIES_MAX: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
_OURS: Final = ("SimpleEventQuery", "SimpleMasterDataQuery")
_PAGING: Final = ("perPage", "nextPageToken")
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS named_query (name TEXT PRIMARY KEY, told TEXT NOT NULL) "
    "WITHOUT ROWID"
)
_COLUMN: Final = "SELECT DISTINCT {0} FROM event WHERE {0} > ? AND {0} != '' ORDER BY {0} LIMIT ?"
RESOURCES: Final = {
    # path -> the list's type, its field, the query parameter, how names are found
    "eventTypes": ("EventTypeItemList", "eventType", "eventType", ""),
    "epcs": ("EPCItemList", "epc", "MATCH_anyEPC", "SELECT name FROM thing WHERE name > ? AND "
             "EXISTS (SELECT 1 FROM part p WHERE p.thing = thing.id) ORDER BY name LIMIT ?"),
    "bizSteps": ("BizStepItemList", "bizStep", "EQ_bizStep", _COLUMN.format("step")),
    "bizLocations": ("BizLocationItemList", "bizLocation", "EQ_bizLocation",
                     _COLUMN.format("place")),
    "readPoints": ("ReadPointItemList", "readPoint", "EQ_readPoint", _COLUMN.format("point")),
    "dispositions": ("DispositionItemList", "disposition", "EQ_disposition",
                     _COLUMN.format("disposition")),
}  # fmt: skip
"""What events can be found by: the path, and what stands behind it."""


def resources(
    ledger: Ledger, kind: str, per_page: str | None, token: str | None
) -> tuple[dict[str, Any], str | None]:
    """List the values of a kind that events have, and the token of the next page.

    kind: of `RESOURCES`. Things and places have their canonical names. Raises InputError with code
    epcis.query.
    """
    type_, field, _, statement = RESOURCES[kind]
    size = _size(per_page)
    with index_of(ledger) as index:
        if not statement:
            kinds = index.database.execute("SELECT DISTINCT kind FROM event WHERE kind >= 0")
            names = sorted(TYPES[row[0]] for row in kinds)
            return {"type": type_, field: names}, None
        rows = index.database.execute(statement, (token or "", size + 1)).fetchall()
    names = [str(row[0]) for row in rows]
    following = names[size - 1] if len(names) > size else None
    return {"type": type_, field: names[:size]}, following


def resource_events(
    ledger: Ledger, kind: str, value: str, asked: Mapping[str, Sequence[str]]
) -> tuple[list[Event], str | None]:
    """Find the events that have a value, a page of them, and the token of the next.

    Raises NotFound with code epcis.resource, InputError with code epcis.query.
    """
    require_resource(ledger, kind, value)
    return found(ledger, _with(asked, RESOURCES[kind][2], [value]))


def require_resource(ledger: Ledger, kind: str, value: str) -> None:
    """Refuse a value that no event has and no vocabulary knows. Raises NotFound, epcis.resource."""
    known = {
        "eventTypes": TYPES,
        "bizSteps": STEPS,
        "dispositions": DISPOSITIONS,
    }.get(kind, ())
    if kind in ("bizSteps", "dispositions"):
        value = bare(RESOURCES[kind][1], value, {})
    if value in known:
        return
    with index_of(ledger) as index:
        if kind == "eventTypes" or not _is_there(index, kind, value):
            raise NotFound(
                "epcis.resource",
                f"expected one of the {kind} of this ledger's events, found {value[:120]!a}",
                hint=f"GET /epcis/{kind} lists them.",
            )


def _is_there(index: Index, kind: str, value: str) -> bool:
    if kind == "epcs":
        return index.thing(canonical(value)) >= 0
    column = {"bizSteps": "step", "bizLocations": "place", "readPoints": "point"}.get(
        kind, "disposition"
    )
    wanted = canonical(value) if kind in ("bizLocations", "readPoints") else value
    row = index.database.execute(
        f"SELECT 1 FROM event WHERE {column} = ? LIMIT 1",  # noqa: S608 - a name of ours
        (wanted,),
    ).fetchone()
    return row is not None


def save_query(ledger: Ledger, body: bytes) -> str:
    """Name a query; give its name. body: JSON, name and query.

    Raises InputError with code epcis.query-body, epcis.query-name or epcis.query, Conflict with
    code epcis.query-taken.
    """
    name, asked = _definition(body)
    if name in _OURS:
        raise _taken(name)
    with index_of(ledger) as index:
        query(index, {**asked, "perPage": ["1"]})  # which says what is wrong with it
        index.database.execute(_TABLE)
        there = index.database.execute("SELECT count(*) FROM named_query").fetchone()[0]
        if there >= _QUERIES_MAX:
            raise Conflict(
                "epcis.query-taken",
                f"expected at most {_QUERIES_MAX} named queries, found as many",
                hint="Delete one that nobody asks any more.",
            )
        done = index.database.execute(
            "INSERT OR IGNORE INTO named_query VALUES (?, ?)", (name, json.dumps(asked))
        )
    if done.rowcount == 0:
        raise _taken(name)
    return name


def _taken(name: str) -> Conflict:
    return Conflict(
        "epcis.query-taken",
        f"expected a name that no query has, found {name!a} taken",
        hint="Choose another, or delete the query that has it.",
    )


def queries(
    ledger: Ledger, per_page: str | None, token: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """List named queries, and the token of the next page."""
    size = _size(per_page)
    with index_of(ledger) as index:
        index.database.execute(_TABLE)
        rows = index.database.execute(
            "SELECT name, told FROM named_query WHERE name > ? ORDER BY name LIMIT ?",
            (token or "", size + 1),
        ).fetchall()
    following = str(rows[size - 1][0]) if len(rows) > size else None
    return [{"name": name, "query": json.loads(told)} for name, told in rows[:size]], following


def named_query(ledger: Ledger, name: str) -> dict[str, Any]:
    """Give the definition of a query. Raises NotFound with code epcis.query-unknown."""
    with index_of(ledger) as index:
        index.database.execute(_TABLE)
        row = index.database.execute(
            "SELECT told FROM named_query WHERE name = ?", (name,)
        ).fetchone()
    if row is None:
        raise NotFound(
            "epcis.query-unknown",
            f"expected a named query, found none called {name[:100]!a}",
            hint="GET /epcis/queries lists them, POST makes one.",
        )
    return {"name": name, "query": json.loads(row[0])}


def drop_query(ledger: Ledger, name: str) -> None:
    """Forget a query. Raises NotFound with code epcis.query-unknown."""
    named_query(ledger, name)
    with index_of(ledger) as index:
        index.database.execute("DELETE FROM named_query WHERE name = ?", (name,))


def named_events(
    ledger: Ledger, name: str, asked: Mapping[str, Sequence[str]]
) -> tuple[list[Event], str | None]:
    """Find the events of a named query, a page of them, and the token of the next.

    asked: paging alone. Raises NotFound with code epcis.query-unknown, InputError with code
    epcis.query.
    """
    whole: dict[str, list[str]] = dict(named_query(ledger, name)["query"])
    for parameter, values in asked.items():
        if parameter not in _PAGING:
            raise _wrong(parameter, "perPage or nextPageToken: the query is named already")
        whole = _with({**whole, parameter: []}, parameter, values)
    return found(ledger, whole)


def _with(
    asked: Mapping[str, Sequence[str]], name: str, values: Sequence[str]
) -> dict[str, list[str]]:
    if asked.get(name):
        raise _wrong(name, "no value but that of the path")
    return {**{key: list(given) for key, given in asked.items()}, name: list(values)}


def _size(text: str | None) -> int:
    if text is None:
        return _PER_PAGE
    if re.fullmatch(r"\d{1,6}", text) is None or not int(text):
        raise _wrong("perPage", f"a number from 1 to {PER_PAGE_MAX}")
    return min(int(text), PER_PAGE_MAX)


def _definition(body: bytes) -> tuple[str, dict[str, list[str]]]:
    """Read the definition of a query."""
    try:
        told = json_text.parse(body)
    except InputError as err:
        raise _no_definition(err.message) from err
    if not isinstance(told, dict) or set(told) != {"name", "query"}:
        raise _no_definition("found other members")
    name, asked = told["name"], told["query"]
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise InputError(
            "epcis.query-name",
            f"expected a name of letters, digits and . _ ~ -, found {str(name)[:100]!a}",
            hint="It becomes a part of an address.",
        )
    if not isinstance(asked, dict):
        raise _no_definition("found a query that is no object")
    given: dict[str, list[str]] = {}
    for parameter, value in asked.items():
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(one, (str, int)) and not isinstance(one, bool) for one in values):
            raise _no_definition(f"found no texts in {str(parameter)[:60]!a}")
        given[str(parameter)] = [str(one) for one in values]
    return name, given


def _no_definition(what: str) -> InputError:
    return InputError(
        "epcis.query-body",
        f"expected an object with name and query, {what[:200]}",
        hint='Such as {"name": "shipped", "query": {"EQ_bizStep": ["shipping"]}}.',
    )


def _wrong(name: str, what: str) -> InputError:
    return InputError(
        "epcis.query",
        f"expected {what} in the query parameter {name[:60]!a}",
        hint="GS1 EPCIS 2.0, 8.2.7.1 lists the parameters.",
    )
