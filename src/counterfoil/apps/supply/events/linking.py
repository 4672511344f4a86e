"""What an event says of things: which took part, in which role, where, and in whose hands.

Things have their canonical names, so that one carton is one thing whoever names it. This module
refuses to interpret what is somebody's own, but for the lot that an item was made in.
Source: GS1 EPCIS 2.0, 7.4; CBV 2.0, 9 (ILMD).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.apps.supply.events.event import TYPES, Event
from counterfoil.apps.supply.events.identifiers import canonical, class_of, lot_of
from counterfoil.apps.supply.events.prehash import event_key, instant_ms
from counterfoil.apps.supply.events.warmth import scale_of, temperatures_of

__all__ = [
    "ACTIONS",
    "CHILD",
    "INPUT",
    "ITEM",
    "LOT",
    "OUTPUT",
    "PARENT",
    "Linked",
    "Part",
    "holder_of",
    "link",
    "scale_of",
]

ITEM, PARENT, CHILD, INPUT, OUTPUT, LOT = range(6)
"""Roles: seen, holds others, is held, went in, came out, is the lot that items were made in."""

ACTIONS: Final = ("OBSERVE", "ADD", "DELETE")

_LISTS: Final = {
    "ObjectEvent": (("epcList", "quantityList", ITEM),),
    "TransactionEvent": (("epcList", "quantityList", ITEM),),
    "AggregationEvent": (("childEPCs", "childQuantityList", CHILD),),
    "AssociationEvent": (("childEPCs", "childQuantityList", CHILD),),
    "TransformationEvent": (
        ("inputEPCList", "inputQuantityList", INPUT),
        ("outputEPCList", "outputQuantityList", OUTPUT),
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A thing in an event. quantity: None for one instance or an unsaid one. uom: its unit."""

    thing: str
    role: int
    quantity: float | None = None
    uom: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """An event as traces need it.

    digest: its hash. declares: when it was declared to be an error, Unix ms; None for an event
    that is meant. key: what makes it one of a kind, its hash and what it declares. kind: its place
    in `TYPES`, or -1. action: its place in `ACTIONS`. point, place: read point and business
    location. holder: who possesses the things after it, as far as it says. low, high: coldest and
    warmest that its sensors measured, degrees C. alarm: a sensor says that it is alarmed. readings:
    (Unix ms, degrees C), as `warmth.temperatures_of`. origin: the log that it was taken over from;
    empty for one's own.
    """

    digest: str
    key: str
    at_ms: int
    kind: int
    action: int
    step: str
    disposition: str
    point: str
    place: str
    holder: str
    transformation: str
    event_id: str
    declares: int | None
    parts: tuple[Part, ...]
    low: float | None = None
    high: float | None = None
    alarm: bool = False
    readings: tuple[tuple[int, float], ...] = ()
    origin: str = ""


def link(event: Event) -> Linked:
    """Take out of an event what it says of things. event: one that `model.check` accepts."""
    body = event.body
    kind = str(body.get("type", ""))
    digest, key = event_key(event)
    declared = body.get("errorDeclaration")
    declares = instant_ms(str(declared.get("declarationTime", ""))) if declared else None
    if declares is not None:
        text = json.dumps(declared, sort_keys=True).encode()
        key = hashlib.sha256(key.encode() + text).hexdigest()
    action = body.get("action")
    at = instant_ms(str(body.get("eventTime", ""))) or 0
    transformation = body.get("transformationID")
    return Linked(
        digest,
        key,
        at,
        TYPES.index(kind) if kind in TYPES else -1,
        ACTIONS.index(action) if action in ACTIONS else 0,
        str(body.get("bizStep", "")),
        str(body.get("disposition", "")),
        _place(body.get("readPoint")),
        _place(body.get("bizLocation")),
        holder_of(body),
        canonical(transformation) if isinstance(transformation, str) else "",
        str(body.get("eventID", "")),
        declares,
        tuple(_parts(kind, event)),
        *_warmth(body),
        tuple(temperatures_of(body, at)),
    )


def _parts(kind: str, event: Event) -> Iterator[Part]:
    body = event.body
    parent = body.get("parentID")
    if isinstance(parent, str):
        yield Part(canonical(parent), PARENT)
    lot = _lot(event)
    lots = set()
    for epcs, quantities, role in _LISTS.get(kind, ()):
        for epc in dict.fromkeys(body.get(epcs) or ()):
            name = canonical(epc)
            yield Part(name, role)
            of = class_of(name)
            if lot and of and role in (ITEM, OUTPUT):
                lots.add(lot_of(of, lot))
        for one in body.get(quantities) or ():
            quantity = one.get("quantity")
            yield Part(canonical(one["epcClass"]), role, quantity, one.get("uom", ""))
    for name in sorted(lots):
        yield Part(name, LOT)


def _warmth(body: Mapping[str, Any]) -> tuple[float | None, float | None, bool]:
    """Find the lowest and highest temperature of an event, degrees C, and whether one alarmed."""
    found, alarm = [], False
    for element in body.get("sensorElementList") or ():
        for report in element.get("sensorReport") or ():
            alarm = alarm or report.get("exception") == "ALARM_CONDITION"
            scale = scale_of(report)
            if scale is not None:
                keys = ("value", "minValue", "maxValue", "meanValue")
                found += [scale(float(report[key])) for key in keys if key in report]
    return min(found, default=None), max(found, default=None), alarm


def _lot(event: Event) -> str:
    """Find the lot that an event says its items were made in."""
    found = event.body.get("ilmd")
    if not isinstance(found, Mapping):
        return ""
    for key, value in found.items():
        if key.rpartition(":")[2] == "lotNumber" and isinstance(value, str):
            return value.strip()
    return ""


def _place(found: Any) -> str:
    return canonical(str(found["id"])) if isinstance(found, Mapping) and "id" in found else ""


def holder_of(body: Mapping[str, Any]) -> str:
    """Tell who possesses the things after an event, canonical; empty where it does not say."""
    found = {
        one.get("type", "").rpartition("-")[2]: one.get("destination", "")
        for one in body.get("destinationList") or ()
    }
    holder = found.get("possessing_party") or found.get("owning_party") or ""
    return canonical(holder) if holder else ""
