"""Facts of the pages for those who work with a ledger, on plain values."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from counterfoil.act import Acted
from counterfoil.act.book_tables import JobPhase
from counterfoil.errors import CounterfoilError, InputError, Unavailable
from counterfoil.http.pages.api_reference import api_pages
from counterfoil.http.pages.contracts import PAGES, steps_of
from counterfoil.http.pages.page import Action, Asked
from counterfoil.http.pages.summaries import decimal_of
from counterfoil.http.pages.tried import listed, tried

PLACE = {"name": "entry", "in": "path", "required": True, "schema": {"type": "string"}}
WORDS = {"name": "terms", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
DESCRIBED: dict[str, Any] = {
    "info": {},
    "tags": [{"name": "record", "description": "Records."}],
    "paths": {
        "/api/v1/record/{entry}": {
            "get": {
                "operationId": "get-record",
                "tags": ["record"],
                "parameters": [PLACE, WORDS],
            },
            "delete": {"operationId": "delete-record", "tags": ["record"]},
        },
        "/records.json": {"get": {"operationId": "records", "tags": ["records.json"]}},
        "/healthz": {"get": {"operationId": "health", "tags": ["healthz"]}},
        "/api/v1/status": {"get": {"operationId": "status", "tags": ["status"]}},
    },
}


def acted(phase: JobPhase, **more: Any) -> Acted:
    """Make an action at a phase."""
    fields: dict[str, Any] = {
        "number": 1, "phase": phase, "chain_id": 1, "decision": "ab" * 32, "verdict": 7,
        "leaf": "cd" * 32, "scope": "payment.hold", "consumer": "0x0", "function": "hold(uint256)",
        "arguments": (), "amount": "1", "decider": "0x1", "expiry_s": 2, "transaction": None,
        "block": None, "time_s": None, "action": None, "trouble": None, **more,
    }  # fmt: skip
    return Acted(**fields)


@pytest.mark.parametrize("phase", get_args(JobPhase))
def test_each_phase_is_some_way_from_decision_to_action(phase: JobPhase) -> None:
    """Steps that are done come first; the first that is not says what it waits for."""
    steps = steps_of(acted(phase), 5)
    done = [one["state"] == "ok" for one in steps]
    assert done == sorted(done, reverse=True)
    assert done[0]
    assert [one["name"] for one in steps] == ["Decision", "Verdict", "Proof", "Gate", "Action"]
    assert all(done) == (phase == "done")
    assert ("bad" in [one["state"] for one in steps]) == (phase == "dropped")
    assert steps[0]["href"] == "/records/5"


def test_what_is_stuck_is_stuck_at_one_step() -> None:
    """A refusal shows where it happened, and what comes after still waits."""
    steps = steps_of(acted("recorded", trouble=("gate.expired", "too late")), None)
    assert [one["state"] for one in steps] == ["ok", "ok", "bad", "wait", "wait"]
    assert steps[0]["href"] == ""
    done = steps_of(acted("done", trouble=("chain.slow", "was slow"), action=9), 5)
    assert {one["state"] for one in done} == {"ok"}


def asked(**query: str) -> Asked:
    """Ask for a page with parameters."""
    return Asked({}, {name: (value,) for name, value in query.items()})


def tried_address(**query: str) -> str:
    """Give the address that the form of a call leads to."""
    page = api_pages(lambda: DESCRIBED)[1]
    return str(page.facts(None, asked(**query))["goes_to"])  # type: ignore[arg-type]  # no site


def test_a_form_leads_to_its_call() -> None:
    """Places are filled in, lists are split at lines, and what is empty is left out."""
    assert tried_address(call="status") == "/api/v1/status"
    found = tried_address(call="get-record", entry="12", terms="a=1\n\nb>2\r\n")
    assert found == "/api/v1/record/12?terms=a%3D1&terms=b%3E2"


@pytest.mark.parametrize(
    "entry", ["../../signout", "//evil.example", "12?x=1", "12#x", "a\r\nLocation: /x"]
)
def test_a_form_leads_nowhere_else(entry: str) -> None:
    """What is filled into a path stays one part of it."""
    found = tried_address(call="get-record", entry=entry)
    assert found.startswith("/api/v1/record/")
    assert not set(found.removeprefix("/api/v1/record/")) & set("/?#\r\n ")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"call": "delete-record"},
        {"call": "https://x"},
        {"call": "get-record"},
        {"call": "get-record", "entry": ".."},
        {"call": "get-record", "entry": "."},
    ],
)
def test_a_form_without_sense_is_refused(query: dict[str, str]) -> None:
    """Only a call that reads, with all its places, leads anywhere."""
    with pytest.raises(InputError) as caught:
        tried_address(**query)
    assert caught.value.code == "page.parameter"


def test_calls_are_grouped() -> None:
    """By their first word; single words, data of pages and protocols have groups of their own."""
    groups, _, group = api_pages(lambda: DESCRIBED)
    found = groups.facts(None, asked())["groups"]  # type: ignore[arg-type]  # no site
    assert {one["name"]: one["calls"] for one in found} == {
        "record": 2, "pages": 1, "protocols": 1, "ledger": 1,
    }  # fmt: skip
    assert group.role == "reader"


def test_a_part_that_fails_says_why() -> None:
    """What was foreseen becomes a problem; what was not is not swallowed."""

    def fails() -> list[int]:
        raise Unavailable("chain.unreachable", "expected an answer", hint="Look at the node.")

    def breaks() -> list[int]:
        raise ZeroDivisionError

    assert tried(lambda: 3) == (3, None)
    nothing, problem = tried(fails)
    assert (nothing, problem and problem["code"]) == (None, "chain.unreachable")
    assert listed(lambda: iter([1, 2])) == ([1, 2], None)
    found, problem = listed(fails)
    assert (found, problem and problem["hint"]) == ([], "Look at the node.")
    with pytest.raises(ZeroDivisionError):
        tried(breaks)
    assert issubclass(Unavailable, CounterfoilError)


@pytest.mark.parametrize(
    "minutes", ["", "0", "10081", "1.5", "-1", "1" + "0" * 5000, "0" * 20 + "9"]
)
def test_a_halt_is_of_some_minutes(minutes: str) -> None:
    """What is no number of minutes up to a week stops nothing, however long it is."""
    (halt,) = (one for one in PAGES if isinstance(one, Action) and one.path == "/contracts/halt")
    form = {"minutes": minutes, "why": "x"}
    with pytest.raises(InputError) as caught:
        halt.act(None, Asked({}, {}, None, form))  # type: ignore[arg-type]  # no site
    assert caught.value.code == "page.parameter"


@pytest.mark.parametrize(
    ("text", "found"),
    [("0.25", 0.25), ("-1e3", -1000.0), ("nan", None), ("inf", None), ("1e999", None),
     (None, None), ("x", None), (10**400, None)],
)  # fmt: skip
def test_a_decimal_is_a_number_of_json(text: Any, found: float | None) -> None:
    """What JSON has no number for is none: it may not take the page as data away."""
    assert decimal_of(text) == found
