"""Compliance rules: which are on record, in which versions, and which of them said something.

This module refuses to change a rule: a file is tested and recorded by whoever answers for it.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from counterfoil.apps.finance.held.cases import payment_of
from counterfoil.apps.finance.rules.recorded import RULES_ALONE, RecordedRules, find_rules
from counterfoil.errors import NotFound
from counterfoil.http.pages.addresses import condition
from counterfoil.http.pages.finance.stream import LOOKS
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.site import Site
from counterfoil.ledger import RecordView
from counterfoil.ops.finance import rules
from counterfoil.ops.searches import search
from counterfoil.provenance.statements.rules import RuleVersion

__all__ = ["PAGES"]

_PATH: Final = "/apps/finance/rules"
_SETS: Final = 50
_FIRED: Final = 500
_SHOWN: Final = 50


def _rules(site: Site, asked: Asked) -> dict[str, Any]:
    place, chosen = site.ledger.layout.folder, asked.one("rule")
    sets = [_set(one) for one in rules.listing(ledger=place, limit=_SETS)]
    terms = [f"kind=decision purpose={RULES_ALONE} outcome!=pass"]
    if chosen:
        terms.append(condition("based_on.name", chosen))
    found = search(tuple(terms), ledger=place, limit=_FIRED)
    fired = [_fired(one) for one in found.hits]
    counts = Counter(name for one in fired for name in one["rules"])
    return {
        "rules": [{**rule, "set": one["name"], "fired": counts.get(rule["name"], 0)}
                  for one in sets[:1] for rule in one["rules"]],
        "sets": [{name: value for name, value in one.items() if name != "rules"} for one in sets],
        "decisions": fired[:_SHOWN],
        "looked": len(fired),
        "looked_more": found.next is not None,
        "rule": chosen,
        "_looks": LOOKS,
    }  # fmt: skip


def _text(site: Site, asked: Asked) -> dict[str, Any]:
    index = asked.path["index"]
    view = site.ledger.get(index)
    if view.kind != "rule":
        raise NotFound(
            "rules.unknown",
            f"expected rules at entry {index}, found a {view.kind}",
            hint="The page of rules lists all that are on record.",
        )
    found, ruleset = find_rules(site.ledger, str(view.content["digest"]))
    return {
        "title": f"{found.said.name} {found.said.version}",
        "set": _set(found),
        "text": ruleset.text.decode("utf-8", "replace"),
    }


def _set(one: RecordedRules) -> dict[str, Any]:
    said = one.said
    return {
        "index": one.index,
        "leaf": one.leaf,
        "name": said.name,
        "version": said.version,
        "language": said.language,
        "digest": said.digest,
        "cases": said.cases,
        "count": len(said.rules),
        "at_ms": said.at_ms,
        "accountable": said.accountable.name if said.accountable else None,
        "rules": [
            {
                "name": f"{rule.id}:{rule.version}",
                "title": rule.title,
                "outcome": rule.outcome,
                "severity": rule.severity,
                "jurisdiction": rule.jurisdiction,
                "from_ms": rule.from_ms,
                "until_ms": rule.until_ms,
                "from_day": _day(rule.from_ms),
                "until_day": _day(rule.until_ms),
                "in_force": _in_force(rule),
            }
            for rule in said.rules
        ],
    }


def _day(at_ms: int | None) -> str:
    return "" if not at_ms else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")


def _in_force(rule: RuleVersion) -> bool:
    now = int(datetime.now(UTC).timestamp() * 1000)
    first, last = rule.from_ms, rule.until_ms
    return (not first or first <= now) and (not last or now < last)


def _fired(view: RecordView) -> dict[str, Any]:
    said = view.content
    return {
        "index": view.index,
        "at_ms": view.at_ms,
        "payment": payment_of(said),
        "outcome": said.get("outcome"),
        "rules": [
            str(one.get("name"))
            for one in said.get("based_on") or ()
            if one.get("role") not in ("payment", None) and one.get("name")
        ],
        "why": str(said.get("note") or "")[:400],
        "case": view.index if said.get("outcome") == "hold" else None,
    }


PAGES: Final = (
    Page(_PATH, "Rules", _rules, "finance/rules.html", nav="finance", rows="rules",
         words=("rules",)),
    Page(f"{_PATH}/{{index:int}}", "Rules", _text, "finance/rules_text.html", nav="finance",
         words=("rules",)),
)  # fmt: skip
