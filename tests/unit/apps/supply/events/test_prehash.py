"""Hashes are those of GS1's published reference, and one event has one hash."""

from __future__ import annotations

import json
import logging
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from epcis_event_hash_generator import events_from_file_reader, hash_generator, json_to_py
from epcis_event_hash_generator.dl_normaliser import normaliser

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.identifiers import canonical, check_digit, class_of
from counterfoil.apps.supply.events.prehash import (
    digest_of_name,
    event_hash,
    event_key,
    event_name,
    instant_ms,
    prehash,
)
from counterfoil.apps.supply.events.reading import read
from tests.shared_data import data_path

XSI = re.compile(
    r"\{http://www\.w3\.org/2001/XMLSchema-instance\}type=xsd:(?:boolean|dateTime|double|integer|string)"
)
DIFFERS = {
    # what the reference writes -> why ours is another: the module's docstring
    "SensorDataExample12.jsonld": "cbvmda: is not resolved",
    "object_event_all_possible_fields.jsonld": "cbvmda: is not resolved",
}


def reference(path: Path) -> list[str] | None:
    """Write the events of a document as the reference does; None where it cannot."""
    json_to_py._namespaces.clear()
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # it says much, to the root of all loggers
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of how it reads its own files
            found = events_from_file_reader.event_list_from_file(str(path))
            texts: list[str] = hash_generator.derive_prehashes_from_events(found)
    except (KeyError, TypeError):
        return None
    finally:
        logger.setLevel(level)
    return [XSI.sub("", text).replace("booleanValue=True", "booleanValue=true") for text in texts]


def test_examples_are_those_of_the_reference() -> None:
    """Each example that the reference can read gets its pre-hash, but for what is listed why."""
    folder = data_path("epcis20_examples")
    same, other, unread = 0, set(), set()
    for path in sorted([*folder.glob("JSON/**/*.jsonld"), *folder.glob("XML/**/*.xml")]):
        theirs = reference(path)
        if theirs is None:
            unread.add(path.name)
            continue
        if not theirs:
            continue
        for event, text in zip(read(path.read_bytes()).events, theirs, strict=True):
            ours = "".join(prehash(event))
            if ours == text:
                same += 1
            else:
                other.add(path.name)
    assert unread == {"EPCISQueryDocument.jsonld", "Example-TransactionEvents-2020_07_03y.jsonld"}
    assert other == set(DIFFERS)
    assert same >= 60


def test_fields_stand_where_the_reference_has_them(tmp_path: Path) -> None:
    """With all lists in one event the order is that of the reference, not of the text's table."""
    body = {
        **BODY,
        "type": "TransactionEvent",
        "parentID": "urn:epc:id:sscc:4012345.0000000333",
        "certificationInfo": "https://example.com/certificate",
        "bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:po:1"}],
        "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00000"}],
        "destinationList": [{"type": "location", "destination": "urn:x:place:2"}],
        "sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 4}]}],
    }
    context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", NAMESPACES]
    document = {
        "@context": context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2030-01-01T00:00:00Z",
        "epcisBody": {"eventList": [body]},
    }
    path = tmp_path / "all.jsonld"
    path.write_text(json.dumps(document))
    ours = "".join(prehash(Event(body, NAMESPACES)))
    assert reference(path) == [ours]
    names = (
        "certificationInfo=", "parentID=", "epcList", "sensorElementList", "bizTransactionList",
        "destinationList", "sourceList", "{https://ns.example.com/epcis/}myField1",
    )  # fmt: skip
    assert sorted(names, key=ours.index) == list(names)


def test_a_query_document_has_the_hashes_of_its_events() -> None:
    """Results of a query name the same events as the document that they came from."""
    folder = data_path("epcis20_examples") / "JSON"
    names = [
        [event_name(one) for one in read((folder / name).read_bytes()).events]
        for name in ("EPCISQueryDocument.jsonld", "Example_9.6.1-ObjectEvent.jsonld")
    ]
    assert names[0] == names[1]


def both(text: str, path: Path) -> tuple[str, str]:
    """Write the first event of a document: as ours, and as the reference does."""
    path.write_text(text)
    theirs = reference(path)
    assert theirs is not None
    return "".join(prehash(read(text.encode()).events[0])), theirs[0]


def in_xml(extra: str, namespaces: str = "") -> str:
    """Write a document in XML. extra: of its event."""
    return (
        f'<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" {namespaces} schemaVersion="2.0" '
        'creationDate="2030-01-01T00:00:00Z"><EPCISBody><EventList><ObjectEvent><eventTime>'
        "2030-01-01T00:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
        f"<epcList><epc>urn:x:1</epc></epcList><action>OBSERVE</action>{extra}</ObjectEvent>"
        "</EventList></EPCISBody></e:EPCISDocument>"
    )


