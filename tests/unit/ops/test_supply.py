"""The supply app's commands do what they say, from files to receipts."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from counterfoil.apps.supply.events.prehash import event_hash
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply import doubts as doubts_text
from counterfoil.cli.text.supply import events as events_text
from counterfoil.cli.text.supply import traces as traces_text
from counterfoil.errors import InputError
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.ledger import open_ledger
from counterfoil.ops.supply import doubts, events, traces
from counterfoil.ports import STANDARD_STREAM, Channel
from counterfoil.proofs.verify import verify_receipt
from tests.ledgers import copy_ledger, prove
from tests.log_rig import raises_code
from tests.supply_made import item, seen, transform


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Make a ledger."""
    return copy_ledger(tmp_path / "ledger")


def channel(*found: object) -> Channel:
    """Give a document on standard input."""
    document = {"type": "EPCISDocument", "epcisBody": {"eventList": list(found)}}
    return Channel(io.BytesIO(json.dumps(document).encode()), io.BytesIO())


CHAIN = (transform(1, [item(1)], [item(2)]), seen(2, 3, item(2)))
PLAIN = Paint(io.StringIO())


def captured(ledger: Path) -> None:
    """Record the chain."""
    bodies = [dict(one.body) for one in CHAIN]
    done = events.capture_events(STANDARD_STREAM, ledger=ledger, channel=channel(*bodies))
    assert done.new == 2
    assert "recorded 2 events" in "\n".join(events_text.capture_events(done, PLAIN))


def test_captured_events_are_traced_with_proof(ledger: Path) -> None:
    """What was captured is traced back and recalled, and each step names its entry."""
    captured(ledger)
    found = traces.trace_thing(item(2), ledger=ledger)
    assert len(found.links) == 1
    assert [one.index for one in found.steps] == [one.index for one in found.links] + [
        found.links[0].index + 1
    ]
    assert "made of" in "\n".join(traces_text.trace_thing(found, PLAIN))
    gone = traces.recall_thing(item(1), ledger=ledger)
    assert len(gone.affected) == 2
    assert "used" in "\n".join(traces_text.recall_thing(gone, PLAIN))
    early = traces.trace_thing(item(2), as_of="2030-01-01T00:30:00Z", ledger=ledger)
    assert (early.links, early.steps) == ((), ())
    with raises_code("supply.time", InputError):
        traces.trace_thing(item(2), as_of="noon", ledger=ledger)


def test_receipts_of_captured_events_are_taken_away(ledger: Path, tmp_path: Path) -> None:
    """Each event's receipt is a file that proves it without the ledger; again they are the same."""
    bodies = [dict(one.body) for one in CHAIN]
    for _ in range(2):
        done = events.capture_events(
            STANDARD_STREAM, receipts=tmp_path / "proofs", ledger=ledger, channel=channel(*bodies)
        )
        assert len(done.receipts) == 2
        assert "2 receipts in" in "\n".join(events_text.capture_events(done, PLAIN))
    with open_ledger(ledger) as opened:
        policy = opened.policy
    files = sorted((tmp_path / "proofs").iterdir())
    assert [one.name for one in files] == [f"{at}.supply-event.receipt.json" for at in done.indices]
    for file, event in zip(files, CHAIN, strict=True):
        verified = verify_receipt(file.read_bytes(), policy)
        assert verified.statement is not None
        assert event_hash(event) in str(verified.statement.subject)
    assert done.to_json()["receipts"] == [str(one) for one in done.receipts]


def test_events_on_behalf_of_another_say_so(ledger: Path) -> None:
    """Under a mandate an event names whose it is; issuer and signer stay who recorded it."""
    farm = "https://farm.example"
    with open_ledger(ledger) as opened:
        own = opened.get(0).issuer or ""
        mandate = {"principal": farm, "delegate": own, "scope": ["supply-event"]}
        opened.record_statement("mandate", {**mandate, "from_ms": 0, "until_ms": 2_000_000_000_000})
    bodies = [dict(one.body) for one in CHAIN]
    done = events.capture_events(
        STANDARD_STREAM, on_behalf_of=farm, ledger=ledger, channel=channel(*bodies)
    )
    with open_ledger(ledger) as opened:
        for index in done.indices:
            assert index is not None
            parsed = entries.parse(opened.entry(index))
            assert isinstance(parsed, StatementEntry)
            said = json.loads(bytes(parsed.statement.predicate))
            assert (said["on_behalf_of"], said["issuer"]) == (farm, own)
            assert prove(opened, index) is not None
        assert len(opened.search(f'on_behalf_of="{farm}"').hits) == 2
    for wrong in ("nobody", ""):
        with pytest.raises(InputError):
            events.capture_events(
                STANDARD_STREAM, on_behalf_of=wrong, ledger=ledger,
                channel=channel(dict(seen(7, 3, item(7)).body)),
            )  # fmt: skip


def test_a_wrong_document_is_refused_as_a_whole(ledger: Path) -> None:
    """The error names the event and the field; with --proceed the right ones are recorded."""
    wrong = {**CHAIN[1].body, "action": "LOOK"}
    right = dict(CHAIN[0].body)
    with pytest.raises(InputError, match="event 1: expected OBSERVE") as caught:
        events.capture_events(STANDARD_STREAM, ledger=ledger, channel=channel(right, wrong))
    assert caught.value.code == "epcis.rollback"
    done = events.capture_events(
        STANDARD_STREAM, proceed=True, ledger=ledger, channel=channel(right, wrong)
    )
    assert (done.new, len(done.wrong)) == (1, 1)
    assert "was refused" in "\n".join(events_text.capture_events(done, PLAIN))


def test_hashes_are_told_with_what_was_hashed() -> None:
    """Each event of a document is named, and with --prehash the hashed text is shown."""
    found = list(
        events.hash_events(STANDARD_STREAM, prehash=True, channel=channel(dict(CHAIN[0].body)))
    )
    assert found[0].hash.startswith("ni:///sha-256;")
    assert "eventType=TransformationEvent" in str(found[0].to_json()["prehash"])
    assert found[0].hash in "\n".join(events_text.hash_events(found, PLAIN))


def test_doubts_are_told_with_their_entries(ledger: Path, tmp_path: Path) -> None:
    """What cannot have happened is listed; an honest ledger is not doubted."""
    captured(ledger)
    assert list(doubts.check_events(ledger=ledger)) == []
    assert "nothing is doubted" in "\n".join(doubts_text.check_events([], PLAIN))
    more = [dict(seen(2, 4, item(2)).body)]
    events.capture_events(STANDARD_STREAM, ledger=ledger, channel=channel(*more))
    places = tmp_path / "places.csv"
    places.write_text("place,latitude,longitude\n")
    found = list(doubts.check_events(item(2), places=places, high_c="7.5", ledger=ledger))
    assert [one.kind for one in found] == ["two-places"]
    assert "same time" in "\n".join(doubts_text.check_events(found, PLAIN))
    with raises_code("supply.limit", InputError):
        list(doubts.check_events(low_c="cold", ledger=ledger))
