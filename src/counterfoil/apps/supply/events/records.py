"""The statement of an event: what was seen, by whom, named by its hash.

The event stands in it as JSON text, so that numbers stay as they were measured, and with its
prefixes, so that anybody can hash it again. This module refuses an event that does not have the
hash that its statement says.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import msgspec

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.prehash import event_hash
from counterfoil.apps.supply.events.reading import read_one
from counterfoil.errors import InputError
from counterfoil.formats.predicates import Header
from counterfoil.formats.predicates.header import HexDigest, Uri
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.formats.statement import Subject
from counterfoil.ports import PredicateType, Said
from counterfoil.provenance.statements.parts import DecimalText, Reference

__all__ = [
    "EVENT_MAX_CHARS",
    "SERIES",
    "SUPPLY_EVENT",
    "SUPPLY_PLACE",
    "SupplyEvent",
    "SupplyPlace",
    "said_of",
    "text_of",
]

EVENT_MAX_CHARS: Final = 40_000
"""Longest event, characters of its JSON text: its statement has to fit into one entry."""

SERIES: Final = "supply-events"
"""The series that events are recorded in."""


class SupplyEvent(Header, frozen=True, kw_only=True):
    """An EPCIS event that the issuer saw, or had from who saw it.

    digest: its hash by GS1 CBV 2.0. event: its JSON text (EPCIS 2.0, JSON-LD), with `@context`.
    received: the statement in another's log that it was taken over from, by its receipt.
    """

    digest: HexDigest
    event: Annotated[str, msgspec.Meta(min_length=2, max_length=EVENT_MAX_CHARS)]
    received: Reference | None = None

    def parsed(self) -> Event:
        """Read the event. Raises InputError with code epcis.hash where its hash is another."""
        found = read_one(self.event.encode())
        if event_hash(found) != self.digest:
            raise InputError(
                "epcis.hash",
                f"expected an event with the hash {self.digest[:16]}, found another",
                hint="Whoever issued the statement hashed another event.",
            )
        return found


class SupplyPlace(Header, frozen=True, kw_only=True):
    """What is known of a place or party.

    place: its URI. name: what people call it. latitude, longitude: decimal text, degrees, of WGS
    84; both or neither.
    """

    place: Uri
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    latitude: DecimalText | None = None
    longitude: DecimalText | None = None

    def __post_init__(self) -> None:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("expected a latitude and a longitude, or neither")
        if abs(float(self.latitude or 0)) > 90 or abs(float(self.longitude or 0)) > 180:
            raise ValueError("expected a place on Earth")


def text_of(event: Event) -> str:
    """Write an event as compact JSON text with its prefixes.

    Raises InputError with code epcis.size.
    """
    whole: dict[str, Any] = dict(event.body)
    if event.namespaces:
        whole = {"@context": dict(sorted(event.namespaces.items())), **whole}
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    if len(text) > EVENT_MAX_CHARS or len(text.encode("utf-8", "replace")) > EVENT_MAX_CHARS:
        raise InputError(
            "epcis.size",
            f"expected an event of at most {EVENT_MAX_CHARS} characters, found {len(text)}",
            hint="Put fewer things into one event.",
        )
    return text


def said_of(
    event: Event, on_behalf_of: str | None = None, received: Reference | None = None
) -> Said:
    """Make the statement of an event, whose subject is the event by its hash."""
    digest = event_hash(event)
    fields: dict[str, Any] = {"digest": digest, "event": text_of(event)}
    if on_behalf_of is not None:
        fields["on_behalf_of"] = on_behalf_of
    if received is not None:
        fields["received"] = msgspec.to_builtins(received)
    return Said(SUPPLY_EVENT.uri, fields, (Subject(digest={"sha256": digest}, name="event"),))


SUPPLY_PLACE: Final = PredicateType(f"{URI_BASE}supply-place/v1", SupplyPlace)
SUPPLY_EVENT: Final = PredicateType(f"{URI_BASE}supply-event/v1", SupplyEvent)
