"""Temperatures are gathered from a thing, what holds it and its place: the nearest counts."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.index import Index
from counterfoil.apps.supply.events.warmth import temperatures_of
from counterfoil.apps.supply.predict.spoilage.gathered import history_of
from counterfoil.errors import NotFound
from tests.supply_made import at, event, indexed, item, ms, pack, pallet, place, seen, transform


def measured(hours: float, celsius: float, *things: str, where: int = 9, **report: Any) -> Event:
    """Report a temperature of things, or of a place alone."""
    said = {"type": "Temperature", "value": celsius, "uom": "CEL", **report}
    return event(
        "ObjectEvent",
        hours,
        epcList=list(things),
        action="OBSERVE",
        bizStep="sensor_reporting",
        readPoint={"id": place(where)},
        sensorElementList=[{"sensorMetadata": {"time": at(hours)}, "sensorReport": [said]}],
    )


def told(index: Index, thing: str, until: float = 99.0) -> list[tuple[float, float]]:
    """Give (hours, degrees C)."""
    return [((when - ms(0)) / 3_600_000, c) for when, c in history_of(index, thing, ms(until))]


def test_a_things_own_readings_count_from_when_it_was_made() -> None:
    """Earlier ones are of what it was made of; later ones than asked for are left out."""
    index = indexed(
        transform(1, [item(1)], [item(2)]),
        measured(0.5, 30, item(2)),
        measured(2, 4, item(2)),
        measured(3, 41, item(2), uom="FAH"),
        measured(5, 9, item(2)),
    )
    assert told(index, item(2), 4) == [(2.0, 4.0), (3.0, 5.0)]
    found = history_of(index, item(2), ms(4))
    assert (found.since_ms, found.entries) == (ms(1), (2, 3))
    with pytest.raises(NotFound):
        history_of(index, item(7), ms(4))


def test_what_held_it_counts_only_while_it_did() -> None:
    """A pallet's sensor tells of a carton from when it was packed until it was taken out."""
    index = indexed(
        transform(0, [item(1)], [item(2)]),
        measured(1, 20, pallet(1)),
        pack(2, pallet(1), item(2)),
        measured(3, 5, pallet(1)),
        pack(4, pallet(1), item(2), action="DELETE"),
        measured(5, 25, pallet(1)),
    )
    assert told(index, item(2)) == [(3.0, 5.0)]


def test_the_place_counts_while_it_is_there_and_nobody_nearer_measured() -> None:
    """A cold room's logger tells of what stands in it, between nearer readings' gaps, not after."""
    index = indexed(
        seen(1, 1, item(2), step="storing"),
        measured(2, 3, where=1),
        measured(2.5, 7, where=2),
        measured(3, 6, item(2)),
        measured(3.4, 3, where=1),
        measured(3.8, 6, item(2)),
        measured(9, 3, where=1),
        seen(10, 1, item(2), step="shipping", bizLocation={"id": place(1)}),
        seen(11, 2, item(2), step="receiving"),
        measured(12, 3, where=1),
        measured(13, 8, where=2),
        measured(14, 30, item(5), where=2),
    )
    assert told(index, item(2)) == [(2.0, 3.0), (3.0, 6.0), (3.8, 6.0), (9.0, 3.0), (13.0, 8.0)]


def test_after_it_was_shipped_no_place_counts() -> None:
    """Where no event says that it is, its temperature is not known."""
    gone = seen(2, 1, item(2), step="shipping")
    away = Event({k: v for k, v in gone.body.items() if k != "bizLocation"}, gone.namespaces)
    index = indexed(
        seen(0, 1, item(2), step="storing"), measured(1, 3, where=1), away, measured(3, 4, where=1)
    )
    assert told(index, item(2)) == [(1.0, 3.0)]


def test_an_event_that_was_an_error_counts_no_longer() -> None:
    """Its readings are left out from when it was declared to be one."""
    wrong = measured(2, 40, item(2))
    declared = Event(
        {**wrong.body, "errorDeclaration": {"declarationTime": at(6)}}, wrong.namespaces
    )
    index = indexed(transform(0, [item(1)], [item(2)]), wrong, measured(3, 4, item(2)), declared)
    assert told(index, item(2), 5) == [(2.0, 40.0), (3.0, 4.0)]
    assert told(index, item(2), 7) == [(3.0, 4.0)]


def test_periods_and_broken_sensors() -> None:
    """A mean counts at both ends of its time, else the warmest; a broken device says nothing."""
    period = {"startTime": at(1), "endTime": at(2)}
    elements = [
        {
            "sensorMetadata": period,
            "sensorReport": [
                {"type": "Temperature", "meanValue": 5, "maxValue": 8, "uom": "CEL"},
                {"type": "Temperature", "minValue": 2, "maxValue": 7, "uom": "CEL"},
                {"type": "RelativeHumidity", "value": 80, "uom": "P1"},
                {"type": "Temperature", "value": 3, "uom": "NEW"},
            ],
        },
        {
            "sensorMetadata": {"time": at(3)},
            "sensorReport": [
                {"type": "Temperature", "value": 99, "uom": "CEL", "exception": "ERROR_CONDITION"}
            ],
        },
        {"sensorReport": [{"type": "Temperature", "value": 277.15, "uom": "KEL"}]},
    ]
    found = list(temperatures_of({"sensorElementList": elements}, ms(4)))
    assert found == [(ms(1), 5.0), (ms(2), 5.0), (ms(1), 7.0), (ms(2), 7.0), (ms(4), 4.0)]


def test_a_reading_that_cannot_be_keeps_nothing_from_being_judged() -> None:
    """Whoever adds 500 degrees to a journey does not spoil the history that others measured."""
    said = [measured(hour, 4.0, item(1)) for hour in (1, 2, 3)]
    false = [measured(2.5, celsius, item(1)) for celsius in (500.0, -250.0, 1e308)]
    with indexed(*said, *false) as index:
        found = history_of(index, item(1), ms(9))
        assert [celsius for _, celsius in found] == [4.0] * 3
