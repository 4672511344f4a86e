"""One event as it was read, whatever it was written in.

This module refuses to judge it: `model` checks its shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["CONTEXT", "TYPES", "Event"]

TYPES: Final = (
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
)
"""Types of the standard's own events."""

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
"""JSON-LD context of EPCIS 2.0. It is never fetched."""


@dataclass(frozen=True, slots=True)
class Event:
    """An EPCIS event.

    body: its JSON form (EPCIS 2.0, JSON-LD binding), with bare words of the vocabulary. namespaces:
    prefix -> URI of what is somebody's own in it. from_xml: it was read from XML, or from a record
    that may have been: XML lets a sensor report an exception without saying what it measures.
    """

    body: Mapping[str, Any]
    namespaces: Mapping[str, str] = field(default_factory=dict)
    from_xml: bool = field(default=False, compare=False)