def sensed(attributes: str, more: str = "") -> str:
    """Write a sensor's report in XML."""
    return (
        "<sensorElementList><sensorElement><sensorReport "
        f"{attributes}/>{more}</sensorElement></sensorElementList>"
    )


SLASH, NONE = 'xmlns:x="https://x.example/v/"', 'xmlns:x="https://x.example/v"'
READ_POINT = "<readPoint><id>urn:x:2</id>{}</readPoint>"


@pytest.mark.parametrize(
    ("extra", "namespaces"),
    [
        (sensed('type="gs1:Temperature" value="4.50"'), 'xmlns:gs1="https://gs1.org/voc/"'),
        (sensed('type="gs1:MT-Odd" value="1e3"'), 'xmlns:gs1="https://ref.gs1.org/voc/"'),
        (sensed('type="x:Odd" x:more="1"'), SLASH),
        (sensed('type="x:Odd" component="x:y" x:more="1"'), NONE),
        (sensed('type="gs1:Speed" bizRules="https://x.example/r" value="1"'), ""),
        (sensed('type="gs1:Speed" value="1"', "<x:a>1</x:a><x:b><x:c>2</x:c></x:b>"), SLASH),
        (sensed('type="gs1:Speed" value="1"', "<x:a>1</x:a><x:b><x:c>2</x:c></x:b>"), NONE),
        (sensed('type="gs1:Speed" value="1" x:transactions="3"'), SLASH),
        (READ_POINT.format("<x:a>1</x:a>"), SLASH),
        (READ_POINT.format("<x:a>1</x:a>"), NONE),
        ("<x:a>123456789012345678901</x:a><x:b>0.00000010</x:b><x:c>+007.0</x:c>", SLASH),
    ],
)
def test_turns_of_the_reference_are_ours(extra: str, namespaces: str, tmp_path: Path) -> None:
    """Compact URIs, what is somebody's own, and numbers are written as the reference does."""
    ours, theirs = both(in_xml(extra, namespaces), tmp_path / "turn.xml")
    assert ours == theirs


@pytest.mark.parametrize("kind", ["gs1:Angle", "x:Odd", "y:Odd", "Angle"])
@pytest.mark.parametrize("context", [{}, {"x": "https://x.example/v/"}])
def test_a_compact_uri_in_json_needs_its_prefix(
    kind: str, context: dict[str, str], tmp_path: Path
) -> None:
    """It is expanded where the document declares its prefix, and is a URI of its own else."""
    report = {"type": kind, "value": 1, "component": "cbv:Comp-x"}
    body = {**BODY, "sensorElementList": [{"sensorReport": [report]}]}
    head = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
    document = {
        "@context": [head, {**NAMESPACES, **context}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2030-01-01T00:00:00Z",
        "epcisBody": {"eventList": [body]},
    }
    ours, theirs = both(json.dumps(document), tmp_path / "compact.jsonld")
    assert ours == theirs


def test_events_whose_hash_rounds_are_told_apart() -> None:
    """Numbers that differ beyond a double's digits give one hash, and two keys."""
    kinds = [Event({**BODY, "ex:n": f"1234567890123456789{n}"}, NAMESPACES) for n in (1, 2)]
    (hash_one, key_one), (hash_two, key_two) = map(event_key, kinds)
    assert hash_one == hash_two
    assert len({hash_one, key_one, key_two}) == 3
    assert event_key(Event(BODY, NAMESPACES)) == (event_hash(Event(BODY, NAMESPACES)),) * 2


def test_a_repositorys_own_fields_are_no_part_of_an_event() -> None:
    """What a document lists in `ignoreFields` leaves no trace in an event, in JSON and in XML."""
    own = {**BODY, "repo:hash": "ni:///x", "ex:capture": "7"}
    document: dict[str, Any] = {
        "@context": [{**NAMESPACES, "repo": "https://repository.example/"}],
        "repo:ignoreFields": ["repo:hash", "https://ns.example.com/epcis/capture"],
        "epcisBody": {"eventList": [own]},
    }
    (event,) = read(json.dumps(document).encode()).events
    assert event.body == BODY
    assert event_hash(event) == event_hash(Event(BODY, NAMESPACES))
    del document["repo:ignoreFields"]
    (whole,) = read(json.dumps(document).encode()).events
    assert event_hash(whole) != event_hash(event)
    listed = "<r:ignoreFields><x:a/></r:ignoreFields>"
    spaces = f'{SLASH} xmlns:r="https://repository.example/"'
    without = read(in_xml("<x:b>2</x:b>", spaces).encode()).events
    text = in_xml("<x:a>1</x:a><x:b>2</x:b>", spaces).replace("<EPCISBody>", f"{listed}<EPCISBody>")
    (kept,) = read(text.encode()).events
    assert [event_hash(kept)] == [event_hash(one) for one in without]


def test_examples_that_say_so_have_identical_hashes() -> None:
    """GS1's events "with identical hash" have one hash, whatever order and types are written."""
    folder = data_path("epcis20_examples") / "XML" / "WithEventHashID"
    found = {event_hash(e) for p in folder.iterdir() for e in read(p.read_bytes()).events}
    assert len(found) == 1


BODY: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2020-03-04T11:00:30+01:00",
    "eventTimeZoneOffset": "+01:00",
    "epcList": ["urn:epc:id:sscc:4012345.0000000222", "urn:epc:id:sscc:4012345.0000000111"],
    "action": "OBSERVE",
    "bizStep": "departing",
    "readPoint": {"id": "urn:epc:id:sgln:4012345.00011.987"},
    "ex:myField1": {"ex:mySubField1": "2", "ex:mySubField2": "5"},
    "ex:myField2": "0",
    "ex:myField3": {"ex:mySubField3": ["3", "1"]},
}
NAMESPACES = {"ex": "https://ns.example.com/epcis/"}


