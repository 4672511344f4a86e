"""Pages of supply chains show what an enemy put into events, as text, and never stumble over it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from counterfoil.apps.supply.events.capture import capture, capture_document
from counterfoil.apps.supply.events.reading import read
from tests.guarded import GuardedNode
from tests.supply_made import at, event, item, lot, pack, pallet, transform

EVIL = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e"
URI = "urn:x:%3Cscript%3E'&)(;alert(1)//"
THINGS = (
    URI,
    "javascript:alert(document.domain)",
    "data:text/html,[script]",
    "urn:x:../../../../etc/passwd",
    "urn:x:%00%0a%0d",
    "urn:x:" + "z" * 3000,
    item(1),
)
PLACES = ("geo:1e400,2", "geo:NaN,inf", "geo:91,181", "geo:-90,-180", "javascript:alert(1)", URI)
SEEN_AS_CODE = (b"<script>alert", b"<img src=x", b'href="javascript:', b'href="data:', b'="nan"')


def sensors(hours: float, celsius: float) -> list[dict[str, Any]]:
    """Measure something that nothing ever had."""
    report = {"type": "Temperature", "value": celsius, "uom": "CEL"}
    spread = {"type": "Temperature", "minValue": -1e308, "maxValue": 1e308, "uom": "FAH"}
    metadata = {"time": at(hours), "deviceID": URI}
    return [{"sensorMetadata": metadata, "sensorReport": [report, spread]}]


@pytest.fixture
def hostile(node: GuardedNode) -> GuardedNode:
    """Give a node whose events are an enemy's."""
    much: list[Any] = [{"epcClass": lot("A&'"), "quantity": 1e308, "uom": "KGM"}]
    events = [
        event(
            "ObjectEvent",
            hour,
            epcList=list(THINGS),
            action="OBSERVE",
            bizStep="https://evil.example/step%3C",
            disposition=URI,
            readPoint={"id": where},
            bizLocation={"id": where},
            bizTransactionList=[{"type": URI, "bizTransaction": "javascript:alert(1)"}],
            destinationList=[{"type": "possessing_party", "destination": URI}],
            certificationInfo="javascript:alert(2)",
            sensorElementList=sensors(hour, 1e308 if hour % 2 else -1e308),
        )
        for hour, where in enumerate(PLACES)
    ]
    made = {"cbvmda:lotNumber": EVIL, "urn:x:y": {"#text": EVIL, EVIL: [[EVIL]]}}
    events += [
        event("ObjectEvent", 50, epcList=[item(1)], quantityList=much, action="ADD", ilmd=made),
        pack(51, pallet(1), *THINGS),
        pack(52, URI, pallet(1)),
        transform(53, much, [item(2), URI]),
        transform(54, [URI], much),
    ]
    assert not capture(node.ledger, events).wrong
    name = [{"id": "https://ref.gs1.org/cbv/mda/name", "attribute": EVIL * 5}]
    elements = [{"id": one, "attributes": name} for one in (URI, item(1), PLACES[4])]
    vocabulary = {
        "type": "urn:epcglobal:epcis:vtype:Location",
        "vocabularyElementList": elements,
    }
    document = {
        "type": "EPCISDocument",
        "creationDate": at(1),
        "epcisHeader": {"epcisMasterData": {"vocabularyList": [vocabulary]}},
        "epcisBody": {"eventList": []},
    }
    assert capture_document(node.ledger, read(json.dumps(document).encode())).masters
    return node


def test_nothing_of_an_event_is_code(hostile: GuardedNode) -> None:
    """Names, master data and temperatures of any kind end on the page, as text and in pictures."""
    key = hostile.key("reader")
    for name in (THINGS[0], THINGS[1], THINGS[3], THINGS[-1], PLACES[0], PLACES[1], lot("A&'")):
        for page in ("things", "recall", "places", "doubts"):
            asked = f"/apps/supply/{page}?{'place' if page == 'places' else 'thing'}="
            answer = hostile.ask(asked + quote(name, safe=""), key)
            assert answer.status in (200, 303, 307, 404), answer.body
            assert not [one for one in SEEN_AS_CODE if one in answer.body]
