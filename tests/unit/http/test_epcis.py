"""GS1's capture and query interface over HTTP: what comes is recorded, and found again."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema
import pytest

from tests.guarded import Answer, Browser, GuardedNode
from tests.shared_data import data_path
from tests.supply_made import at, item, lot, pack, pallet, place, seen, transform

LD = "application/ld+json"
CHAIN = (
    transform(1, [{"epcClass": lot("MILK"), "quantity": 5, "uom": "KGM"}], [item(1), item(2)]),
    pack(2, pallet(1), item(1), item(2)),
    seen(3, 1, pallet(1), step="shipping"),
    seen(9, 3, pallet(1)),
    seen(11, 3, item(1), step="retail_selling"),
)


def document(*bodies: Any) -> bytes:
    """Write a document."""
    head = {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]}
    whole = {**head, "type": "EPCISDocument", "epcisBody": {"eventList": list(bodies)}}
    return json.dumps(whole).encode()


def send(node: GuardedNode, path: str, body: bytes, kind: str = LD, **headers: str) -> Answer:
    """Post with a writer's key."""
    given = {"content-type": kind, "authorization": f"Bearer {node.key('writer')}"}
    return Browser(node.url).send(
        "POST", f"/epcis{path}", body, given | {n.replace("_", "-"): v for n, v in headers.items()}
    )


def ask(node: GuardedNode, key: str, path: str, **query: str) -> dict[str, Any]:
    """Get with a reader's key."""
    answer = node.ask(f"/epcis{path}{'?' + urlencode(query) if query else ''}", key)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


