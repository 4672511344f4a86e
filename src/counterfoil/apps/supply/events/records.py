"""The statement of an event: what was seen, by whom, named by its hash.

The event stands in it as JSON text, so that numbers stay as they were measured, and with its
prefixes, so that anybody can hash it again. This module refuses an event that does not have the
hash that its statement says.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, Any, Final

import msgspec

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.master import Master
from counterfoil.apps.supply.events.prehash import event_hash
from counterfoil.apps.supply.events.reading import read_one
from counterfoil.errors import InputError
from counterfoil.formats.predicates import Header
from counterfoil.formats.predicates.header import HexDigest, Millis, Uri
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.formats.statement import Subject
from counterfoil.ports import PredicateType, Said
from counterfoil.provenance.statements.parts import Reference, Text

__all__ = [
    "EVENT_MAX_CHARS",
    "SERIES",
    "SUPPLY_EVENT",
    "SUPPLY_MASTER",
    "SupplyEvent",
    "SupplyMaster",
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
        found = replace(read_one(self.event.encode()), from_xml=True)
        if event_hash(found) != self.digest:
            raise InputError(
                "epcis.hash",
                f"expected an event with the hash {self.digest[:16]}, found another",
                hint="Whoever issued the statement hashed another event.",
            )
        return found


class SupplyMaster(Header, frozen=True, kw_only=True):
    """What is said of a place, product or party: its master data.

    thing: its canonical name. vocabulary: URI of the kind of vocabulary that it stands in, as GS1
    has them. since_ms: from when on it is so, Unix ms: a later one stands in its place. attributes:
    URI -> text. children: what is part of it. received: the statement of another log that it was
    taken over from.
    """

    thing: Uri
    vocabulary: Uri
    since_ms: Millis
    attributes: Annotated[dict[Uri, Text], msgspec.Meta(max_length=128)]
    children: Annotated[tuple[Uri, ...], msgspec.Meta(max_length=500)] = ()
    received: Reference | None = None

    @property
    def master(self) -> Master:
        """What was said, as documents have it."""
        return Master(self.thing, self.vocabulary, self.attributes, self.children)


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


SUPPLY_MASTER: Final = PredicateType(f"{URI_BASE}supply-master/v1", SupplyMaster)
SUPPLY_EVENT: Final = PredicateType(f"{URI_BASE}supply-event/v1", SupplyEvent)