def test_the_published_example_has_its_published_text() -> None:
    """GS1's first worked example, less one of its three things, is written as it is published."""
    assert "".join(prehash(Event(BODY, NAMESPACES))) == (
        "eventType=ObjectEventeventTime=2020-03-04T10:00:30.000ZeventTimeZoneOffset=+01:00epcList"
        "epc=https://id.gs1.org/00/040123450000001112epc=https://id.gs1.org/00/040123450000002225"
        "action=OBSERVEbizStep=https://ref.gs1.org/cbv/BizStep-departing"
        "readPointid=https://id.gs1.org/414/4012345000115/254/987"
        "{https://ns.example.com/epcis/}myField1{https://ns.example.com/epcis/}mySubField1=2"
        "{https://ns.example.com/epcis/}mySubField2=5{https://ns.example.com/epcis/}myField2=0"
        "{https://ns.example.com/epcis/}myField3{https://ns.example.com/epcis/}mySubField3=1"
        "{https://ns.example.com/epcis/}mySubField3=3"
    )


@pytest.mark.parametrize("key", [key for key in BODY if key != "type"])
def test_any_change_changes_the_hash(key: str) -> None:
    """Leaving any field out changes the hash; what is not the event's own does not."""
    event = Event(BODY, NAMESPACES)
    without = {name: value for name, value in BODY.items() if name != key}
    assert event_hash(Event(without, NAMESPACES)) != event_hash(event)
    more = {**BODY, "eventID": "urn:x:y", "recordTime": "2021-01-01T00:00:00Z"}
    assert event_hash(Event(more, {"ex": NAMESPACES["ex"]})) == event_hash(event)
    assert digest_of_name(event_name(event)) == event_hash(event)
    assert digest_of_name("urn:uuid:1") is None


def test_keys_are_those_of_the_reference() -> None:
    """Every GS1 key of the examples has the canonical form that the reference gives it."""
    texts: set[str] = set()
    for path in data_path("epcis20_examples").rglob("*"):
        if path.suffix in (".xml", ".jsonld"):
            texts |= set(re.findall(r"(?:urn:epc|https?:)[^\"<>\s]+", path.read_text()))
    assert len(texts) > 100
    for text in texts:
        assert canonical(text) == (normaliser(text) or text)


def test_keys_at_their_edges() -> None:
    """A prefix of twelve digits, a short GTIN, a serial with a lot, and what is no key."""
    assert canonical("urn:epc:id:pgln:002366249723.") == "https://id.gs1.org/417/0023662497230"
    item = "https://id.gs1.org/01/00012345678905/21/7"
    assert canonical("http://shop.example/x/gtin/012345678905/lot/A/ser/7?a=b#c") == item
    assert class_of(item) == "https://id.gs1.org/01/00012345678905"
    assert class_of("https://id.gs1.org/00/040123450000001112") is None
    for text in ("urn:epc:id:sgtin:1.2.3", "urn:epc:id:sgtin:0614141.107346.", "geo:1,2", "x"):
        assert canonical(text) == text
    assert check_digit("629104150021") == "3"


def test_times_are_rounded_to_milliseconds() -> None:
    """Half a millisecond goes up, also across a second; a time without an offset is none."""
    assert instant_ms("1970-01-01T00:00:00.9995Z") == 1000
    assert instant_ms("1970-01-01T01:00:00.0004+01:00") == 0
    assert instant_ms("1970-01-01T00:00:00") is None
    assert instant_ms("1970-13-01T00:00:00Z") is None
