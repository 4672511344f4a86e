"""Supply chains for tests: events of farm, packer, carrier and shop, made from a few numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.identifiers import check_digit
from counterfoil.apps.supply.events.index import Index
from counterfoil.apps.supply.events.linking import link

__all__ = [
    "START", "at", "event", "gln", "indexed", "item", "lot", "ms", "pack", "pallet", "place",
    "seen", "transform",
]  # fmt: skip

START = datetime(2030, 1, 1, tzinfo=UTC)


def at(hours: float) -> str:
    """Tell a time, hours after the start."""
    return (START + timedelta(hours=hours)).isoformat(timespec="milliseconds")


def ms(hours: float) -> int:
    """Tell a time as Unix ms."""
    return int((START + timedelta(hours=hours)).timestamp() * 1000)


def item(number: int, kind: int = 11111) -> str:
    """Name one item."""
    return f"urn:epc:id:sgtin:4012345.0{kind}.{number}"


def lot(name: str, kind: int = 11111) -> str:
    """Name a lot."""
    return f"urn:epc:class:lgtin:4012345.0{kind}.{name}"


def pallet(number: int) -> str:
    """Name a pallet."""
    return f"urn:epc:id:sscc:4012345.0{number:09d}"


def place(number: int) -> str:
    """Name a place."""
    return f"urn:epc:id:sgln:4012345.{number:05d}.0"


def gln(number: int) -> str:
    """Name a place as the index does."""
    raw = f"4012345{number:05d}"
    return f"https://id.gs1.org/414/{raw}{check_digit(raw)}"


def event(kind: str, hours: float, **fields: Any) -> Event:
    """Make an event of any type."""
    head = {"type": kind, "eventTime": at(hours), "eventTimeZoneOffset": "+00:00"}
    return Event({**head, **fields}, {"cbvmda": "urn:epcglobal:cbv:mda:"})


def seen(hours: float, where: int, *things: str, step: str = "receiving", **more: Any) -> Event:
    """See things somewhere."""
    fields = {
        "epcList": list(things),
        "action": "OBSERVE",
        "bizStep": step,
        "readPoint": {"id": place(where)},
        "bizLocation": {"id": place(where)},
    }
    return event("ObjectEvent", hours, **{**fields, **more})


def pack(hours: float, into: str, *things: str, action: str = "ADD", where: int = 1) -> Event:
    """Put things into another, or take them out."""
    fields: dict[str, Any] = {"childEPCs": list(things)} if things else {}
    return event(
        "AggregationEvent",
        hours,
        parentID=into,
        action=action,
        bizStep="packing" if action == "ADD" else "unpacking",
        readPoint={"id": place(where)},
        **fields,
    )


def transform(
    hours: float,
    inputs: list[str | dict[str, Any]],
    outputs: list[str | dict[str, Any]],
    **more: Any,
) -> Event:
    """Make things out of others; an object is a quantity of a lot."""
    fields: dict[str, Any] = {}
    for side, things in (("input", inputs), ("output", outputs)):
        single = [one for one in things if isinstance(one, str)]
        many = [one for one in things if not isinstance(one, str)]
        fields |= {f"{side}EPCList": single} if single else {}
        fields |= {f"{side}QuantityList": many} if many else {}
    return event("TransformationEvent", hours, readPoint={"id": place(2)}, **fields, **more)


def indexed(*events: Event) -> Index:
    """Make an index of events, numbered from 0."""
    index = Index(None)
    with index.writing():
        index.add(enumerate(map(link, events)))
    return index
