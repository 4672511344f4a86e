"""Read EPCIS documents, JSON-LD or XML, into events and master data of one form.

A document, a query's results, a list of events or one event. No context is fetched: the words of
the standard are known here, and prefixes are taken from the document. Fields of events that a
document says are a repository's own (its field `ignoreFields`, with the repository's prefix) are no
part of the events: a repository adds them to what it hands out, and hashes leave them out. This
module refuses what is no EPCIS document, and leaves it to `model` whether an event is right.
Source: GS1 EPCIS 2.0, 9 (XML) and 10 (JSON-LD).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.master import Master, masters_of
from counterfoil.apps.supply.events.prehash import instant_ms
from counterfoil.apps.supply.events.vocabulary import expand
from counterfoil.errors import InputError
from counterfoil.formats import json_text

__all__ = [
    "DOCUMENT_MAX_BYTES",
    "EVENTS_MAX",
    "IGNORED",
    "Document",
    "namespaces_of",
    "own_fields",
    "read",
    "read_json",
    "read_one",
    "require_count",
]

DOCUMENT_MAX_BYTES: Final = 32 << 20
"""Largest document, bytes."""

IGNORED: Final = "ignoreFields"
"""Field of a document, with a repository's prefix, that names fields of events that are its own."""

EVENTS_MAX: Final = 100_000
"""Most events of a document."""

_HEADER: Final = ("id", "type", "schemaVersion", "creationDate", "sender", "receiver")


@dataclass(frozen=True, slots=True)
class Document:
    """What was read.

    header: what the document says of itself. events: in its order. masters: its master data.
    """

    header: Mapping[str, Any]
    events: tuple[Event, ...]
    masters: tuple[Master, ...] = ()

    @property
    def since_ms(self) -> int | None:
        """When it was made, as of when its master data counts, Unix ms; None where it is unsaid."""
        return instant_ms(str(self.header.get("creationDate", "")))


def read(data: bytes) -> Document:
    """Read a document, JSON or XML by its first character.

    Raises InputError with code epcis.json, epcis.xml, epcis.document or epcis.size.
    """
    if len(data) > DOCUMENT_MAX_BYTES:
        raise InputError(
            "epcis.size",
            f"expected a document of at most {DOCUMENT_MAX_BYTES} bytes, found {len(data)}",
            hint="Send the events in several documents.",
        )
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        from counterfoil.apps.supply.events.xml_reading import read_xml

        return read_xml(data)
    return read_json(data)


def read_json(data: bytes) -> Document:
    """Read a JSON-LD document; errors as `read`."""
    try:
        found = _parse(data)
    except InputError as err:
        raise InputError(
            "epcis.json",
            f"expected a JSON document, but: {err.message}",
            hint="EPCIS 2.0 documents are JSON-LD or XML.",
        ) from err
    if isinstance(found, list):
        found = {"type": "EPCISDocument", "epcisBody": {"eventList": found}}
    if not isinstance(found, dict):
        raise _no_document("found no object")
    outer = namespaces_of(found.get("@context"))
    ignored = own_fields(found, outer)
    events = []
    bodies = _bodies(found)
    require_count(len(bodies))
    for body in bodies:
        if not isinstance(body, dict):
            raise _no_document("found an event that is no object")
        inner = {**outer, **namespaces_of(body.get("@context"))}
        kept = (key for key in body if key != "@context" and expand(key, inner) not in ignored)
        events.append(Event({key: body[key] for key in kept}, inner))
    header = {key: found[key] for key in _HEADER if isinstance(found.get(key), str)}
    return Document(header, tuple(events), masters_of(_vocabularies(found), outer))


def require_count(events: int) -> None:
    """Refuse more events than a document may have. Raises InputError with code epcis.size."""
    if events > EVENTS_MAX:
        raise InputError(
            "epcis.size",
            f"expected at most {EVENTS_MAX} events in a document, found {events}",
            hint="Send them in several documents.",
        )


def read_one(data: bytes) -> Event:
    """Read exactly one event; errors as `read`."""
    events = read(data).events
    if len(events) != 1:
        raise _no_document(f"found {len(events)} events where one was expected")
    return events[0]


def namespaces_of(context: Any) -> dict[str, str]:
    """Take the prefixes out of a JSON-LD context; definitions of terms are left out."""
    found: dict[str, str] = {}
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, dict):
            found.update(
                (prefix, uri)
                for prefix, uri in part.items()
                if isinstance(uri, str) and not prefix.startswith("@") and ":" in uri
            )
    return found


def own_fields(found: Mapping[str, Any], namespaces: Mapping[str, str]) -> frozenset[str]:
    """Tell which fields of events a document says are a repository's own, written in full."""
    named: list[Any] = []
    for key, value in found.items():
        if ":" in key and key.rpartition(":")[2].rpartition("/")[2] == IGNORED:
            named += value if isinstance(value, list) else [value]
    return frozenset(
        expand(one, namespaces) for one in named if isinstance(one, str) and ":" in one
    )


def _parse(data: bytes) -> Any:
    """Parse strict JSON; of a key twice only an event's id is taken, as GS1's examples have it.

    An id is no part of what an event says, so that two readers still see one event.
    """
    try:
        return json_text.parse(data)
    except InputError as err:
        if err.code != "json.duplicate-key":
            raise
    try:
        found = json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError) as err:  # what stands after the key was not looked at yet
        raise InputError("json.malformed", "expected strict JSON, found a fault") from err
    return json_text.parse(json.dumps(found).encode())


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    counts = Counter(key for key, _ in pairs)
    for key, times in counts.items():
        if times > 1 and (key != "eventID" or "eventTime" not in found):
            raise InputError("json.duplicate-key", f"expected each key once, found {key!a} twice")
    return found


def _bodies(found: Mapping[str, Any]) -> list[Any]:
    """Find the events of a document, of a query's results, or the one event that it is."""
    body = found.get("epcisBody")
    if body is None and isinstance(found.get("type"), str) and "eventTime" in found:
        return [found]
    if isinstance(body, dict):
        results = body.get("queryResults")
        if isinstance(results, dict) and isinstance(results.get("resultsBody"), dict):
            body = results["resultsBody"]
        listed = body.get("eventList")
        if isinstance(listed, list):
            return listed
        if isinstance(body.get("event"), dict):
            return [body["event"]]
        if body.get("vocabularyList") is not None:
            return []
    if body is None and isinstance(found.get("epcisHeader"), dict):
        return []  # master data alone
    raise _no_document("found neither epcisBody.eventList nor an event")


def _vocabularies(found: Mapping[str, Any]) -> Any:
    """Find the master data of a document's header, of its body, or of a query's results."""
    header, body = found.get("epcisHeader"), found.get("epcisBody")
    master = header.get("epcisMasterData") if isinstance(header, dict) else None
    if isinstance(master, dict):
        return master.get("vocabularyList")
    if not isinstance(body, dict):
        return None
    results = body.get("queryResults")
    if isinstance(results, dict) and isinstance(results.get("resultsBody"), dict):
        body = results["resultsBody"]
    return body.get("vocabularyList")


def _no_document(what: str) -> InputError:
    return InputError(
        "epcis.document",
        f"expected an EPCIS 2.0 document with events or master data, {what}",
        hint="An EPCISDocument has its events in epcisBody.eventList.",
    )