def events(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Take the events out of a query's results."""
    listed: list[dict[str, Any]] = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return listed


@pytest.fixture
def captured(node: GuardedNode) -> GuardedNode:
    """Give a node with the chain in it."""
    assert send(node, "/capture", document(*(dict(e.body) for e in CHAIN))).status == 202
    return node


def test_a_capture_has_a_job(node: GuardedNode) -> None:
    """202 names a job, which tells that all went well; the same document again adds nothing."""
    body = document(*(dict(e.body) for e in CHAIN))
    size = node.ledger.size
    for _ in range(2):
        answer = send(node, "/capture", body)
        assert answer.status == 202
        place = answer.headers["location"].removeprefix(node.url)
        job = json.loads(node.ask(place, node.key("writer")).body)
        assert (job["success"], job["running"], job["errors"]) == (True, False, [])
    assert sum(b"supply-event" in _payload(node, at) for at in range(size, node.ledger.size)) == 5
    listed = json.loads(node.ask("/epcis/capture", node.key("writer")).body)
    assert len(listed) == 2


def _payload(node: GuardedNode, index: int) -> bytes:
    return str(node.ledger.get(index).to_json()).encode()


def test_a_wrong_event_rolls_back_or_is_left_out(node: GuardedNode) -> None:
    """By default nothing is recorded; with proceed the others are; the job says what was wrong."""
    wrong = {**CHAIN[2].body, "action": "LOOK"}
    for behaviour, recorded in (("rollback", 0), ("proceed", 1)):
        answer = send(
            node,
            "/capture",
            document(dict(CHAIN[1].body), wrong),
            GS1_Capture_Error_Behaviour=behaviour,
        )
        place = answer.headers["location"].removeprefix(node.url)
        job = json.loads(node.ask(place, node.key("writer")).body)
        assert not job["success"]
        assert "event 1: expected OBSERVE" in job["errors"][0]["detail"]
        assert len(events(ask(node, node.key("reader"), "/events"))) == recorded


@pytest.mark.parametrize(
    ("query", "hours"),
    [
        ({}, [1, 2, 3, 9, 11]),
        ({"eventType": "AggregationEvent"}, [2]),
        ({"EQ_bizStep": "shipping,receiving"}, [3, 9]),
        ({"EQ_bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"}, [3]),
        ({"MATCH_epc": pallet(1)}, [3, 9]),
        ({"MATCH_anyEPC": item(1)}, [1, 2, 11]),
        ({"MATCH_outputEPC": "urn:epc:idpat:sgtin:4012345.011111.*"}, [1]),
        ({"MATCH_inputEPCClass": lot("MILK")}, [1]),
        ({"MATCH_parentID": pallet(1), "EQ_action": "ADD"}, [2]),
        ({"GE_eventTime": at(3), "LT_eventTime": at(11)}, [3, 9]),
        ({"EQ_bizLocation": place(3), "orderDirection": "DESC"}, [11, 9]),
        ({"EQ_readPoint": place(7)}, []),
        ({"eventCountLimit": "2"}, [1, 2]),
    ],
)
def test_events_are_found(captured: GuardedNode, query: dict[str, str], hours: list[int]) -> None:
    """Each parameter finds the events that it says, and only them."""
    found = events(ask(captured, captured.key("reader"), "/events", **query))
    assert [one["eventTime"] for one in found] == [at(hour) for hour in hours]


def test_pages_follow_each_other(captured: GuardedNode) -> None:
    """Pages of two give all events once, in order, and the last names no next one."""
    key, path, seen_times = captured.key("reader"), "/epcis/events?perPage=2", []
    while path:
        answer = captured.ask(path, key)
        seen_times += [one["eventTime"] for one in events(json.loads(answer.body))]
        link = answer.headers.get("link", "")
        path = link[1 : link.index(">")].removeprefix(captured.url) if link else ""
    assert seen_times == [at(hour) for hour in (1, 2, 3, 9, 11)]


def test_results_are_right_by_the_schema_of_gs1(captured: GuardedNode) -> None:
    """A query's results are a document that GS1's own JSON schema accepts."""
    schema = json.loads((data_path("epcis20_examples") / "EPCIS-JSON-Schema.json").read_bytes())
    found = ask(captured, captured.key("reader"), "/events")
    jsonschema.Draft7Validator(schema).validate(found)


def test_one_event_by_its_name(captured: GuardedNode) -> None:
    """An event is found by its hash, escaped or not, with the entry that proves it."""
    key = captured.key("reader")
    name = events(ask(captured, key, "/events"))[0]["eventID"]
    for path in (quote(name, safe=""), name):
        answer = captured.ask(f"/epcis/events/{path}", key)
        assert answer.status == 200
        assert json.loads(answer.body)["eventID"] == name
        index = int(answer.headers["counterfoil-entry"])
        assert captured.ledger.verify(captured.ledger.receipt(index)) is not None
    assert captured.ask("/epcis/events/urn:uuid:1", key).code == "epcis.event-unknown"


def test_one_event_is_captured_alone(node: GuardedNode) -> None:
    """POST /events takes one event and names its place; a wrong one is refused with its field."""
    answer = send(node, "/events", json.dumps(dict(CHAIN[2].body)).encode())
    assert answer.status == 201
    place = quote(answer.headers["location"].removeprefix(node.url), safe="/:;")
    assert node.ask(place.replace("?", "%3F"), node.key("reader")).status == 200
    wrong = json.dumps({**CHAIN[2].body, "bizStep": "dancing"}).encode()
    assert send(node, "/events", wrong).code == "epcis.event-wrong"


def test_xml_is_captured_too(node: GuardedNode) -> None:
    """A document in XML is captured, and comes back as JSON-LD."""
    name = "Example_9.6.1-ObjectEvent-2020_06_18a.xml"
    body = (data_path("epcis20_examples") / "XML" / name).read_bytes()
    assert send(node, "/capture", body, "application/xml").status == 202
    found = events(ask(node, node.key("reader"), "/events", EQ_bizStep="receiving"))
    assert found[0]["example:myField"] == "Example of a vendor/user extension"


def test_who_may_not_and_what_is_not_known(captured: GuardedNode) -> None:
    """No key, another role, unknown parameters, other media and broken bodies are refused."""
    reader = captured.key("reader")
    assert captured.ask("/epcis/events").status == 401
    body = document(dict(CHAIN[0].body))
    headers = {"content-type": LD, "authorization": f"Bearer {reader}"}
    refused = Browser(captured.url).send("POST", "/epcis/capture", body, headers)
    assert refused.status == 403
    for query in ("EQ_dance=x", "GE_eventTime=noon", "perPage=0", "EQ_action=LOOK", "orderBy=x"):
        assert captured.ask(f"/epcis/events?{query}", reader).code == "epcis.query"
    assert captured.ask("/epcis/events?nextPageToken=x", reader).code == "epcis.query"
    assert send(captured, "/capture", body, "text/plain").status == 415
    assert send(captured, "/capture", b"{").code == "epcis.json"
    asked = send(captured, "/capture", body, GS1_Capture_Error_Behaviour="explode")
    assert asked.code == "epcis.behaviour"
    assert captured.ask("/epcis/capture/none", captured.key("writer")).code == "epcis.job"
