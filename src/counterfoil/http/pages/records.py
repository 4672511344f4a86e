"""The page of records: search every field, click a value to filter by it, watch what comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.http.pages.addresses import changed, condition
from counterfoil.http.pages.kept import worked_out
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.summaries import row_of, telling, timed
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger, RecordView
from counterfoil.ops import schemas
from counterfoil.ops.decisions import parse_time
from counterfoil.ops.searches import search

__all__ = ["PAGES", "listed"]

_LIMIT: Final = 50
_LIMIT_MAX: Final = 500
_SOURCES_MAX: Final = 12
_COLUMNS_MAX: Final = 8
_CONDITIONS_MAX: Final = 16
_KINDS_EVERY_S: Final = 30.0
_SOURCES_EVERY_S: Final = 10.0
_STEADY: Final = ("index", "kind", "source", "at_ms", "says")
_OPTIONAL: Final = ("issuer", "number", "leaf")
_SINCE: Final = (("1h", "last hour"), ("1d", "last day"), ("7d", "last week"), ("30d", "30 days"))
_PATH: Final = "/records"
_WITHOUT_BATCHES: Final = "kind!=batch"


def _facts(site: Site, asked: Asked) -> dict[str, Any]:
    columns = _columns(asked)
    own = tuple(name for name in columns if name not in (*_STEADY, *_OPTIONAL))
    after = asked.integer("after", -1)
    found = search(
        _conditions(asked),
        ledger=site.ledger.layout.folder,
        limit=asked.integer("limit", _LIMIT, least=1, most=_LIMIT_MAX),
        after=None if after < 0 else after,
        oldest_first=asked.one("order") == "oldest",
    )
    hits = timed(site.ledger, found.hits)
    older = changed(_PATH, asked.query, after=found.next) if found.next is not None else ""
    first = changed(_PATH, asked.query) if after >= 0 else ""
    return {
        "records": [row_of(one, own) for one in hits],
        "total": found.total,
        "size": found.size,
        "next": found.next,
        "notice": found.notice,
        "_shown": [_shown(asked, one, own) for one in hits],
        "_facets": _facets(site.ledger, asked),
        "_chosen": _chosen(asked),
        "_columns": own,
        "_more": [name for name in columns if name in _OPTIONAL],
        "_optional": _toggles(asked, columns),
        "_pager": {"newer": first, "older": older},
        "_every": "" if asked.one("all") else changed(_PATH, asked.query, all=1),
        "_live": after < 0 and asked.one("order") != "oldest",
        "_clear": changed(_PATH, {}, columns=list(asked.query.get("columns", ()))),
    }


def listed(view: RecordView) -> dict[str, Any]:
    """Lay a record out for `records_table.html`: its row, and what of it can be clicked."""
    return {**row_of(view), "telling": telling(view)}


def _shown(asked: Asked, view: RecordView, own: tuple[str, ...]) -> dict[str, Any]:
    row = row_of(view, own)
    picks: dict[str, str] = {}
    for name in ("kind", "source", "issuer"):
        if row[name]:
            picks[name] = changed(_PATH, asked.query, **{name: row[name]})
    for name in own:
        if row[name] is not None and (term := condition(name, row[name])):
            picks[name] = _adding(asked, term)
    said = [
        {**one, "href": _adding(asked, term) if (term := _term(view, one)) else ""}
        for one in telling(view)
    ]
    return {**row, "telling": said, "picks": picks}


def _term(view: RecordView, one: dict[str, Any]) -> str:
    from counterfoil.ledger.search.fields import flatten

    value = next((value for path, value in flatten(view.content) if path == one["field"]), None)
    return condition(one["field"], value)


def _adding(asked: Asked, term: str) -> str:
    terms = [one for one in asked.query.get("f", ()) if one != term]
    return changed(_PATH, asked.query, f=[*terms, term])


def _conditions(asked: Asked) -> tuple[str, ...]:
    """Write the search that an address stands for. Raises InputError as `parse_time`."""
    terms = [asked.one("q"), *asked.query.get("f", ())]
    if len(terms) > _CONDITIONS_MAX:
        raise InputError(
            "page.parameter",
            f"expected at most {_CONDITIONS_MAX} conditions, found {len(terms)}",
            hint="Take some of them away.",
        )
    for name in ("kind", "source", "issuer"):
        if value := asked.one(name):
            terms.append(condition(name, value, header=True))
    if not any(term.strip() for term in terms) and not asked.one("all"):
        terms.append(_WITHOUT_BATCHES)
    now = datetime.now(UTC)
    for name, operator in (("since", ">="), ("until", "<")):
        if value := asked.one(name):
            terms.append(f"at_ms{operator}{parse_time(value, now)}")
    return tuple(term for term in terms if term.strip())


def _chosen(asked: Asked) -> list[dict[str, str]]:
    """List the conditions that were clicked, each with the address without it."""
    found = []
    for name in ("kind", "source", "issuer", "since", "until"):
        if value := asked.one(name):
            without = changed(_PATH, asked.query, **{name: None})
            found.append({"words": f"{name} {value}", "href": without})
    terms = asked.query.get("f", ())
    for one in terms:
        rest = [term for term in terms if term != one]
        found.append({"words": one, "href": changed(_PATH, asked.query, f=rest or None)})
    return found


def _facets(ledger: Ledger, asked: Asked) -> list[dict[str, Any]]:
    kinds = worked_out(ledger, "kinds", _KINDS_EVERY_S, lambda: _kinds(ledger)) or []
    sources = worked_out(ledger, "sources", _SOURCES_EVERY_S, lambda: _sources(ledger)) or []
    by_source: dict[str, int] = {}
    by_issuer: dict[str, int] = {}
    for issuer, source, count in sources:
        by_source[source] = by_source.get(source, 0) + count
        by_issuer[issuer] = by_issuer.get(issuer, 0) + count
    return [
        _facet(asked, "kind", "Kind", dict.fromkeys(kinds)),
        _facet(asked, "source", "Source", by_source),
        _facet(asked, "issuer", "Issuer", by_issuer if len(by_issuer) > 1 else {}),
        _times(asked),
    ]


def _times(asked: Asked) -> dict[str, Any]:
    on = asked.one("since")
    return {
        "label": "Time",
        "values": [
            {
                "value": words,
                "count": None,
                "on": on == since,
                "href": changed(_PATH, asked.query, since=None if on == since else since),
            }
            for since, words in _SINCE
        ],
    }


def _facet(asked: Asked, name: str, label: str, counts: dict[str, Any]) -> dict[str, Any]:
    on = asked.one(name)
    shown = [*list(counts)[:_SOURCES_MAX]] if name != "kind" else list(counts)
    if on and on not in shown:
        shown.append(on)
    return {
        "label": label,
        "values": [
            {
                "value": value,
                "count": counts.get(value),
                "on": value == on,
                "href": changed(_PATH, asked.query, **{name: None if value == on else value}),
            }
            for value in shown
        ],
    }


def _sources(ledger: Ledger) -> list[tuple[str, str, int]]:
    return sorted(ledger.sources(), key=lambda one: -one[2])


def _kinds(ledger: Ledger) -> list[str]:
    """Tell which kinds of entries there are."""
    known = [one.name for one in schemas.schema(None)]  # type: ignore[union-attr]  # lists them
    return [
        kind
        for kind in dict.fromkeys((*known, "batch", "verdict"))
        if ledger.search(condition("kind", kind, header=True), limit=1).hits
    ]


def _columns(asked: Asked) -> tuple[str, ...]:
    """Read which columns are shown beside those that always are."""
    named = [one.strip() for text in asked.query.get("columns", ()) for one in text.split(",")]
    return tuple(dict.fromkeys(name for name in named if name and name not in _STEADY))[
        :_COLUMNS_MAX
    ]


def _toggles(asked: Asked, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "value": name,
            "count": None,
            "on": name in columns,
            "href": changed(
                _PATH,
                asked.query,
                columns=",".join(
                    [one for one in columns if one != name] if name in columns else [*columns, name]
                )
                or None,
            ),
        }
        for name in (*_OPTIONAL, *(one for one in columns if one not in _OPTIONAL))
    ]


PAGES: Final = (Page(_PATH, "Records", _facts, "records.html", nav="records", rows="records"),)
