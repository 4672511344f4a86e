"""Master data of documents is on record: who said what of which place or product, and when."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil.apps.supply.events.capture import capture_document
from counterfoil.apps.supply.events.handover import take_over
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.master import EPC_CLASS, LOCATION, MDA, Master, masters_of
from counterfoil.apps.supply.events.places import (
    calls,
    coordinates_of,
    names_of,
    places_of,
    record_masters,
)
from counterfoil.apps.supply.events.reading import read
from counterfoil.apps.supply.events.records import text_of
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply import events as events_text
from counterfoil.cli.text.supply import handovers as handovers_text
from counterfoil.cli.text.supply import places as places_text
from counterfoil.cli.text.supply import traces as traces_text
from counterfoil.errors import InputError
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ops.place import lending
from counterfoil.ops.supply.events import capture_events
from counterfoil.ops.supply.places import list_names
from counterfoil.ops.supply.traces import recall_thing, trace_thing
from counterfoil.ports import STANDARD_STREAM, Channel
from tests.guarded import Browser, guarded
from tests.ledgers import copy_ledger, prove
from tests.log_rig import raises_code
from tests.shared_data import data_path
from tests.supply_made import at, gln, item, lot, ms, place, seen

PLAIN = Paint(io.StringIO())
LONG_AGO = -50_000  # hours
PRODUCT = "https://id.gs1.org/01/04012345111118"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger."""
    with open_ledger(copy_ledger(tmp_path / "ledger")) as opened:
        yield opened


def attribute(name: str, value: Any) -> dict[str, Any]:
    """Make an attribute."""
    return {"id": name, "attribute": value}


def document(*attributes: dict[str, Any], hours: float = 0, events: bool = True) -> bytes:
    """Make a document that says something of a place, and of a product, and has an event."""
    vocabularies = [
        {
            "type": LOCATION,
            "vocabularyElementList": [{"id": place(1), "attributes": list(attributes)}],
        },
        {
            "type": EPC_CLASS,
            "vocabularyElementList": [
                {
                    "id": "urn:epc:idpat:sgtin:4012345.011111.*",
                    "attributes": [attribute("cbvmda:descriptionShort", "Cheese")],
                }
            ],
        },
    ]
    listed = [json.loads(text_of(seen(1, 1, item(1), lot("B1"))))] if events else []
    return json.dumps(
        {
            "@context": [{"own": "https://example.com/"}],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": at(hours),
            "epcisHeader": {"epcisMasterData": {"vocabularyList": vocabularies}},
            "epcisBody": {"eventList": listed},
        }
    ).encode()


DAIRY = document(
    attribute("cbvmda:name", "The dairy"),
    attribute("cbvmda:latitude", 48.5),
    attribute("urn:epcglobal:cbv:mda:longitude", "8.25"),
    attribute("own:gate", {"number": 4}),
    attribute("own:phone", "1"),
    attribute("own:phone", "2"),
)


def test_a_document_names_its_places_and_products(ledger: Ledger) -> None:
    """Names stand in lists, traces and recalls, with the entries that prove them."""
    folder = ledger.layout.folder

    def channel() -> Channel:
        return Channel(io.BytesIO(DAIRY), io.BytesIO())

    with lending(ledger):
        done = capture_events(STANDARD_STREAM, ledger=folder, channel=channel())
        assert (done.new, len(done.masters)) == (1, 2)
        assert "what 2 places" in "\n".join(events_text.capture_events(done, PLAIN))
        assert done.to_json()["masters"] == list(done.masters)
        assert capture_events(STANDARD_STREAM, ledger=folder, channel=channel()).masters == ()
        listed = list(list_names(ledger=folder))
        traced, recalled = trace_thing(item(1), ledger=folder), recall_thing(item(1), ledger=folder)
        assert not list(list_names(place(2), ledger=folder))
    assert [prove(ledger, one) is not None for one in done.masters] == [True, True]
    assert [(one.called, one.latitude, one.entry) for one in listed] == [
        ("Cheese", None, done.masters[1]),
        ("The dairy", 48.5, done.masters[0]),
    ]
    assert "The dairy  https://id.gs1.org/414/4012345000016  48.5, 8.25" in "\n".join(
        places_text.list_names(listed, PLAIN)
    )
    assert f"The dairy ({gln(1)})" in "\n".join(traces_text.trace_thing(traced, PLAIN))
    assert "serial 1 of Cheese" in "\n".join(traces_text.recall_thing(recalled, PLAIN))
    said = ledger.get(done.masters[0]).content["attributes"]
    assert said["https://example.com/gate"] == '{"number":4}'
    assert said["https://example.com/phone"] == '["1","2"]'


