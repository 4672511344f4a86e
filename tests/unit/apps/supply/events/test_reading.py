"""Every example of GS1 is read, and found right or wrong as GS1's own schema finds it."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema

from counterfoil.apps.supply.events import reading
from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.linking import link
from counterfoil.apps.supply.events.model import check, problems
from counterfoil.apps.supply.events.prehash import event_hash
from counterfoil.apps.supply.events.reading import read, read_one
from counterfoil.apps.supply.events.records import text_of
from counterfoil.errors import InputError
from tests.log_rig import raises_code
from tests.shared_data import data_path


def examples(kind: str) -> list[Path]:
    """List GS1's examples."""
    found = sorted((data_path("epcis20_examples") / kind).rglob("*.*"))
    assert found
    return found


def test_each_json_example_is_read_and_right() -> None:
    """Every JSON-LD example is read, and no event of it is wrong."""
    found = [(path, event) for path in examples("JSON") for event in read(path.read_bytes()).events]
    assert len(found) >= len(examples("JSON"))
    for path, event in found:
        assert list(problems(event.body)) == [], path.name


@pytest.fixture(scope="module")
def xsd() -> xmlschema.XMLSchema:
    """Read GS1's XML schema."""
    path = data_path("epcis20_examples") / "XSD" / "EPCglobal-epcis-2_0.xsd"
    return xmlschema.XMLSchema(str(path))


def test_each_xml_example_is_read_and_right(xsd: xmlschema.XMLSchema) -> None:
    """Every XML example with events is right by GS1's XML schema, and so are its events here."""
    read_some = 0
    for path in examples("XML"):
        data = path.read_bytes()
        if any(name.encode() in data[:900] for name in ("CaptureJob", "MasterDataDocument")):
            continue
        assert xsd.is_valid(str(path)), path.name
        for event in read(data).events:
            check(event)
            assert link(event).digest == event_hash(event)
            read_some += 1
    assert read_some > 20


def test_a_report_of_an_exception_has_a_type_in_json_alone() -> None:
    """XML lets a report name an exception and no type; JSON does not, nor a report with neither."""
    path = data_path("epcis20_examples") / "XML" / "WithSensorData" / "SensorDataExamples.xml"
    (event,) = (one for one in read(path.read_bytes()).events if _untyped(one.body))
    check(event)
    assert event_hash(read_one(text_of(event).encode())) == event_hash(event)
    with raises_code("epcis.event", InputError):
        check(read_one(text_of(event).encode()))
    neither = path.read_text().replace('exception="gs1:ERROR_CONDITION"', "")
    wrong = [one for one in read(neither.encode()).events if _untyped(one.body)]
    with raises_code("epcis.event", InputError):
        check(wrong[0])


def _untyped(body: Mapping[str, Any]) -> bool:
    reports = [
        report
        for element in body.get("sensorElementList", ())
        for report in element["sensorReport"]
    ]
    return any("type" not in one for one in reports)


def test_damaged_xml_is_refused_as_the_schema_does(xsd: xmlschema.XMLSchema) -> None:
    """A document whose event lost an element, an attribute or its sense is right by neither.

    What GS1's schema refuses is refused here. It takes more than we do: URIs with spaces, times
    without their offset from UTC, empty words.
    """
    chance, refused, agreed, tried = random.Random(11), 0, 0, 0
    documents = [
        path.read_text(encoding="utf-8")
        for path in examples("XML")
        if b"<EventList>" in path.read_bytes() and b"MasterData" not in path.read_bytes()
    ]
    while tried < 150:
        damaged = _damaged(chance.choice(documents), chance)
        try:
            theirs = xsd.is_valid(damaged)
        except ElementTree.ParseError:
            continue
        tried += 1
        try:
            for event in read(damaged.encode()).events:
                check(event)
            ours = True
        except InputError:
            ours = False
        refused += not theirs
        agreed += ours == theirs
        assert theirs or not ours or _only_order(damaged, xsd), damaged[-3000:]
    assert refused > 30
    assert agreed > 70


_ELEMENT = re.compile(r"<(\w+)>[^<>]*</\1>")
_ATTRIBUTE = re.compile(r' (?:type|uom|value|id|time|exception)="[^"]*"')


def _damaged(text: str, chance: random.Random) -> str:
    """Take an element or attribute of an event away, or give it another value."""
    begin = text.index("<EventList>")
    spots = [
        one
        for pattern in (_ELEMENT, _ATTRIBUTE)
        for one in pattern.finditer(text, begin)
        if "xmlns" not in one[0]
    ]
    spot = chance.choice(spots)
    other = chance.choice(["", "x y", "-1e", "2030-13-01T00:00:00Z", ""])
    if spot[0].startswith("<"):
        value = f"<{spot[1]}>{other}</{spot[1]}>" if other else ""
    else:
        name = spot[0].partition("=")[0]
        value = f'{name}="{other}"' if other else ""
    return text[: spot.start()] + value + text[spot.end() :]


def _only_order(damaged: str, xsd: xmlschema.XMLSchema) -> bool:
    """Tell whether the schema minds only what JSON has no place for: order, and wrappers."""
    reasons = [str(one.reason) for one in xsd.iter_errors(damaged)]
    return all("Unexpected child" in one or "not complete" in one for one in reasons)


