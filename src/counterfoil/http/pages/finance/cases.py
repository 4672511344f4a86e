"""Held payments for those who decide them: the list, and one case with all that is known of it.

Personal data stays sealed until somebody asks to see it, which is recorded under their name. This
module refuses to decide without a reason, and to say what to decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final, Literal, cast

from counterfoil.apps.finance.held.brief import BriefCase
from counterfoil.apps.finance.held.cases import DECIDED, Case
from counterfoil.apps.finance.held.file import CaseFile
from counterfoil.apps.finance.payments import PAYMENT_ROLE
from counterfoil.drawing import contributions
from counterfoil.errors import CounterfoilError, InputError
from counterfoil.http.pages.addresses import changed
from counterfoil.http.pages.page import Action, Asked, Page
from counterfoil.http.pages.summaries import decimal_of
from counterfoil.http.pages.tried import tried
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger
from counterfoil.ledger.search.fields import flatten
from counterfoil.ops.finance import cases

__all__ = ["PAGES"]

_PATH: Final = "/apps/finance/cases"
_SHOWN: Final = 100
_STATES: Final = ("open", "release", "return")
_FIELDS_MAX: Final = 20
_WAIT_S: Final = 20  # then the page says how far it is, and the node goes on


def _cases(site: Site, asked: Asked) -> dict[str, Any]:
    state = asked.one("state", "open")
    if state not in (*_STATES, "all"):
        raise InputError(
            "page.parameter",
            f"expected the state open, release, return or all, found {state[:40]!a}",
            hint="Leave it out for those that wait.",
        )
    before = asked.integer("before", -1)
    found, older = cases.brief(
        limit=asked.integer("limit", _SHOWN, least=1, most=1000),
        before=None if before < 0 else before,
        ledger=site.ledger.layout.folder,
    )
    return {
        "cases": [_line(one) for one in found if state in ("all", one.state)],
        "looked": len(found),
        "before": older,
        "_older": "" if older is None else changed(_PATH, asked.query, before=older),
        "_first": changed(_PATH, asked.query, before=None) if before >= 0 else "",
        "state": state,
        "_states": [
            {
                "value": words,
                "count": None,
                "on": name == state,
                "href": changed(_PATH, asked.query, state=name, before=None),
            }
            for name, words in (
                ("open", "wait for a person"),
                ("release", "released"),
                ("return", "returned"),
                ("all", "all"),
            )
        ],
    }


def _line(one: BriefCase) -> dict[str, Any]:
    found = {name: getattr(one, name) for name in one.__slots__}
    numbers = {name: decimal_of(found[name]) for name in ("score", "threshold")}
    return {**found, **numbers}


def _row(case: Case) -> dict[str, Any]:
    said = case.hold.said
    return {
        "case": case.number,
        "state": case.state,
        "payment": case.payment,
        "at_ms": case.hold.at_ms,
        "score": decimal_of(said.get("score")),
        "threshold": decimal_of(said.get("threshold")),
        "maker": (said.get("model") or {}).get("name"),
        "note": str(said.get("note") or "")[:300],
        "amount": None if case.agreed is None else case.agreed.said.amount,
        "escrow": case.agreed is not None,
        "by": None if not case.people else (case.people[-1].said.get("accountable") or {})["name"],
    }


def _case(site: Site, asked: Asked) -> dict[str, Any]:
    return _file(site, asked, None)


def _opened(site: Site, asked: Asked) -> dict[str, Any]:
    return _file(site, asked, asked.principal.name if asked.principal else "nobody")


def _file(site: Site, asked: Asked, actor: str | None) -> dict[str, Any]:
    """Gather a case; actor: for whom what is sealed is opened, else it stays so."""
    place, number = site.ledger.layout.folder, str(asked.path["number"])
    found = cases.get(number, actor=actor, ledger=place)
    standing, no_chain = None, None
    if found.case.agreed is not None:
        standing, no_chain = tried(lambda: cases.get(number, on_chain=True, ledger=place))
    facts = {**found.to_json(), **_row(found.case)}
    return {
        "title": f"Case {found.case.number}",
        "file": facts,
        "money": _money(standing or found),
        "no_chain": no_chain,
        "people": [_said(one.said, one.index, one.at_ms) for one in found.case.people],
        "paid": _paid(site.ledger, found.case),
        "accountable": (found.case.hold.said.get("accountable") or {}).get("name"),
        "_reasons": _reasons(found),
    }


def _paid(ledger: Ledger, case: Case) -> dict[str, Any] | None:
    """Find the payment's own record, where the decision names one: its place, and its fields."""
    for one in case.hold.said.get("based_on") or ():
        if one.get("role") == PAYMENT_ROLE and one.get("leaf"):
            try:
                view = ledger.get(ledger.find_leaf(str(one["leaf"])))
            except CounterfoilError:  # of another log, or no leaf: anybody may name anything
                continue
            said = ((name, value) for name, value in flatten(view.content) if name is not None)
            return {"index": view.index, "said": dict(islice(said, _FIELDS_MAX))}
    return None


def _reasons(file: CaseFile) -> str:
    values = {name: value for name, text in file.contributions.items()
              if (value := decimal_of(text)) is not None}  # fmt: skip
    if not values:
        return ""
    inputs = {name: str(value)[:60] for name, value in file.inputs.items()}
    return contributions("What raised and lowered the score", values, inputs=inputs, unit=file.unit)


def _money(file: CaseFile) -> dict[str, Any] | None:
    if file.case.agreed is None:
        return None
    said, falls = file.case.agreed.said, file.falls_to
    return {
        "amount": file.amount or said.amount,
        "left": file.left,
        "state": None if file.standing is None else file.standing.state.value,
        "payer": said.payer,
        "payee": said.payee,
        "escrow": said.escrow,
        "chain_id": said.chain_id,
        "payment_id": said.payment_id,
        "terms": file.case.agreed.index,
        "falls_to": None if falls is None else falls[0],
        "falls_ms": None if falls is None else falls[1] * 1000,
    }


def _said(said: Mapping[str, Any], index: int, at_ms: int | None) -> dict[str, Any]:
    who = said.get("accountable") or {}
    return {
        "index": index,
        "at_ms": at_ms,
        "outcome": said.get("outcome"),
        "by": who.get("name"),
        "role": who.get("role"),
        "why": said.get("note", ""),
    }


def _decide(site: Site, asked: Asked) -> str:
    number, outcome = asked.path["number"], asked.form.get("outcome", "")
    if outcome not in DECIDED:
        raise InputError(
            "page.parameter",
            f"expected the outcome release or return, found {outcome[:40]!a}",
            hint="Choose one of the two, and send the form again.",
        )
    cases.decide(
        str(number),
        cast("Literal['release', 'return']", outcome),
        why=asked.form.get("why", "").strip(),
        by=asked.principal.name if asked.principal else "",
        role=asked.form.get("role", "").strip() or None,
        wait=_WAIT_S,
        ledger=site.ledger.layout.folder,
    )
    return f"{_PATH}/{number}"


PAGES: Final = (
    Page(_PATH, "Cases", _cases, "finance/cases.html", nav="finance", rows="cases",
         words=("case",)),
    Page(f"{_PATH}/{{number:int}}", "Case", _case, "finance/case.html", nav="finance",
         words=("case",)),
    Page(f"{_PATH}/{{number:int}}/opened", "Case", _opened, "finance/case.html", nav="finance",
         role="auditor", words=("case", "get"), posted=True),
    Action(f"{_PATH}/{{number:int}}/decide", _decide, "writer", ("case", "decide")),
)  # fmt: skip
