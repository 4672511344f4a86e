"""Events are recorded once, each with a receipt, whatever is sent again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.prehash import event_hash
from counterfoil.apps.supply.events.reading import read
from counterfoil.apps.supply.events.records import text_of
from counterfoil.errors import InputError, Unavailable
from counterfoil.ledger import Ledger, open_ledger
from tests.ledgers import copy_ledger, prove
from tests.log_rig import raises_code
from tests.shared_data import data_path
from tests.supply_made import item, seen


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger."""
    with open_ledger(copy_ledger(tmp_path / "ledger")) as opened:
        yield opened


def test_each_example_is_captured_with_a_receipt(ledger: Ledger) -> None:
    """Events of all JSON examples become statements under few signatures, each proven alone."""
    folder = data_path("epcis20_examples") / "JSON"
    events = [e for p in sorted(folder.rglob("*.jsonld")) for e in read(p.read_bytes()).events]
    done = capture(ledger, events)
    assert done.wrong == ()
    assert done.new == len({*zip(done.hashes, done.indices, strict=True)})
    assert done.new < len(events)  # some examples say the same
    index = done.indices[7]
    assert index is not None
    verified = prove(ledger, index)
    assert verified is not None
    view = ledger.get(index)
    assert event_hash(events[7]) in str(view.to_json())


def test_what_is_sent_again_gets_its_first_place(ledger: Ledger) -> None:
    """The same events again, with others among them, are recorded once; also in another form."""
    first = [seen(1, 1, item(1)), seen(2, 2, item(1))]
    done = capture(ledger, first)
    again = Event({**first[1].body, "eventID": "urn:uuid:1"}, first[1].namespaces)
    more = capture(ledger, [again, seen(3, 3, item(1)), first[0]])
    assert more.new == 1
    assert (more.indices[0], more.indices[2]) == (done.indices[1], done.indices[0])
    assert capture(ledger, first).new == 0


def test_a_wrong_event_stops_all_or_itself(ledger: Ledger) -> None:
    """By default nothing of a document with a wrong event is recorded; with proceed the rest is."""
    events = [seen(1, 1, item(1)), seen(1, 1, item(2), bizStep="dancing"), seen(1, 2, item(3))]
    size = ledger.size
    done = capture(ledger, events)
    assert [one.at for one in done.wrong] == [1]
    assert "bizStep" in done.wrong[0].message
    assert (done.new, done.indices, ledger.size) == (0, (None, None, None), size)
    done = capture(ledger, events, proceed=True)
    assert done.new == 2
    assert done.indices[1] is None


def test_an_error_declaration_is_an_event_of_its_own(ledger: Ledger) -> None:
    """An event that declares another an error has its hash, and is recorded beside it."""
    wrong = seen(1, 1, item(1))
    declaring = {**wrong.body, "errorDeclaration": {"declarationTime": "2030-01-02T00:00:00Z"}}
    declared = Event(declaring, wrong.namespaces)
    assert event_hash(declared) == event_hash(wrong)
    done = capture(ledger, [wrong, declared])
    assert done.new == 2
    with index_of(ledger) as index:
        rows = index.database.execute("SELECT void FROM event WHERE declares IS NULL").fetchall()
    assert rows == [(1893542400000,)]


def test_an_index_can_be_deleted_and_notices_another_log(ledger: Ledger, tmp_path: Path) -> None:
    """A deleted index is made again; one of another ledger is not believed."""
    capture(ledger, [seen(1, 1, item(1))])
    path = ledger.layout.folder / "supply.db"
    path.unlink()
    with index_of(ledger) as index:
        assert index.database.execute("SELECT count(*) FROM event").fetchone() == (1,)
        index.database.execute("UPDATE meta SET value = 'other' WHERE key = 'leaf'")
        index.database.execute("UPDATE event SET at = 0")
    with index_of(ledger) as index:
        assert index.database.execute("SELECT min(at) > 0 FROM event").fetchone() == (1,)


def test_an_event_too_large_for_an_entry_is_refused() -> None:
    """An event has to fit into one entry, and the error says how much too large it is."""
    with raises_code("epcis.size", InputError):
        text_of(seen(1, 1, *(item(number) for number in range(2000))))


def test_a_broken_index_is_told(ledger: Ledger) -> None:
    """A file that is no index is an error that says to delete it, not a slow way around it."""
    (ledger.layout.folder / "supply.db").write_bytes(b"no database" * 1000)
    with raises_code("supply.index", Unavailable), index_of(ledger):
        pass
