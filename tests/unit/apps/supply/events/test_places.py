"""What is known of places is on record, and maps and checks go by it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.doubts import Limits, doubts
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.places import coordinates_of, places_of, read_places
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply import places as text
from counterfoil.errors import InputError
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ops.place import lending
from counterfoil.ops.supply import places
from counterfoil.ops.supply.doubts import check_events
from counterfoil.ops.supply.traces import recall_thing, trace_thing
from counterfoil.ports import STANDARD_STREAM, Channel
from tests.guarded import guarded
from tests.ledgers import copy_ledger, prove
from tests.log_rig import raises_code
from tests.supply_made import gln, item, place, seen

PLACES = (
    "place,name,latitude,longitude\n"
    f"{place(1)},The dairy,53.08,8.80\n"
    f"{place(3)},,50.94,6.96\n"
    "urn:epc:id:pgln:4012345.00002,The carrier,,\n"
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger."""
    with open_ledger(copy_ledger(tmp_path / "ledger")) as opened:
        yield opened


def known(ledger: Ledger, data: str) -> places.KnownPlaces:
    """Record places."""
    channel = Channel(io.BytesIO(data.encode()), io.BytesIO())
    with lending(ledger):
        return places.know_places(STANDARD_STREAM, ledger=ledger.layout.folder, channel=channel)


def test_places_are_recorded_once_and_the_last_word_counts(ledger: Ledger) -> None:
    """The same file again adds nothing; what is said anew of a place replaces what was known."""
    first = known(ledger, PLACES)
    assert (first.new, first.known, first.located) == (3, 3, 2)
    assert "recorded 3 places; 3 known, 2 of them" in "\n".join(
        text.know_places(first, Paint(io.StringIO()))
    )
    assert all(prove(ledger, index) is not None for index in first.indices)
    assert known(ledger, PLACES).new == 0
    moved = known(ledger, f"place,latitude,longitude\n{place(1)},0,0\n")
    assert moved.new == 1
    with index_of(ledger) as index:
        assert places_of(index)[gln(1)].at == (0.0, 0.0)
        assert set(coordinates_of(index)) == {gln(1), gln(3)}


@pytest.mark.parametrize(
    "data",
    [
        "where,latitude,longitude\nx,1,2\n",
        "place,latitude,longitude\n,1,2\n",
        "place,latitude,longitude\nx\n",
        f"place,latitude,longitude\n{place(1)},nan,2\n",
        f"place,latitude,longitude\n{place(1)},north,2\n",
        f"place,latitude,longitude\n{place(1)},91,0\n",
        f"place,latitude,longitude\n{place(1)},1,\n",
        f"place,name,latitude,longitude\n{place(1)},{'x' * 201},1,2\n",
    ],
)
def test_what_is_no_place_is_refused(ledger: Ledger, data: str) -> None:
    """Half a place, one off the Earth, and a file without the columns leave nothing recorded."""
    size = ledger.size
    with raises_code("supply.places", InputError):
        known(ledger, data)
    assert ledger.size == size
    assert read_places(b"place,latitude,longitude\n") == ()


def test_names_of_every_kind_are_told(ledger: Ledger) -> None:
    """A place by coordinates, or by a URN of somebody's own, is told though nobody named it."""
    places_seen = ("geo:53.08,8.80", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6")
    events = [
        seen(at, 1, item(1), readPoint={"id": name}, bizLocation={"id": name})
        for at, name in enumerate(places_seen, 1)
    ]
    capture(ledger, events)
    with lending(ledger):
        found = trace_thing(item(1), ledger=ledger.layout.folder)
        assert tuple(one.point for one in found.steps) == places_seen
        assert found.called == {}
        assert len(recall_thing(item(1), ledger=ledger.layout.folder).affected) == 1


def test_checks_and_maps_go_by_what_is_on_record(ledger: Ledger) -> None:
    """A journey between recorded places is judged by its distance, named and drawn on a map."""
    capture(ledger, [seen(1, 1, item(1)), seen(1.5, 3, item(1))])
    with index_of(ledger) as index:
        assert list(doubts(index, Limits(places=coordinates_of(index)))) == []
    known(ledger, PLACES)
    with lending(ledger):
        found = list(check_events(ledger=ledger.layout.folder))
    assert [one.kind for one in found] == ["too-fast"]
    with guarded(ledger) as node:
        address = f"/apps/supply/things/{canonical(item(1)).removeprefix('https://id.gs1.org/')}"
        key = node.key("reader")
        told = json.loads(node.ask(f"{address}.json", key).body)
        assert [one["called"] for one in told["stays"]] == ["The dairy", "GLN 4012345000030"]
        assert [one["latitude"] for one in told["stays"]] == [53.08, 50.94]
        page = node.ask(address, key).body.decode()
    assert "Where serial 1 of" in page
    assert "The dairy" in page