def test_what_is_said_later_counts_from_its_time_on(ledger: Ledger) -> None:
    """Documents count as of when they were made, in whichever order they come."""
    for hours, name in ((4, "New"), (0, "Old"), (0, "Old"), (4, "New")):
        data = document(attribute("cbvmda:name", name), hours=hours + LONG_AGO)
        capture_document(ledger, read(data))
    with index_of(ledger) as index:
        found = [names_of(index, ms(hours + LONG_AGO)).get(gln(1)) for hours in (-1, 0, 3, 4, 9)]
        assert found == ["Old", "Old", "Old", "New", "New"]
        assert names_of(index)[gln(1)] == "New"
        count = index.database.execute("SELECT count(*) FROM master WHERE called != 'Cheese'")
        assert count.fetchone() == (2,)


def test_nobody_speaks_for_later(ledger: Ledger) -> None:
    """A document that says to be of a time to come counts from now on, not from then on."""
    later = [Master(gln(1), LOCATION, {f"{MDA}name": "Later"})]
    record_masters(ledger, later, since_ms=1 << 52)
    record_masters(ledger, [Master(gln(1), LOCATION, {f"{MDA}name": "Now"})])
    with index_of(ledger) as index:
        assert names_of(index)[gln(1)] == "Now"


def test_names_come_with_receipts_and_ones_own_word_comes_first(
    ledger: Ledger, tmp_path: Path
) -> None:
    """What another calls its places is taken over beside events, and names who said it."""
    with open_ledger(copy_ledger(tmp_path / "mine")) as mine:
        done = capture_document(ledger, read(DAIRY))
        ledger.publish()
        entries = [*(at for at in done.indices if at is not None), *done.masters]
        given = [receipts.format(ledger.receipt(one)) for one in entries]
        handed = take_over(mine, given, ledger.policy)
        assert (handed.new, len(handed.masters), len(handed.grades)) == (1, 2, 1)
        assert handed.to_json()["masters"] == list(handed.masters)
        assert "what 2 places" in "\n".join(handovers_text.receive_events(handed, PLAIN))
        assert take_over(mine, given, ledger.policy).masters == ()
        with index_of(mine) as index:
            known = places_of(index)[gln(1)]
            assert (known.called, known.origin) == ("The dairy", ledger.origin)
        with lending(mine):
            listed = list(list_names(ledger=mine.layout.folder))
        lines = "\n".join(places_text.list_names(listed, PLAIN))
        assert f"taken over from {ledger.origin}" in lines
        record_masters(mine, [Master(gln(1), LOCATION, {f"{MDA}name": "Our dairy"})], since_ms=1)
        with index_of(mine) as index:
            assert places_of(index)[gln(1)].called == "Our dairy"
            assert coordinates_of(index)[gln(1)] == (48.5, 8.25)


def test_a_part_of_a_site_is_where_its_site_is(ledger: Ledger) -> None:
    """A gate that nobody placed is at its site; GS1's own example in XML says so."""
    path = data_path("epcis20_examples") / "XML" / "Mimasu" / "Example-masterData.xml"
    found = read(path.read_bytes())
    assert (found.events, len(found.masters)) == ((), 7)
    capture_document(ledger, found)
    site = "https://id.gs1.org/414/0037000007296"
    with index_of(ledger) as index:
        known = coordinates_of(index)
    assert known.get(f"{site}/254/8203") == (18.0, -70.0)
    assert known.get(gln(1)) is None
    assert found.masters[0].children[0] == f"{site}/254/8201"


