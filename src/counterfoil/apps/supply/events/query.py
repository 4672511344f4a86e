"""Ask for events by GS1's query parameters, page by page.

What a parameter names is looked up by its canonical name, so that an EPC URI finds what was
captured with a Digital Link. A page ends with a token that says where the next begins, and how many
events are left where they are limited; events that come meanwhile are on later pages. This module
refuses parameters that it does not know, instead of answering as if they had not been there.
Source: GS1 EPCIS 2.0, 8.2.7.1 (SimpleEventQuery) and 12.8.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.apps.supply.events.event import TYPES, Event
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import Index
from counterfoil.apps.supply.events.linking import ACTIONS, CHILD, INPUT, ITEM, OUTPUT, PARENT
from counterfoil.apps.supply.events.prehash import digest_of_name, instant_ms
from counterfoil.apps.supply.events.records import SupplyEvent
from counterfoil.apps.supply.events.vocabulary import bare
from counterfoil.errors import InputError, NotFound
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.ledger import Ledger
from counterfoil.ledger.predicate_types import parse_registered

__all__ = ["PER_PAGE_MAX", "Page", "event_at", "find", "query", "was_taken_back"]

PER_PAGE_MAX: Final = 1000
"""Most events on a page."""

_PER_PAGE: Final = 30
_LIMIT_MAX: Final = 999_999
_VALUES_MAX: Final = 200
_BETWEEN: Final = re.compile(r",(?![-\d])")
_Clause = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """Events of one page.

    indices: of their entries. next: token of the next page; None at the end.
    """

    indices: tuple[int, ...]
    next: str | None


def query(index: Index, asked: Mapping[str, Sequence[str]]) -> Page:
    """Find the events that all parameters ask for, in the order of their times.

    asked: parameter -> its values, any of which may hold. Raises InputError with code epcis.query.
    """
    clauses: list[str] = ["e.declares IS NULL"]
    given: list[Any] = []
    for name, raw in asked.items():
        if name in _PAGING:
            continue
        values = [part for one in raw for part in _parted(one) if part]
        if not values or len(values) > _VALUES_MAX:
            raise _wrong(name, f"1 to {_VALUES_MAX} values, found {len(values)}")
        clause, more = _clause(name, values)
        clauses.append(clause)
        given += more
    limit = _count(asked, "eventCountLimit", 0, _LIMIT_MAX) or None
    per_page = _count(asked, "perPage", _PER_PAGE if limit is None else limit, PER_PAGE_MAX)
    down = _one(asked, "orderDirection", "ASC").upper()
    if down not in ("ASC", "DESC") or _one(asked, "orderBy", "eventTime") != "eventTime":
        raise _wrong("orderBy", "eventTime, with the orderDirection ASC or DESC")
    token = _one(asked, "nextPageToken", "")
    if token:
        found = re.fullmatch(r"(-?\d{1,18})\.(\d{1,18})(?:\.(\d{1,6}))?", token)
        if found is None:
            raise _wrong("nextPageToken", "a token of an earlier page")
        clauses.append(f"(e.at, e.id) {'<' if down == 'DESC' else '>'} (?, ?)")
        given += [int(found[1]), int(found[2])]
        limit = limit if found[3] is None else int(found[3])  # so many of them are left
    size = per_page if limit is None else min(per_page, limit)
    rows = index.database.execute(
        f"SELECT e.id, e.at FROM event e WHERE {' AND '.join(clauses)} "  # noqa: S608 - of ours
        f"ORDER BY e.at {down}, e.id {down} LIMIT ?",
        (*given, size + 1),
    ).fetchall()
    following = None
    if len(rows) > size > 0 and (limit is None or limit > size):
        at, last = rows[size - 1][1], rows[size - 1][0]
        following = f"{at}.{last}" if limit is None else f"{at}.{last}.{limit - size}"
    return Page(tuple(row[0] for row in rows[:size]), following)


def find(index: Index, event_id: str) -> int:
    """Find the entry of an event by its hash, its name or its own id.

    Raises NotFound with code epcis.event-unknown.
    """
    digest = digest_of_name(event_id) or event_id
    row = index.database.execute(
        "SELECT min(id) FROM event WHERE digest = ? OR event_id = ?", (digest, event_id)
    ).fetchone()
    if row[0] is None:
        raise NotFound(
            "epcis.event-unknown",
            f"expected an event of this ledger, found none with the id {event_id[:120]!a}",
            hint="Its id is its eventID, or its hash as `counterfoil supply hash` names it.",
        )
    return int(row[0])


def was_taken_back(index: Index, digest: str, before: int) -> bool:
    """Tell whether an own entry before this one declares the event of a hash to be an error."""
    row = index.database.execute(
        "SELECT 1 FROM event WHERE digest = ? AND declares IS NOT NULL AND id < ? AND id NOT IN "
        "(SELECT event FROM whence) LIMIT 1",
        (digest, before),
    ).fetchone()
    return row is not None


def event_at(ledger: Ledger, index: int) -> Event:
    """Read the event of an entry. Raises NotFound with code epcis.event-unknown."""
    parsed = entries.parse(ledger.entry(index))
    said = parse_registered(parsed.statement) if isinstance(parsed, StatementEntry) else None
    if not isinstance(said, SupplyEvent):
        raise NotFound("epcis.event-unknown", f"expected an event at entry {index}, found none")
    return said.parsed()


def _parted(text: str) -> list[str]:
    """Part a list of values; a comma before a number is one of a `geo:` URI."""
    return text.split("|") if "|" in text else _BETWEEN.split(text)


def _clause(name: str, values: list[str]) -> _Clause:
    made = _CLAUSES.get(name)
    if made is not None:
        return made(values)
    if name in _MATCHES:
        return _matching(_MATCHES[name], values)
    raise _wrong(name, "a parameter that this interface knows")


def _times(compare: str) -> Callable[[list[str]], _Clause]:
    def make(values: list[str]) -> _Clause:
        at = instant_ms(values[0])
        if at is None or len(values) != 1:
            raise _wrong("eventTime", "one time with its offset from UTC")
        return f"e.at {compare} ?", [at]

    return make


def _among(column: str, of: Callable[[str], Any] = str) -> Callable[[list[str]], _Clause]:
    def make(values: list[str]) -> _Clause:
        return f"e.{column} IN ({','.join('?' * len(values))})", [of(one) for one in values]

    return make


def _type(value: str) -> int:
    if value not in TYPES:
        raise _wrong("eventType", f"one of {', '.join(TYPES)}")
    return TYPES.index(value)


def _action(value: str) -> int:
    if value not in ACTIONS:
        raise _wrong("EQ_action", "OBSERVE, ADD or DELETE")
    return ACTIONS.index(value)


def _ids(values: list[str]) -> _Clause:
    marks = ",".join("?" * len(values))
    digests = [digest_of_name(one) or one for one in values]
    return f"(e.event_id IN ({marks}) OR e.digest IN ({marks}))", [*values, *digests]


def _matching(roles: tuple[int, ...], values: list[str]) -> _Clause:
    """Match things by their names, or by a pattern of an EPC."""
    names, given = [], []
    for value in values:
        name = canonical(value)
        if value.startswith("urn:epc:idpat:") and value.endswith(".*"):
            names.append("(t.name = ? OR t.name >= ? AND t.name < ?)")
            given += [name, f"{name}/", f"{name}0"]  # "0" follows "/"
        else:
            names.append("t.name = ?")
            given.append(name)
    marks = ",".join(map(str, roles))
    return (
        f"e.id IN (SELECT p.event FROM part p JOIN thing t ON t.id = p.thing WHERE "  # noqa: S608 - ours
        f"p.role IN ({marks}) AND ({' OR '.join(names)}))",
        given,
    )


def _one(asked: Mapping[str, Sequence[str]], name: str, otherwise: str) -> str:
    values = asked.get(name) or [otherwise]
    return values[0]


def _count(asked: Mapping[str, Sequence[str]], name: str, otherwise: int, most: int) -> int:
    text = _one(asked, name, str(otherwise))
    if re.fullmatch(r"\d{1,6}", text) is None or (name in asked and not int(text)):
        raise _wrong(name, f"a number from 1 to {most}")
    return min(int(text), most)


def _wrong(name: str, what: str) -> InputError:
    return InputError(
        "epcis.query",
        f"expected {what} in the query parameter {name[:60]!a}",
        hint="GS1 EPCIS 2.0, 8.2.7.1 lists the parameters; extensions and orders but by time are "
        "not offered.",
    )


_PAGING: Final = frozenset({"perPage", "nextPageToken", "eventCountLimit", "orderBy"}) | {
    "orderDirection"
}
_MATCHES: Final = {
    "MATCH_epc": (ITEM, CHILD),
    "MATCH_parentID": (PARENT,),
    "MATCH_inputEPC": (INPUT,),
    "MATCH_outputEPC": (OUTPUT,),
    "MATCH_anyEPC": (ITEM, PARENT, CHILD, INPUT, OUTPUT),
    "MATCH_epcClass": (ITEM, CHILD),
    "MATCH_inputEPCClass": (INPUT,),
    "MATCH_outputEPCClass": (OUTPUT,),
    "MATCH_anyEPCClass": (ITEM, PARENT, CHILD, INPUT, OUTPUT),
}
_CLAUSES: Final[dict[str, Callable[[list[str]], _Clause]]] = {
    "eventType": _among("kind", _type),
    "EQ_action": _among("action", _action),
    "EQ_bizStep": _among("step", lambda one: bare("bizStep", one, {})),
    "EQ_disposition": _among("disposition", lambda one: bare("disposition", one, {})),
    "EQ_readPoint": _among("point", canonical),
    "EQ_bizLocation": _among("place", canonical),
    "EQ_transformationID": _among("transformation", canonical),
    "EQ_eventID": _ids,
    "GE_eventTime": _times(">="),
    "LT_eventTime": _times("<"),
}
