"""What cannot have happened is found, and what can is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.apps.supply.events.doubts import Doubt, Limits, doubts
from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.errors import InputError, NotFound
from counterfoil.ops.supply.doubts import read_places
from tests.log_rig import raises_code
from tests.supply_made import at, indexed, item, lot, pack, pallet, place, seen, transform

PLACES = {
    canonical(place(1)): (48.1, 11.6),  # Munich
    canonical(place(2)): (53.6, 10.0),  # Hamburg, 612 km away
    canonical(place(3)): (48.2, 11.7),
}
MADE = {"action": "ADD", "step": "commissioning"}


def found(*events: Event, **limits: Any) -> list[Doubt]:
    """Find the doubts about events."""
    with indexed(*events) as index:
        return list(doubts(index, Limits(places=PLACES, **limits)))


def kinds(*events: Event, **limits: Any) -> list[str]:
    """Tell what is doubted."""
    return [one.kind for one in found(*events, **limits)]


def test_an_honest_chain_is_not_doubted() -> None:
    """Made, packed, driven at a truck's speed, unpacked and sold: no doubt."""
    chain = (
        seen(0, 1, item(1), **MADE),
        pack(1, pallet(1), item(1)),
        seen(2, 1, pallet(1), step="shipping"),
        seen(10, 2, pallet(1)),
        pack(11, pallet(1), item(1), action="DELETE", where=2),
        seen(12, 2, item(1), step="retail_selling"),
    )
    assert found(*chain, high_c=7.0) == []


def test_faster_than_a_truck() -> None:
    """612 km in an hour is doubted, also inside of a pallet; the entries are named."""
    doubt = found(seen(1, 1, item(1)), seen(2, 2, item(1)))
    assert [(one.kind, one.indices) for one in doubt] == [("too-fast", (0, 1))]
    inside = (pack(1, pallet(1), item(1)), seen(2, 1, pallet(1)), seen(2.5, 2, pallet(1)))
    assert {one.thing for one in found(*inside)} == {canonical(item(1)), canonical(pallet(1))}
    assert kinds(seen(1, 1, item(1)), seen(2, 2, item(1)), speed_kmh=900.0) == []


def test_two_places_at_once() -> None:
    """One item in two places at one time is doubted, whether or not coordinates are known."""
    assert kinds(seen(1, 8, item(1)), seen(1, 9, item(1))) == ["two-places"]


def test_shipped_before_made() -> None:
    """What is seen before it was made is doubted."""
    assert kinds(seen(1, 1, item(1), step="shipping"), seen(2, 1, item(1), **MADE)) == [
        "before-made"
    ]


def test_a_serial_number_used_again() -> None:
    """A number that is made twice, or is seen after its thing was used up, is doubted."""
    twice = (seen(1, 1, item(1), **MADE), seen(2, 1, item(1), **MADE))
    assert kinds(*twice) == ["serial-reuse"]
    used = (transform(1, [item(1)], [item(2)]), seen(3, 2, item(1)))
    assert kinds(*used) == ["serial-reuse"]
    ended = (seen(1, 1, item(1), step="destroying"), seen(2, 1, item(1)))
    assert kinds(*ended) == ["serial-reuse"]


def quantity(name: str, mass: float) -> dict[str, object]:
    """Weigh a lot."""
    return {"epcClass": lot(name), "quantity": mass, "uom": "KGM"}


def test_mass_out_of_nothing() -> None:
    """More out than in, and more used of a lot than was made of it, are doubted."""
    assert kinds(transform(1, [quantity("A", 10)], [quantity("B", 11)])) == ["mass-balance"]
    honest = transform(1, [quantity("A", 10)], [quantity("B", 9)])
    assert kinds(honest) == []
    more = transform(2, [quantity("B", 9.5)], [quantity("C", 9)])
    doubt = found(honest, more)
    assert [(one.kind, one.thing, one.indices) for one in doubt] == [
        ("mass-balance", canonical(lot("B")), (0, 1))
    ]


def warm(celsius: float, **report: object) -> Event:
    """Measure a temperature in a pallet."""
    said = {"type": "Temperature", "value": celsius, "uom": "CEL", **report}
    return seen(1, 1, pallet(1), sensorElementList=[{"sensorReport": [said]}])


def test_a_broken_cold_chain() -> None:
    """A temperature outside of what is allowed, in any unit, or an alarm, is found."""
    assert kinds(warm(8.5), high_c=7.0) == ["cold-chain"]
    assert kinds(warm(6.5), high_c=7.0, low_c=2.0) == []
    assert kinds(warm(1.0), low_c=2.0) == ["cold-chain"]
    assert kinds(warm(50.0, uom="FAH"), high_c=7.0) == ["cold-chain"]
    assert kinds(warm(5.0, exception="ALARM_CONDITION")) == ["cold-chain"]


def test_one_thing_is_asked_about() -> None:
    """Of one thing only its own doubts are told; one that is unknown is not found."""
    events = (seen(1, 8, item(1)), seen(1, 9, item(1)), seen(1, 8, item(2)), seen(1, 9, item(2)))
    with indexed(*events) as index:
        assert [one.thing for one in doubts(index, Limits(), item(2))] == [canonical(item(2))]
        with raises_code("supply.thing", NotFound):
            list(doubts(index, Limits(), lot("NONE")))


def test_a_declared_error_is_not_doubted() -> None:
    """An event that was declared an error raises no doubt."""
    wrong = seen(1, 9, item(1))
    declared = Event({**wrong.body, "errorDeclaration": {"declarationTime": at(5)}})
    assert kinds(seen(1, 8, item(1)), wrong, declared) == []


@pytest.mark.parametrize("data", [b"place\nx\n", b"place,latitude,longitude\nx,91,0\n", b"\xff"])
def test_places_without_coordinates_are_refused(data: bytes) -> None:
    """A file of places that tells no coordinates ends in an error of ours."""
    with raises_code("supply.places", InputError):
        read_places(data)
