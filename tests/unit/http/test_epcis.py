"""GS1's capture and query interface over HTTP: what comes is recorded, and found again."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema
import pytest

from counterfoil.apps.supply.events.identifiers import canonical
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


def ask(node: GuardedNode, key: str, path: str, **query: str) -> Any:
    """Get with a reader's key."""
    answer = node.ask(f"/epcis{path}{'?' + urlencode(query) if query else ''}", key)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


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


PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("path", "field", "least"),
    [
        ("eventTypes", "eventType", {"ObjectEvent", "AggregationEvent", "TransformationEvent"}),
        ("bizSteps", "bizStep", {"shipping", "receiving", "packing", "retail_selling"}),
        ("readPoints", "readPoint", {canonical(place(1)), canonical(place(3))}),
        ("bizLocations", "bizLocation", {canonical(place(1)), canonical(place(3))}),
        ("epcs", "epc", {canonical(item(1)), canonical(pallet(1)), canonical(lot("MILK"))}),
        ("dispositions", "disposition", set()),
    ],
)
def test_collections_list_what_events_have(
    captured: GuardedNode, path: str, field: str, least: set[str]
) -> None:
    """Each collection lists its values, each once; each value leads to its events and no others."""
    key = captured.key("reader")
    listed = ask(captured, key, f"/{path}")
    assert set(listed[field]) >= least
    assert len(set(listed[field])) == len(listed[field])
    assert listed["type"] == f"{field[:1].upper()}{field[1:]}ItemList".replace("Epc", "EPC")
    for value in listed[field]:
        below = f"/{path}/{quote(value, safe='')}"
        found = events(ask(captured, key, f"{below}/events"))
        assert found
        assert len(found) <= len(CHAIN)
        assert json.loads(captured.ask(f"/epcis{below}", key).body) == ["events"]
    assert json.loads(captured.ask(f"/epcis/{path}/none-of-these/events", key).body)["type"] == (
        "epcisException:NoSuchNameException"
    )


def test_collections_come_in_pages_and_are_narrowed(captured: GuardedNode) -> None:
    """Values come a page at a time, each once; events by a value are narrowed by parameters."""
    key, values = captured.key("reader"), []
    path = "/epcis/epcs?perPage=2"
    while path:
        answer = captured.ask(path, key)
        values += json.loads(answer.body)["epc"]
        link = answer.headers.get("link", "")
        path = link[1 : link.index(">")].removeprefix(captured.url) if link else ""
    assert values == sorted(set(values))
    assert len(values) == 4
    below = f"/epcs/{quote(pallet(1), safe='')}/events"
    narrowed = events(ask(captured, key, below, EQ_bizStep="shipping"))
    assert [one["eventTime"] for one in narrowed] == [at(3)]
    twice = captured.ask(f"/epcis{below}?MATCH_anyEPC={item(1)}", key)
    assert (twice.status, twice.code) == (400, "epcis.query")


def test_places_by_their_coordinates_are_found(node: GuardedNode) -> None:
    """A `geo:` URI is one value, though it has a comma; two of them are two."""
    here, there = "geo:53.55,8.58", "geo:-33.9,18.4"
    moved = [
        {**seen(hour, 1, item(1)).body, "readPoint": {"id": where}}
        for hour, where in ((1, here), (2, there), (3, "geo:0,0"))
    ]
    assert send(node, "/capture", document(*moved)).status == 202
    key = node.key("reader")
    for asked, hours in ((here, [1]), (f"{here},{there}", [1, 2]), (f"{there}|{here}", [1, 2])):
        found = events(ask(node, key, "/events", EQ_readPoint=asked))
        assert [one["eventTime"] for one in found] == [at(hour) for hour in hours]
    assert len(events(ask(node, key, f"/readPoints/{quote(there)}/events"))) == 1


def test_a_query_is_named_asked_and_forgotten(captured: GuardedNode) -> None:
    """A named query gives its events page by page; a second of its name, or a wrong one, not."""
    key, writer = captured.key("reader"), captured.key("writer")
    definition = {"name": "moved", "query": {"EQ_bizStep": ["shipping", "receiving"]}}
    made = send(captured, "/queries", json.dumps(definition).encode(), "application/json")
    assert (made.status, made.headers["location"]) == (201, f"{captured.url}/epcis/queries/moved")
    again = send(captured, "/queries", json.dumps(definition).encode(), "application/json")
    assert (again.status, again.code) == (409, "epcis.query-taken")
    assert ask(captured, key, "/queries/moved") == definition
    assert ask(captured, key, "/queries") == [definition]
    first = captured.ask("/epcis/queries/moved/events?perPage=1", key)
    assert [one["eventTime"] for one in events(json.loads(first.body))] == [at(3)]
    assert json.loads(first.body)["epcisBody"]["queryResults"]["queryName"] == "moved"
    link = first.headers["link"]
    following = captured.ask(link[1 : link.index(">")].removeprefix(captured.url), key)
    assert [one["eventTime"] for one in events(json.loads(following.body))] == [at(9)]
    assert captured.ask("/epcis/queries/moved/events?EQ_action=ADD", key).code == "epcis.query"
    gone = Browser(captured.url).send(
        "DELETE", "/epcis/queries/moved", None, {"authorization": f"Bearer {writer}"}
    )
    assert gone.status == 204
    assert captured.ask("/epcis/queries/moved", key).code == "epcis.query-unknown"


