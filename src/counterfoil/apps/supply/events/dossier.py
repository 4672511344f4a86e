"""All that events say of one thing: what it is, where it was, how warm, in whose hands.

Read from the proven entries themselves, each with its index, so that nothing is told that no
receipt proves. This module refuses to judge: `doubts` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.identifiers import DOMAIN, canonical
from counterfoil.apps.supply.events.index import Index
from counterfoil.apps.supply.events.linking import holder_of, scale_of
from counterfoil.apps.supply.events.prehash import instant_ms
from counterfoil.apps.supply.events.query import event_at
from counterfoil.apps.supply.events.trace import Affected, Step, steps_of, where_is
from counterfoil.errors import CounterfoilError
from counterfoil.ledger import Ledger

__all__ = ["Dossier", "Reading", "Said", "Seen", "coordinates", "dossier", "parts_of_name"]

_STEPS_MAX: Final = 400
_READINGS_MAX: Final = 5000
_VALUE_MAX: Final = 300
_GEO: Final = re.compile(r"geo:(-?\d{1,3}(?:\.\d{1,12})?),(-?\d{1,3}(?:\.\d{1,12})?)(?:[,;].*)?")
_PARTS: Final = {
    "01": "GTIN", "21": "serial number", "10": "lot", "235": "serial number of a third party",
    "00": "SSCC", "414": "GLN", "254": "extension", "417": "party GLN", "8003": "GRAI",
    "8004": "GIAI", "8006": "ITIP", "8010": "CPID", "8011": "serial number", "8017": "GSRN",
    "8018": "GSRN", "253": "GDTI", "255": "GCN", "401": "GINC", "402": "GSIN",
}  # fmt: skip
"""Application identifier -> what people call it (GS1 General Specifications, 3)."""


@dataclass(frozen=True, slots=True)
class Said:
    """Something that an event says of a thing. index: of its entry."""

    name: str
    value: str
    index: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A temperature. low_c, high_c: degrees C, the same for a single value. alarm: as it says."""

    at_ms: int
    low_c: float
    high_c: float
    device: str
    alarm: bool
    index: int


