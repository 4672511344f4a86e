"""Contracts that act on decisions: what was asked of them, who may ask, and what stands where.

Each row goes from the decision over its proof to what the contract did. Whoever runs the node can
stop everything from here, and go on. This module refuses to ask a contract for an action: that
begins with a decision.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import Any, Final

from counterfoil.act import Acted
from counterfoil.errors import InputError, NotFound
from counterfoil.http.pages.page import Action, Asked, Page
from counterfoil.http.pages.tried import listed
from counterfoil.http.site import Site
from counterfoil.ops import acting, contracts, governing

__all__ = ["PAGES", "steps_of"]

_SHOWN: Final = 100
_GOVERNED: Final = 50
_DIGITS_MAX: Final = 9
_MINUTES_MAX: Final = 10_080
_NAMES: Final = ("Decision", "Verdict", "Proof", "Gate", "Action")
_REACHED: Final = {
    "planned": 1,
    "recorded": 2,
    "signed": 3,
    "sent": 3,
    "mined": 4,
    "final": 4,
    "done": 5,
    "dropped": 1,
}
"""Phase of a job -> how many of the steps are behind it."""


def _contracts(site: Site, _asked: Asked) -> dict[str, Any]:
    place = site.ledger.layout.folder
    acted, no_book = listed(lambda: acting.listing(limit=_SHOWN, ledger=place))
    stand, no_chain = listed(lambda: contracts.listing(ledger=place))
    given, no_registry = listed(lambda: governing.approvals(ledger=place))
    names = {one.address: one.name for one in stand}
    rows = [_row(site, one, names) for one in acted]
    return {
        "actions": rows,
        "pending": sum(row["phase"] not in ("done", "dropped") for row in rows),
        "done": sum(row["phase"] == "done" for row in rows),
        "contracts": [one.to_json() for one in stand],
        "approvals": [one.to_json() for one in given],
        "halted": sum(one.state == "halted" for one in given),
        "governance": _governance(site),
        "trouble": {"actions": no_book, "contracts": no_chain, "approvals": no_registry},
        "_ways": {
            row["number"]: steps_of(one, row["decision"])
            for row, one in zip(rows, acted, strict=True)
        },
    }


def _one(site: Site, asked: Asked) -> dict[str, Any]:
    place = site.ledger.layout.folder
    found = acting.get(asked.path["number"], ledger=place)
    stand, _ = listed(lambda: contracts.listing(ledger=place))
    row = _row(site, found, {one.address: one.name for one in stand})
    steps = steps_of(found, row["decision"])
    return {"title": f"Action {found.number}", "acted": found.to_json(), "row": row, "steps": steps}


def _row(site: Site, one: Acted, names: dict[str, str]) -> dict[str, Any]:
    decision = None
    with suppress(NotFound):
        decision = site.ledger.find_leaf(one.decision)
    return {
        "number": one.number,
        "phase": one.phase,
        "decision": decision,
        "decision_leaf": one.decision,
        "verdict": one.verdict,
        "action": one.action,
        "scope": one.scope,
        "contract": names.get(one.consumer, ""),
        "consumer": one.consumer,
        "function": one.function.partition("(")[0].strip("_"),
        "amount": one.amount,
        "subject": one.subject,
        "transaction": one.transaction,
        "block": one.block,
        "at_ms": None if one.time_s is None else one.time_s * 1000,
        "trouble": None if one.trouble is None else f"{one.trouble[1]} [{one.trouble[0]}]",
    }


def steps_of(one: Acted, decision: int | None) -> list[dict[str, Any]]:
    """Tell how far it is: each step with its state, in a word, and where it leads."""
    reached = _REACHED[one.phase]
    stopped = one.phase == "dropped" or (one.trouble is not None and one.phase != "done")
    words = (
        "recorded",
        "signed" if one.verdict is not None else "planned",
        "anchored" if reached > 2 else "waits for an anchor",
        {"signed": "signed", "sent": "sent", "mined": "mined"}.get(
            one.phase, "passed" if reached > 3 else "not asked"
        ),
        "recorded" if one.action is not None else "none yet",
    )
    places = (decision, one.verdict, one.verdict, None, one.action)
    steps = []
    for at, (name, word, index) in enumerate(zip(_NAMES, words, places, strict=True)):
        state = "ok" if at < reached else "bad" if stopped and at == reached else "wait"
        href = "" if index is None else f"/records/{index}"
        steps.append({"name": name, "state": state, "word": word, "href": href})
    return steps


def _governance(site: Site) -> list[dict[str, Any]]:
    hits = site.ledger.search("kind=governance", limit=_GOVERNED).hits
    return [
        {
            "index": hit.index,
            "at_ms": hit.at_ms,
            "action": hit.content.get("action"),
            "scope": hit.content.get("scope"),
            "approval": hit.content.get("approval"),
            "why": hit.content.get("why", ""),
            "block": hit.content.get("block"),
            "transaction": hit.content.get("transaction"),
        }
        for hit in islice(hits, _GOVERNED)
    ]


def _halt(site: Site, asked: Asked) -> str:
    minutes = asked.form.get("minutes", "")
    whole = minutes.isascii() and minutes.isdigit() and len(minutes) <= _DIGITS_MAX
    if not whole or not 1 <= int(minutes) <= _MINUTES_MAX:
        raise InputError(
            "page.parameter",
            f"expected a number of minutes from 1 to {_MINUTES_MAX}, found {minutes[:40]!a}",
            hint="Seven days are the most that a guardian may halt for.",
        )
    governing.halt(
        asked.form.get("approval", "all"),
        seconds=60 * int(minutes),
        why=_why(asked),
        ledger=site.ledger.layout.folder,
    )
    return "/contracts#approvals"


def _resume(site: Site, asked: Asked) -> str:
    place = site.ledger.layout.folder
    governing.resume(asked.form.get("approval", "all"), why=_why(asked), ledger=place)
    return "/contracts#approvals"


def _settle(site: Site, _asked: Asked) -> str:
    for _ in acting.settle(ledger=site.ledger.layout.folder):
        pass
    return "/contracts"


def _why(asked: Asked) -> str:
    why = asked.form.get("why", "").strip()
    if why and asked.principal is not None:
        return f"{why} ({asked.principal.name})"
    raise InputError(
        "act.why",
        "expected why, found nothing",
        hint="Say it in the form: whoever audits it will ask.",
    )


PAGES: Final = (
    Page("/contracts", "Contracts", _contracts, "contracts.html", nav="contracts", rows="actions",
         words=("act",)),
    Page("/contracts/{number:int}", "Action", _one, "contract_action.html", nav="contracts",
         words=("act",)),
    Action("/contracts/halt", _halt, "operator", ("act", "halt")),
    Action("/contracts/resume", _resume, "operator", ("act", "resume")),
    Action("/contracts/settle", _settle, "operator", ("act", "settle")),
)  # fmt: skip