def test_damaged_events_are_refused_as_the_schema_does() -> None:
    """A field taken away, emptied or of another kind is refused exactly where GS1's schema does."""
    schema = json.loads((data_path("epcis20_examples") / "EPCIS-JSON-Schema.json").read_bytes())
    schema = {
        **schema,
        "$id": "urn:x:schema",
        "allOf": [],
        "$ref": "#/definitions/EPCIS-Document-Event",
    }
    schema.pop("properties"), schema.pop("required")
    judge = jsonschema.Draft7Validator(schema)
    chance = random.Random(7)
    bodies = [dict(e.body) for p in examples("JSON") for e in read(p.read_bytes()).events]
    refused = agreed = 0
    for body in chance.sample(bodies, 30):
        for _ in range(12):
            damaged = copy.deepcopy(body)
            spoil(damaged, chance)
            ours = bool(list(problems(damaged)))
            theirs = not judge.is_valid(damaged)
            refused += theirs
            if theirs:
                assert ours, json.dumps(damaged)[:800]
            agreed += ours == theirs
    assert refused > 60
    assert agreed > 300


def spoil(body: dict[str, Any], chance: random.Random) -> None:
    """Damage one field somewhere."""
    at: Any = body
    while True:
        key = chance.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if isinstance(at[key], (dict, list)) and at[key] and chance.random() < 0.6:
            at = at[key]
            continue
        how = chance.randrange(3)
        if how == 0:
            del at[key]
        else:
            at[key] = chance.choice(
                [7, "no uri", [], None, {}, "urn:x:y", True, "9999-12-31T23:59:59.9999Z", "\u00b2"]
            )
        return


def test_whatever_comes_is_right_or_an_error_of_ours() -> None:
    """Damaged documents end in an InputError, or give events that hash the same when written."""
    chance, right = random.Random(3), 0
    documents = [path.read_bytes() for kind in ("JSON", "XML") for path in examples(kind)]
    for _ in range(250):
        damaged = bytearray(chance.choice(documents))
        for _ in range(chance.randrange(4)):
            at = chance.randrange(len(damaged))
            damaged[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(3))
        try:
            found = read(bytes(damaged)).events
            for event in found:
                body = copy.deepcopy(dict(event.body))
                spoil(body, chance)
                changed = Event(body, event.namespaces)
                digest = event_hash(changed)
                check(changed)
                assert event_hash(read_one(text_of(changed).encode())) == digest
                assert link(changed).digest == digest
                right += 1
        except InputError:
            continue
    assert right > 20


def test_an_error_names_the_field() -> None:
    """What is wrong is said with its place, what was expected, and what came."""
    body = {"type": "ObjectEvent", "eventTime": "2020-01-01T00:00:00Z", "action": "LOOK"}
    with pytest.raises(InputError, match="eventTimeZoneOffset") as caught:
        check(Event(body))
    assert caught.value.code == "epcis.event"
    assert dict(problems(body))["action"] == "OBSERVE, ADD or DELETE, found 'LOOK'"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "epcis.json"),
        (b"[1]", "epcis.document"),
        (b'{"type":"EPCISDocument"}', "epcis.document"),
        (b'{"a":1,"a":2}', "epcis.json"),
        (b"<a>", "epcis.xml"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "epcis.xml"),
        (b"<a><EventList>" + b"<b>" * 70 + b"</b>" * 70 + b"</EventList></a>", "epcis.xml"),
    ],
)
def test_what_is_no_document_is_refused(data: bytes, code: str) -> None:
    """Whatever the bytes, what is no EPCIS document ends in an error of ours."""
    with raises_code(code, InputError):
        read(data)


def test_both_bindings_give_one_event() -> None:
    """The same event in XML and in JSON has the same hash, extensions and sensors included."""
    xml = examples("XML")
    one = next(path for path in xml if path.name == "Example_9.6.1-ObjectEvent-2020_06_18a.xml")
    other = data_path("epcis20_examples") / "JSON" / "Example_9.6.1-ObjectEvent.jsonld"
    text = other.read_text().replace("http://ns.example.com/epcis/", "http://ns.example.com/epcis")
    found = [[event_hash(e) for e in read(d).events] for d in (one.read_bytes(), text.encode())]
    assert found[0] == found[1]


def test_a_document_has_so_many_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """More events than a document may have are refused in both bindings, before they are read."""
    monkeypatch.setattr(reading, "EVENTS_MAX", 2)
    for data in (b"<a><EventList><b/><b/><b/></EventList></a>", b"[1,2,3]"):
        with raises_code("epcis.size", InputError):
            read(data)


def test_many_namespaces_are_refused() -> None:
    """A document of nothing but namespaces is refused, and does not take long."""
    many = b"".join(b'<a xmlns="urn:x:%d"/>' % number for number in range(1001))
    with raises_code("epcis.xml", InputError):
        read(b"<b>" + many + b"<EventList/></b>")


def test_a_prefix_names_one_namespace() -> None:
    """A namespace without a prefix gets one that no other namespace of the document has."""
    xml = (
        '<e xmlns:ns2="urn:one"><EventList><ObjectEvent><ns2:x>1</ns2:x><x xmlns="urn:two">2</x>'
        "</ObjectEvent></EventList></e>"
    )
    (event,) = read(xml.encode()).events
    named = [key.split(":") for key in event.body if ":" in key]
    values = {event.namespaces[prefix]: event.body[f"{prefix}:{name}"] for prefix, name in named}
    assert values == {"urn:one": "1", "urn:two": "2"}