@dataclass(frozen=True, slots=True)
class Seen:
    """An event in a thing's life, with what it says beside `Step`.

    type, action: as EPCIS calls them. holder: who possesses the thing from then on, as far as it
    says. low_c, high_c: what its sensors measured, degrees C.
    """

    index: int
    hash: str
    at_ms: int
    type: str
    action: str
    step: str
    disposition: str
    point: str
    place: str
    by: str
    holder: str
    low_c: float | None
    high_c: float | None
    alarm: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is known of a thing. parts: of its name. master: from ILMD. now: where it is.

    left_out: how many of its events are not in `seen`, which has the newest.
    """

    thing: str
    as_of_ms: int | None
    parts: tuple[tuple[str, str], ...]
    now: Affected
    master: tuple[Said, ...]
    certificates: tuple[Said, ...]
    transactions: tuple[Said, ...]
    seen: tuple[Seen, ...]
    readings: tuple[Reading, ...]
    left_out: int

    def to_json(self) -> dict[str, Any]:
        """Turn it into what pages and the API print."""
        return asdict(self)


def dossier(ledger: Ledger, index: Index, thing: str, *, as_of_ms: int | None = None) -> Dossier:
    """Gather what events say of a thing. Raises NotFound with code supply.thing."""
    steps = steps_of(index, thing, as_of_ms=as_of_ms)
    kept = steps[-_STEPS_MAX:]
    name = canonical(thing)
    master: dict[tuple[str, str], Said] = {}
    certificates: dict[str, Said] = {}
    transactions: dict[tuple[str, str], Said] = {}
    seen, readings = [], []
    for step in kept:
        body = _event(ledger, step.index).body
        warm = list(_readings(body, step))
        readings += warm
        seen.append(_seen(step, body, warm))
        if step.by == name and _is_made(body, name):
            for field, value in _flat(body.get("ilmd"), ""):
                master.setdefault((field, value), Said(field, value, step.index))
        for one in _listed(body.get("certificationInfo")):
            certificates.setdefault(one, Said("certificate", one, step.index))
        for one in body.get("bizTransactionList") or ():
            pair = str(one.get("type", "")), str(one.get("bizTransaction", ""))
            transactions.setdefault(pair, Said(*pair, step.index))
    return Dossier(
        name,
        as_of_ms,
        parts_of_name(name),
        where_is(index, thing, as_of_ms=as_of_ms),
        tuple(master.values()),
        tuple(certificates.values()),
        tuple(transactions.values()),
        tuple(seen),
        tuple(sorted(readings, key=lambda one: one.at_ms)[-_READINGS_MAX:]),
        len(steps) - len(kept),
    )


def parts_of_name(name: str) -> tuple[tuple[str, str], ...]:
    """Tell what a canonical name is made of, as people call it; nothing for what is no GS1 key.

    >>> parts_of_name("https://id.gs1.org/01/04012345222227/10/MILK")
    (('GTIN', '04012345222227'), ('lot', 'MILK'))
    """
    if not name.startswith(f"{DOMAIN}/"):
        return ()
    parts = name.removeprefix(f"{DOMAIN}/").split("/")
    pairs = zip(parts[::2], parts[1::2], strict=False)
    return tuple((_PARTS.get(ai, ai), value) for ai, value in pairs)


def coordinates(place: str) -> tuple[float, float] | None:
    """Read (latitude, longitude), degrees, of a `geo:` URI (RFC 5870); None for anything else.

    >>> coordinates("geo:48.2,16.37;u=20"), coordinates("geo:95,0")
    ((48.2, 16.37), None)
    """
    found = _GEO.fullmatch(place)
    if found is None:
        return None
    north, east = float(found[1]), float(found[2])
    return (north, east) if abs(north) <= 90 and abs(east) <= 180 else None


def _is_made(body: Mapping[str, Any], name: str) -> bool:
    """Tell whether master data of an event is of a thing: of what came out, not of what went in."""
    if body.get("type") != "TransformationEvent":
        return True
    made = [*(body.get("outputEPCList") or ())]
    made += [one.get("epcClass", "") for one in body.get("outputQuantityList") or ()]
    return any(canonical(one) == name for one in made)


def _event(ledger: Ledger, index: int) -> Event:
    try:
        return event_at(ledger, index)
    except CounterfoilError:  # its entry cannot be read any more: the step stands as indexed
        return Event({})


def _seen(step: Step, body: Mapping[str, Any], warm: list[Reading]) -> Seen:
    return Seen(
        step.index,
        step.hash,
        step.at_ms,
        str(body.get("type", "")),
        str(body.get("action", "")),
        step.step,
        step.disposition,
        step.point,
        step.place,
        step.by,
        holder_of(body),
        min((one.low_c for one in warm), default=None),
        max((one.high_c for one in warm), default=None),
        any(one.alarm for one in warm),
    )


def _readings(body: Mapping[str, Any], step: Step) -> Iterator[Reading]:
    """Find the temperatures of an event, each at its own time."""
    for element in body.get("sensorElementList") or ():
        head = element.get("sensorMetadata") or {}
        reports = element.get("sensorReport") or ()
        alarmed = any(one.get("exception") == "ALARM_CONDITION" for one in reports)
        for report in reports:
            scale = scale_of(report)
            if scale is None:
                continue
            keys = ("value", "minValue", "maxValue", "meanValue")
            values = [scale(float(report[key])) for key in keys if key in report]
            if not values:
                continue
            when = report.get("time") or head.get("time") or head.get("endTime")
            at = instant_ms(str(when)) if when is not None else None
            device = str(report.get("deviceID") or head.get("deviceID") or "")
            yield Reading(
                step.at_ms if at is None else at,
                min(values), max(values), device, alarmed, step.index,
            )  # fmt: skip


def _flat(found: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """List what master data say: field -> text, without the namespaces of fields."""
    if isinstance(found, Mapping):
        for key, value in found.items():
            name = str(key).rpartition(":")[2].rpartition("/")[2].lstrip("#@")
            yield from _flat(value, f"{prefix}.{name}" if prefix else name)
    elif isinstance(found, list):
        for one in found:
            yield from _flat(one, prefix)
    elif found is not None and prefix:
        yield prefix, str(found).strip()[:_VALUE_MAX]


def _listed(found: Any) -> list[str]:
    items = found if isinstance(found, list) else [found]
    return [one for one in items if isinstance(one, str)]