def test_both_bindings_give_the_same_master_data() -> None:
    """A document's header in XML says what its JSON says, extensions and repeated ones too."""
    name = "masterdata_all_possible_fields.xml"
    path = data_path("epcis20_examples") / "XML" / "WithFullCombinationOfFields" / name
    first = read(path.read_bytes()).masters[0]
    again = {
        "type": first.vocabulary,
        "vocabularyElementList": [
            {
                "id": first.thing,
                "children": list(first.children),
                "attributes": [
                    attribute(key, one)
                    for key, value in first.attributes.items()
                    for one in _unpacked(value)
                ],
            }
        ],
    }
    assert masters_of([again], {}) == (first,)


def _unpacked(value: str) -> list[Any]:
    found = json.loads(value) if value[:1] in "[{" else value
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize(
    ("attributes", "called", "where"),
    [
        ({f"{MDA}name": "A", "https://x.example/name": "B"}, "A", None),
        ({"https://x.example/name": "B", f"{MDA}descriptionShort": "C"}, "B", None),
        ({f"{MDA}name": '[{"@value":"D","@language":"de"},{"@value":"E"}]'}, "D", None),
        ({f"{MDA}name": "[sic"}, "[sic", None),
        ({f"{MDA}name": " F\nG\u202e "}, "F G", None),
        ({f"{MDA}latitude": "+18.0", f"{MDA}longitude": "-70"}, "", (18.0, -70.0)),
        ({f"{MDA}latitude": "91", f"{MDA}longitude": "0"}, "", None),
        ({f"{MDA}latitude": "nan", f"{MDA}longitude": "0"}, "", None),
        ({f"{MDA}latitude": "1"}, "", None),
    ],
)
def test_what_counts_as_a_name_and_a_place(
    attributes: dict[str, str], called: str, where: tuple[float, float] | None
) -> None:
    """CBV's words count first, of languages the first, and only what is a place on Earth."""
    one = Master(gln(1), LOCATION, attributes)
    assert (one.called, one.at) == (called, where)


@pytest.mark.parametrize(
    "vocabularies",
    [
        {"type": LOCATION},
        [{"type": LOCATION, "vocabularyElementList": [{"attributes": []}]}],
        [{"type": "a b", "vocabularyElementList": [{"id": "urn:a:b"}]}],
        [{"type": LOCATION, "vocabularyElementList": [{"id": "urn:a:b", "attributes": [1]}]}],
        [{"type": LOCATION, "vocabularyElementList": [{"id": "urn:a:b", "children": "abc"}]}],
        [{"type": LOCATION, "vocabularyElementList": [{"id": "urn:a:b", "children": 4}]}],
        [
            {
                "type": LOCATION,
                "vocabularyElementList": [
                    {"id": "urn:a:b", "attributes": [attribute("urn:a:c", "x" * 9000)]}
                ],
            }
        ],
    ],
)
def test_wrong_master_data_is_refused(ledger: Ledger, vocabularies: Any) -> None:
    """What names nothing, is no list, or does not fit into an entry leaves nothing recorded."""
    whole = json.loads(DAIRY)
    whole["epcisHeader"]["epcisMasterData"]["vocabularyList"] = vocabularies
    size = ledger.size
    with raises_code("epcis.master", InputError):
        capture_document(ledger, read(json.dumps(whole).encode()))
    assert ledger.size == size


def test_what_has_no_name_is_called_nothing(ledger: Ledger) -> None:
    """Only things that somebody named have words."""
    capture_document(ledger, read(document(events=False)))
    with index_of(ledger) as index:
        found = calls(index, [gln(1), "", f"{PRODUCT}/10/B1", f"{PRODUCT}/21/7"])
    assert found == {
        f"{PRODUCT}/10/B1": "lot B1 of Cheese",
        f"{PRODUCT}/21/7": "serial 7 of Cheese",
    }


def test_a_capture_over_http_names_places_too(ledger: Ledger) -> None:
    """GS1's interface takes the master data of a document's header beside its events."""
    with guarded(ledger) as node:
        headers = {
            "authorization": f"Bearer {node.key('writer')}",
            "content-type": "application/ld+json",
        }
        answer = Browser(node.url).send("POST", "/epcis/capture", DAIRY, headers)
    assert answer.status == 202
    with index_of(ledger) as index:
        assert names_of(index)[gln(1)] == "The dairy"
