"""A supply chain for tests of pages: farm, dairy, carrier and shop, with a warm stretch on the way.

Two of its events cannot both be true, one names what would do harm to a page that believed it.
"""

from __future__ import annotations

from typing import Any, Final

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.devices import add_device, revoke_device
from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.sensors import public_key
from counterfoil.ledger import Ledger
from tests.supply_made import at, event, item, lot, pack, pallet, seen, transform

__all__ = ["BAD_LOT", "CHEESE", "PALLET", "PLACES", "tell"]

PLACES: Final = {
    "farm": "geo:53.55,8.58",
    "dairy": "geo:53.08,8.80",
    "hub": "geo:51.51,7.47",
    "shop": "geo:50.94,6.96",
}
BAD_LOT: Final = lot("MILK-7", kind=22222)
CHEESE: Final = item(1)
PALLET: Final = pallet(1)
_LADING: Final = {"type": "bol", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000016:B-1"}


def tell(ledger: Ledger, harm: str = "harmless") -> None:
    """Record the chain. harm: text that stands in its master data."""
    done = capture(ledger, chain(harm))
    assert not done.wrong, done.wrong
    for device in ("urn:epc:id:giai:4012345.111", "urn:epc:id:giai:4012345.222"):
        add_device(ledger, device, public_key(bytes(range(32))))
    revoke_device(ledger, "urn:epc:id:giai:4012345.222", "it was stolen")


def chain(harm: str = "harmless") -> list[Event]:
    """Make its events."""
    milk = {"epcClass": BAD_LOT, "quantity": 900, "uom": "KGM"}
    cheese = [item(number) for number in range(1, 13)]
    made = {"cbvmda:lotNumber": "C-1", "cbvmda:countryOfOrigin": "DE", "cbvmda:comment": harm}
    return [
        _at("farm", event(
            "ObjectEvent", 1, quantityList=[milk], action="ADD", bizStep="commissioning",
            certificationInfo="https://certificates.example/organic/7",
        )),
        _at("dairy", transform(9, [milk], [*cheese], ilmd=made, bizStep="commissioning")),
        _at("dairy", pack(10, PALLET, *cheese[:10])),
        _at("dairy", seen(12, 1, PALLET, step="shipping", bizTransactionList=[_LADING], **_to(1))),
        _at("hub", seen(22, 1, PALLET, **_to(2), sensorElementList=_warm(13))),
        _at("hub", seen(24, 1, PALLET, step="departing")),
        _at("shop", seen(30, 1, PALLET, step="arriving")),
        _at("shop", pack(31, PALLET, action="DELETE")),
        _at("shop", seen(40, 1, CHEESE, step="retail_selling", disposition="retail_sold")),
        _at("shop", seen(41, 1, item(2), step="retail_selling")),
        _at("farm", seen(41.1, 1, item(2), step="inspecting")),
    ]  # fmt: skip


def _at(place: str, made: Event) -> Event:
    """Let an event happen at a place."""
    where = {"id": PLACES[place]}
    return Event({**made.body, "readPoint": where, "bizLocation": where}, made.namespaces)


def _to(party: int) -> dict[str, Any]:
    """Hand goods over to a party."""
    who = f"urn:epc:id:pgln:4012345.{party:05d}"
    return {"destinationList": [{"type": "possessing_party", "destination": who}]}


def _warm(hours: float) -> list[dict[str, Any]]:
    """Measure on the way, an hour apart; it was too warm for a while."""
    return [
        {
            "sensorMetadata": {"time": at(hours + n), "deviceID": "urn:epc:id:giai:4012345.111"},
            "sensorReport": [{"type": "Temperature", "value": value, "uom": "CEL"}],
        }
        for n, value in enumerate((4.1, 4.4, 5.0, 9.5, 11.2, 8.9, 5.1))
    ]