@pytest.mark.parametrize(
    ("definition", "code", "type_"),
    [
        (b"{", "epcis.query-body", "QueryValidationException"),
        (b'{"name": "x"}', "epcis.query-body", "QueryValidationException"),
        (b'{"name": "x", "query": []}', "epcis.query-body", "QueryValidationException"),
        (b'{"name": "x", "query": {"a": [{}]}}', "epcis.query-body", "QueryValidationException"),
        (b'{"name": "x", "query": {"EQ_dance": "y"}}', "epcis.query", "QueryParameterException"),
        (b'{"name": "a/b", "query": {}}', "epcis.query-name", "ValidationException"),
        (b'{"name": "SimpleEventQuery", "query": {}}', "epcis.query-taken",
         "DuplicateNameException"),
    ],
)  # fmt: skip
def test_a_wrong_query_is_not_named(
    node: GuardedNode, definition: bytes, code: str, type_: str
) -> None:
    """A definition that could not be asked is refused when it is named, by EPCIS's own type."""
    answer = send(node, "/queries", definition, "application/json")
    assert (answer.code, json.loads(answer.body)["type"]) == (code, f"epcisException:{type_}")
    assert answer.headers["content-type"] == PROBLEM
    assert ask(node, node.key("reader"), "/queries") == []


def test_what_is_not_offered_says_so(captured: GuardedNode) -> None:
    """Subscriptions are 501, another version or form 406, no key 401, all of EPCIS's types."""
    key = captured.key("reader")
    cases: list[tuple[Answer, int, str]] = [
        (captured.ask("/epcis/queries/x/subscriptions", key), 501, "ImplementationException"),
        (captured.ask("/epcis/events"), 401, "SecurityException"),
        (captured.ask("/epcis/events/urn:uuid:1", key), 404, "NoSuchNameException"),
    ]
    asked = {"authorization": f"Bearer {key}"}
    for headers in ({"gs1-epcis-version": "1.2"}, {"gs1-epcis-min": "2.1"}, {"accept": "text/csv"}):
        answer = Browser(captured.url).send("GET", "/epcis/events", None, asked | headers)
        cases.append((answer, 406, "ImplementationException"))
    for answer, status, type_ in cases:
        told = json.loads(answer.body)
        assert (answer.status, told["status"], told["type"]) == (
            status, status, f"epcisException:{type_}",
        )  # fmt: skip
        assert answer.headers["content-type"] == PROBLEM
    for headers in ({"gs1-epcis-version": "2.0.0"}, {"accept": "text/csv, */*;q=0.1"}):
        assert (
            Browser(captured.url).send("GET", "/epcis/events", None, asked | headers).status == 200
        )


def test_events_count_against_a_quota(node: GuardedNode) -> None:
    """By GS1's interface and by the command's each event counts; one that is there does not."""
    bodies = [dict(seen(hour, 1, item(hour)).body) for hour in range(1, 8)]

    key = node.key("writer", quota=6)
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}

    def call(*some: Any) -> Answer:
        body = json.dumps({"events_file": {"name": "a.json", "text": document(*some).decode()}})
        return Browser(node.url).send("POST", "/api/v1/supply/capture", body, headers)

    assert call(*bodies[:3]).status == 200
    assert call(*bodies[:3]).status == 200  # they are there
    assert call(*bodies[3:5]).status == 200
    size = node.ledger.size
    over = call(*bodies[5:])
    assert (over.status, over.code) == (429, "access.quota")
    assert node.ledger.size == size
    assert call(bodies[5]).status == 200
    last = Browser(node.url).send("POST", "/epcis/events", json.dumps(bodies[6]), headers)
    assert (last.status, last.code) == (429, "access.quota")


def test_what_it_speaks_is_told(node: GuardedNode) -> None:
    """OPTIONS and each answer tell the versions and the limits, and the root what there is."""
    asked = {"authorization": f"Bearer {node.key('reader')}"}
    for path in ("/epcis", "/epcis/capture", "/epcis/events", "/epcis/queries"):
        answer = Browser(node.url).send("OPTIONS", path, None, asked)
        assert answer.status == 204
        assert answer.headers["gs1-epcis-version"] == answer.headers["gs1-cbv-version"] == "2.0"
        assert int(answer.headers["gs1-epcis-capture-limit"]) > 0
    found = node.ask("/epcis", node.key("reader"))
    assert set(json.loads(found.body)) >= {"events", "eventTypes", "epcs", "queries", "capture"}
    assert found.headers["gs1-epc-format"] == "Never_Translates"
    asked["accept"] = LD
    told = Browser(node.url).send("GET", "/epcis/events", None, asked)
    assert told.headers["content-type"] == LD
