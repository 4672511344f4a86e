"""Organisations that witness each other, and hand events over with proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.handover import read_receipt, take_over
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.prehash import event_hash
from counterfoil.apps.supply.events.records import SupplyEvent
from counterfoil.apps.supply.events.trace import recall, steps_of, trace
from counterfoil.apps.supply.parties import Parties
from counterfoil.apps.supply.story.lying import catch, make_twin, record_evidence
from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Ledger
from counterfoil.proofs import equivocation
from counterfoil.proofs.verify import verify_receipt
from tests.log_rig import raises_code
from tests.supply_made import at, item, lot, seen, transform

NAMES = ("farm", "carrier", "shop")


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[Parties]:
    places = {name: tmp_path / name for name in NAMES}
    with Parties.found(places, tmp_path / "witnesses") as opened:
        yield opened


def receipts_of(ledger: Ledger, *indices: int | None) -> list[bytes]:
    ledger.publish()
    return [receipts.format(ledger.receipt(at)) for at in indices if at is not None]


def test_every_log_is_cosigned_by_all_others_and_not_by_its_own_witness(parties: Parties) -> None:
    """A receipt convinces who trusts the others, and never by its operator's own word."""
    for name, ledger in parties.ledgers.items():
        data = receipts_of(ledger, ledger.record({"said": name}).index)[0]
        verified = verify_receipt(data, parties.parties[name].policy)
        assert verified.grade == "witnessed 2 of 2"
        assert f"{name}.example/witness" not in data.decode()


def test_a_trace_goes_through_the_hands_of_others(parties: Parties) -> None:
    """What the farm saw stands in the shop's log, by the farm's receipt, and names its entry."""
    farm, shop = parties.ledgers["farm"], parties.ledgers["shop"]
    made = transform(1, [lot("MILK")], [item(1)])
    done = capture(farm, [made])
    policy = parties.parties["farm"].policy
    handed = take_over(shop, receipts_of(farm, *done.indices), policy)
    capture(shop, [seen(2, 3, item(1))])
    assert handed.grades == ("witnessed 2 of 2",)
    received = shop.get(handed.indices[0]).content["received"]
    assert done.indices[0] is not None
    assert received["leaf"] == farm.get(done.indices[0]).leaf
    assert received["origin"] == farm.origin
    with index_of(shop) as index:
        found = trace(index, item(1))
    assert any("MILK" in str(link) for link in found.links)
    assert take_over(shop, receipts_of(farm, *done.indices), policy).new == 0


def test_only_who_said_it_takes_an_event_back(parties: Parties) -> None:
    """A carrier's word that what the farm or the shop saw was an error takes it off no recall."""
    farm, carrier, shop = (parties.ledgers[name] for name in NAMES)
    made, sold = transform(1, [lot("MILK")], [item(1)]), seen(2, 3, item(1))

    def hand_over(name: str, *events: Event) -> None:
        ledger = parties.ledgers[name]
        receipts = receipts_of(ledger, *capture(ledger, events).indices)
        take_over(shop, receipts, parties.parties[name].policy)

    def told() -> tuple[int, int]:
        with index_of(shop) as index:
            return len(recall(index, lot("MILK")).affected), len(steps_of(index, item(1)))

    hand_over("carrier", taken_back(made))
    hand_over("farm", made)
    capture(shop, [sold])
    hand_over("carrier", taken_back(sold))
    assert told() == (2, 2)
    hand_over("farm", taken_back(made, 41))
    assert told() == (1, 1)
    capture(shop, [taken_back(sold, 42)])
    assert told() == (1, 0)
    assert farm.size < shop.size > carrier.size


def taken_back(event: Event, hours: float = 40) -> Event:
    """Declare an event to be an error."""
    return replace(event, body={**event.body, "errorDeclaration": {"declarationTime": at(hours)}})


def test_a_receipt_is_believed_only_under_the_right_policy(parties: Parties) -> None:
    """Receipts of another log, changed ones, and those of no event leave the log as it was."""
    farm, carrier, shop = (parties.ledgers[name] for name in NAMES)
    event = seen(1, 1, item(1))
    (good,) = receipts_of(farm, *capture(farm, [event]).indices)
    (other,) = receipts_of(carrier, *capture(carrier, [event]).indices)
    (plain,) = receipts_of(farm, farm.record({"said": 1}).index)
    policy, size = parties.parties["farm"].policy, shop.size
    proven = read_receipt(good, policy).said
    assert isinstance(proven, SupplyEvent)
    assert event_hash(proven.parsed()) == event_hash(event)
    with pytest.raises(VerificationError):
        take_over(shop, [good, other], policy)
    with pytest.raises((VerificationError, InputError)):
        take_over(shop, [good.replace(b'"path":["', b'"path":["00', 1)], policy)
    with raises_code("supply.handover", InputError):
        take_over(shop, [good, plain], policy)
    assert shop.size == size


def test_who_shows_a_second_history_is_caught_by_all_others(
    parties: Parties, tmp_path: Path
) -> None:
    """No witness cosigns it, and two signatures prove it to everybody, for ever."""
    carrier = parties.ledgers["carrier"]
    capture(carrier, [seen(1, 1, item(1))])
    twin = make_twin(parties, "carrier", tmp_path / "twin")
    capture(parties.ledgers["carrier"], [seen(2, 2, item(1), disposition="damaged")])
    caught = catch(parties, twin, lambda ledger: capture(ledger, [seen(2, 3, item(1))]))
    assert sorted(caught.refused) == ["farm.example/witness", "shop.example/witness"]
    equivocation.verify(caught.evidence)  # raises where it proves nothing
    assert caught.evidence.origin == parties.ledgers["carrier"].origin
    index = record_evidence(parties.ledgers["shop"], caught.evidence)
    assert parties.ledgers["shop"].get(index).kind == "equivocation"


def test_who_goes_on_honestly_is_not_convicted(parties: Parties, tmp_path: Path) -> None:
    """A copy that says the same proves nothing against anybody."""
    event = seen(1, 1, item(1))
    capture(parties.ledgers["carrier"], [event])
    twin = make_twin(parties, "carrier", tmp_path / "twin")
    with pytest.raises(VerificationError):
        catch(parties, twin, lambda ledger: capture(ledger, [event]))
