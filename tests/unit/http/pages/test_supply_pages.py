"""Facts of the supply app's pages: things, journeys, recalls, doubts, forecasts, orders."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.handover import take_over
from counterfoil.apps.supply.events.identifiers import DOMAIN, canonical
from counterfoil.apps.supply.foreseen import record_foreseen, record_outcome
from counterfoil.formats import receipt as receipts
from counterfoil.http.pages.supply.naming import Naming, address, thing_of, words_of
from counterfoil.ledger import open_ledger
from counterfoil.ledger.written import record_written
from tests.guarded import GuardedNode
from tests.ledgers import copy_ledger
from tests.supply_made import at, event, item, pallet
from tests.supply_story import BAD_LOT, CHEESE, PALLET, PLACES, tell


@pytest.fixture
def told(node: GuardedNode) -> GuardedNode:
    """Give a node with the chain of the story."""
    tell(node.ledger)
    return node


def facts(node: GuardedNode, path: str, **query: str) -> dict[str, Any]:
    """Ask for a page as data."""
    base, _, more = path.partition("?")
    asked = "&".join([*filter(None, [more]), *(f"{k}={quote(v)}" for k, v in query.items())])
    answer = node.ask(f"{base}.json?{asked}", node.key("reader"))
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


@pytest.mark.parametrize(
    "name",
    [
        f"{DOMAIN}/01/04012345222227/10/MILK%2F7",
        f"{DOMAIN}/00/340123450000000017",
        "geo:53.5,8.5",
        "urn:x:a.json",
        "https://other.example/a/../b?c=d#e",
        "urn:x:%25 ü",
    ],
)
def test_each_name_has_an_address_that_leads_back(told: GuardedNode, name: str) -> None:
    """Whatever a thing is called, its address asks for that very thing."""
    answer = told.ask(address(name), told.key("reader"))
    assert answer.status == 404
    assert "supply.thing" in answer.body.decode()
    if "?" not in address(name):
        assert thing_of(name.removeprefix(f"{DOMAIN}/")) == name
    assert words_of(name)


def test_a_thing_is_told_from_its_events(told: GuardedNode) -> None:
    """Where it is, what its maker says, its journey with handovers, and each entry that says so."""
    found = facts(told, address(canonical(CHEESE)), high="8")
    assert found["now"]["place"] == PLACES["shop"]
    assert found["now"]["gone"] == "sold"
    said = {one["name"]: one["value"] for one in found["master"]}
    assert said["lotNumber"] == "C-1"
    assert [one["place"] for one in found["stays"]] == [
        PLACES[one] for one in ("dairy", "hub", "shop")
    ]
    assert [bool(one["handover"]) for one in found["stays"]] == [True, True, False]
    assert [one["state"] for one in found["stays"]] == ["plain", "bad", "plain"]
    assert [one["high_c"] for one in found["readings"]] == [4.1, 4.4, 5.0, 9.5, 11.2, 8.9, 5.1]
    assert {one["source"] for one in found["back"]} >= {canonical(BAD_LOT)}
    assert [one["kind"] for one in found["doubts"]] == ["cold-chain"]
    for one in found["events"]:
        assert told.ledger.get(one["index"]).kind == "supply-event"
    without = facts(told, address(canonical(CHEESE)))
    assert without["doubts"] == []
    milk = facts(told, address(canonical(BAD_LOT)))
    assert milk["master"] == []  # what came out is described, and not what went in
    assert [one["value"] for one in milk["certificates"]] == [
        "https://certificates.example/organic/7"
    ]


def test_a_product_that_has_a_name_names_its_items() -> None:
    """What people call a product stands in the words of its items and lots; else its number."""
    product = f"{DOMAIN}/01/04012345111118"
    naming = Naming({product: "Cheese", f"{DOMAIN}/414/4012345000016": "The dairy"})
    assert naming.words(f"{product}/21/7") == "serial 7 of Cheese"
    assert naming.words(f"{product}/10/C-1") == "lot C-1 of Cheese"
    assert naming.words(product) == "Cheese"
    assert naming.place(f"{DOMAIN}/414/4012345000016")["words"] == "The dairy"
    assert naming.words(f"{DOMAIN}/01/04012345222227/21/7") == "serial 7 of 04012345222227"


def test_a_thing_is_told_as_of_a_time(told: GuardedNode) -> None:
    """Before it was sold it was on its pallet at the hub."""
    found = facts(told, address(canonical(CHEESE)), as_of=at(23))
    assert (found["now"]["place"], found["now"]["gone"]) == (PLACES["hub"], "")
    assert found["now"]["within"] == canonical(PALLET)
    assert len(found["events"]) < len(facts(told, address(canonical(CHEESE)))["events"])


def test_a_recall_finds_where_all_of_it_is(told: GuardedNode) -> None:
    """All that was made of the lot, by place; what was unpacked with its pallet is in the shop."""
    found = facts(told, address(canonical(BAD_LOT), "recall"))
    assert (found["total"], found["still"]) == (13, 11)
    places = {one["thing"]: one["place"] for one in found["affected"]}
    assert places[canonical("urn:epc:id:sgtin:4012345.011111.5")] == PLACES["shop"]
    assert places[canonical("urn:epc:id:sgtin:4012345.011111.11")] == PLACES["dairy"]
    assert all(told.ledger.get(one).kind == "supply-event" for one in found["evidence"])
    shop = facts(told, address(canonical(BAD_LOT), "recall"), place=PLACES["shop"])
    assert {one["place"] for one in shop["affected"]} == {PLACES["shop"]}
    assert shop["total"] == 13


def test_doubts_are_of_all_or_of_one(told: GuardedNode) -> None:
    """An item that was too fast is doubted; another has no part in it; of one event few are."""
    everything = facts(told, "/apps/supply/doubts", high="8")
    assert {one["kind"] for one in everything["doubts"]} == {"too-fast", "cold-chain"}
    one = facts(told, "/apps/supply/doubts", thing=CHEESE)
    assert one["doubts"] == []
    assert facts(told, "/apps/supply/doubts", newest="1")["looked"] == 1


def test_the_overview_counts_what_was_captured(told: GuardedNode) -> None:
    """Events by kind, places, the newest doubts, and devices with the state of their keys."""
    found = facts(told, "/apps/supply")
    kinds = {one["kind"]: one["events"] for one in found["kinds"]}
    assert kinds == {"ObjectEvent": 8, "AggregationEvent": 2, "TransformationEvent": 1}
    assert found["events"] == 11
    assert {one["device"].rpartition(".")[2]: one["state"] for one in found["devices"]} == {
        "111": "known",
        "222": "revoked",
    }
    assert [one["kind"] for one in found["doubts"]] == ["too-fast"]
    assert sum(one["events"] for one in found["days"]) == 11


def test_a_place_and_a_party_have_pages(told: GuardedNode) -> None:
    """A place tells what happened there, a party what it took over; other pages lead to them."""
    hub = facts(told, address(PLACES["hub"], "places"), high="8")
    assert [one["step"] for one in hub["events"]] == ["departing", "receiving"]
    assert (hub["total"], hub["latitude"]) == (2, 51.51)
    assert hub["events"][1]["high_c"] == 11.2
    party = canonical("urn:epc:id:pgln:4012345.00002")
    taken = facts(told, address(party, "places"))["events"]
    assert [(one["step"], one["taken_over"]) for one in taken] == [("receiving", True)]
    answer = told.ask(address(PLACES["hub"]), told.key("reader"))
    assert (answer.status, answer.headers["location"]) == (303, address(PLACES["hub"], "places"))
    unknown = told.ask(address("geo:1,2", "places"), told.key("reader"))
    assert unknown.status == 404
    assert facts(told, "/apps/supply/places")["places"] == []


def test_every_link_of_the_pages_leads_somewhere(told: GuardedNode) -> None:
    """No page of the app has a link that is not answered."""
    waiting, seen = ["/apps/supply"], {"/apps/supply"}
    key = told.key("reader")
    while waiting:
        page = waiting.pop()
        answer = told.ask(page, key)
        assert answer.status in (200, 303), page
        told_here = answer.body.decode(errors="replace")
        for href in re.findall(r'href="(/apps/supply[^"]*)"', told_here):
            link = unescape(href).partition("#")[0]
            path = link.partition("?")[0]
            if path not in seen and len(seen) < 120:
                seen.add(path)
                waiting.append(link)
    assert len(seen) > 30


def test_a_forecast_stands_beside_what_came_of_it(told: GuardedNode) -> None:
    """Purpose, score, reasons and note, then what was measured; filtered by purpose."""
    ledger = told.ledger
    maker = record_written(ledger, "Warmth spoils.", name="rates", outcome="sell or hurry")
    made = record_foreseen(
        ledger, maker, {"low_h": "10", "high_h": "30"}, outcome="hurry", purpose="supply.spoilage",
        note="too warm at the hub", score=0.7, contributions={"hub": 0.5, "dairy": 0.2},
    )  # fmt: skip
    record_foreseen(ledger, maker, {}, outcome="late", purpose="supply.delay", note="", score=0.2)
    record_outcome(ledger, made, {"spoiled_h": 21.0}, known_ms=1_900_000_000_000)
    found = facts(told, "/apps/supply/forecasts")
    assert {one["purpose"] for one in found["forecasts"]} == {"supply.spoilage", "supply.delay"}
    one = facts(told, "/apps/supply/forecasts", purpose="supply.spoilage")["forecasts"][0]
    assert (one["index"], one["score"], one["band"]) == (made, 0.7, "10 to 30 h")
    assert one["reasons"] == ["hub +0.5", "dairy +0.2"]
    assert float(one["measured"]["spoiled_h"]) == 21.0
    for measured, words in (
        ({"spoiled": 0.0, "hours": 3.5, "used_from": 0.4}, "still good 3.5 h after it"),
        ({"spoiled": 1.0, "hours": 3, "used_from": 0.4, "used_until": 0.4}, "spoiled 3 h after it"),
        ({"spoiled": 1.0, "hours": 3, "used_until": 0.4}, "found spoiled 3 h after it"),
        ({"late_days": 1.0, "late": 1.0}, "a day late"),
        ({"late_days": -2.0, "late": 0.0}, "on time"),
        (
            {"sold_units": 162, "level": 0.9},
            "162 sold, no more than that in 90% of what was foreseen",
        ),
    ):
        record_outcome(ledger, made, measured, known_ms=1_900_000_000_000)
        assert facts(told, "/apps/supply/forecasts")["forecasts"][-1]["came"] == words
    assert facts(told, "/apps/supply/orders")["orders"] == []


def test_other_pages_lead_to_a_thing(told: GuardedNode) -> None:
    """A record of an event names its things, and a search for an EPC goes to its page."""
    entry = facts(told, address(canonical(CHEESE)))["events"][-1]["index"]
    goods = facts(told, f"/records/{entry}")["goods"]
    assert goods["things"][0]["href"] == address(canonical(CHEESE))
    for name in (CHEESE, f"https://shop.example{canonical(CHEESE).removeprefix(DOMAIN)}?x=1"):
        answer = told.ask(f"/find?q={quote(name, safe='')}", told.key("reader"))
        assert (answer.status, answer.headers["location"]) == (303, address(canonical(CHEESE)))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/apps/supply/things?thing=nothing", "supply.thing"),
        ("/apps/supply/recall/01/04012345999994", "supply.thing"),
        ("/apps/supply/doubts?high=warm", "supply.limit"),
        ("/apps/supply/things/01/04012345111118/21/1?as_of=yesterday", "supply.time"),
        ("/apps/supply/doubts?newest=0", "page.parameter"),
    ],
)
def test_what_cannot_be_answered_says_why(told: GuardedNode, path: str, code: str) -> None:
    """A wrong name, time or limit is a page that says what was expected, and no failure."""
    answer = told.ask(path, told.key("reader"))
    assert answer.status in (400, 404)
    assert code in answer.body.decode()


def test_what_came_from_another_log_is_that_logs_word(node: GuardedNode, tmp_path: Path) -> None:
    """An event that was taken over by its receipt is said by the log that it stands in."""
    packed = event("AggregationEvent", 1, action="ADD", parentID=pallet(1), childEPCs=[item(7)])
    with open_ledger(copy_ledger(tmp_path / "other")) as other:
        at_other = capture(other, [packed]).indices[0]
        assert at_other is not None
        other.publish()
        given = receipts.format(other.receipt(at_other))
        take_over(node.ledger, [given], other.policy)
        for thing in (pallet(1), item(7)):
            found = facts(node, address(canonical(thing)))
            assert [one["signed_by"] for one in found["events"]] == [other.origin]


def test_a_trace_draws_a_packing_once(node: GuardedNode) -> None:
    """A pallet's items are drawn to its left, as what it held, and not once more to its right."""
    packed = event("AggregationEvent", 1, action="ADD", parentID=pallet(1), childEPCs=[item(7)])
    capture(node.ledger, [packed])
    page = node.ask(address(canonical(pallet(1))), node.key("reader")).body.decode()
    assert len(re.findall(r"held, entry \d+", page)) == 1
