"""GS1's interface over HTTP meets what nobody sends by mistake: each is refused by its code."""

from __future__ import annotations

import json

import pytest

from tests.guarded import Browser, GuardedNode
from tests.supply_made import at
from tests.unit.http.test_epcis import send

_TWICE = (
    b'{"type":"ObjectEvent","eventTime":"2030-01-01T00:00:00Z","eventTimeZoneOffset":"+00:00",'
    b'"eventID":"ni:a","eventID":"ni:b"}'
)
_MANY_DIGITS = b"9" * 5000


@pytest.mark.parametrize("version", ["\xb2", "2.\xb2", "9" * 5000, "-1", "."])
def test_versions_that_are_none(node: GuardedNode, version: str) -> None:
    """A header that is no version, or one of many digits, is answered and not stumbled over."""
    for name in ("version", "min", "max"):
        given = {
            "authorization": f"Bearer {node.key('reader')}",
            f"gs1-epcis-{name}": version,
        }
        assert Browser(node.url).send("GET", "/epcis/events", None, given).status == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'<?xml version="1.0" encoding="utf-99"?><a/>', "application/xml"),
        (b'{"epcisBody":{"eventList":[' + _TWICE + b']},"z":' + _MANY_DIGITS + b"}", "text/json"),
        (b'{"epcisBody":{"eventList":[' + _TWICE + b']},"z":NaN}', "text/json"),
        (b"[" * 100_000, "text/json"),
    ],
)
def test_documents_that_are_none(node: GuardedNode, body: bytes, kind: str) -> None:
    """An unknown encoding, and numbers of thousands of digits behind a doubled key, are refused."""
    for path in ("/capture", "/events"):
        media = kind.replace("text/json", "application/json")
        answer = send(node, path, body, media)
        assert (answer.status, b"epcis." in answer.body) == (400, True), answer.body


@pytest.mark.parametrize(
    "field",
    [
        {"destinationList": 5},
        {"sensorElementList": "abc"},
        {"sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": "x"}]}]},
        {"bizTransactionList": 7},
    ],
)
def test_events_of_somebodys_own_type(node: GuardedNode, field: dict[str, object]) -> None:
    """Fields of the standard are what it says they are in an event of any type; others are free."""
    body = {"type": "urn:example:event", "eventTime": at(1), "eventTimeZoneOffset": "+00:00"}
    assert (
        send(node, "/events", json.dumps({**body, "urn:example:x": field}).encode()).status == 201
    )
    answer = send(node, "/events", json.dumps({**body, **field}).encode())
    assert (answer.status, b"epcis.event" in answer.body) == (400, True), answer.body
