"""Events that came over HTTP: captured under a job, found, and told by GS1's own forms.

Jobs are kept beside the index of events, and may be deleted with it. This module refuses to answer
a request.
Source: GS1 EPCIS 2.0, 12.6 and 12.8.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from counterfoil.apps.supply.events.capture import capture, capture_document
from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.prehash import event_name
from counterfoil.apps.supply.events.query import event_at, find, query
from counterfoil.apps.supply.events.reading import EVENTS_MAX, Document, read, read_one
from counterfoil.apps.supply.events.records import SERIES
from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Ledger

__all__ = [
    "BODY_MAX_BYTES",
    "EVENTS_MAX",
    "SERIES",
    "captured",
    "captured_one",
    "found",
    "job",
    "jobs",
    "now",
    "one",
    "read",
]

BODY_MAX_BYTES: Final = 16 << 20
"""Largest document that is captured at once, bytes."""

_KEPT: Final = 1000
_ERRORS_MAX: Final = 100
_BEHAVIOURS: Final = ("rollback", "proceed")
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS job (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, "
    "told TEXT NOT NULL)"
)


def captured(ledger: Ledger, document: Document, behaviour: str) -> dict[str, Any]:
    """Capture a document, and tell the job, with the first 100 of its errors.

    behaviour: `rollback` (nothing is recorded when one is wrong) or `proceed`. Raises InputError
    with code epcis.behaviour, and as `capture.capture`.
    """
    if behaviour not in _BEHAVIOURS:
        raise InputError(
            "epcis.behaviour",
            f"expected rollback or proceed as GS1-Capture-Error-Behaviour, found "
            f"{behaviour[:40]!a}",
            hint="Leave the header out for rollback.",
        )
    begun = now()
    done = capture_document(ledger, document, proceed=behaviour == "proceed")
    told = {
        "captureID": secrets.token_hex(16),
        "createdAt": begun,
        "finishedAt": now(),
        "running": False,
        "success": not done.wrong,
        "captureErrorBehaviour": behaviour,
        "errors": [
            {
                "type": "epcisException:ValidationException",
                "title": one.code,
                "status": 400,
                "detail": f"event {one.at}: {one.message}",
            }
            for one in done.wrong[:_ERRORS_MAX]
        ],
        **({} if len(done.wrong) <= _ERRORS_MAX else {"counterfoil:wrong": len(done.wrong)}),
    }
    with index_of(ledger) as index:
        index.database.execute(_TABLE)
        index.database.execute(
            "INSERT INTO job (id, told) VALUES (?, ?)", (told["captureID"], json.dumps(told))
        )
        index.database.execute(
            "DELETE FROM job WHERE number <= (SELECT max(number) FROM job) - ?", (_KEPT,)
        )
    return {**told, "new": done.new + len(done.masters)}


def captured_one(ledger: Ledger, body: bytes) -> tuple[str, int]:
    """Capture one event, and give its name and how many are new.

    Raises InputError with code epcis.event-wrong, and as `reading.read_one`.
    """
    event = read_one(body)
    done = capture(ledger, [event])
    if done.wrong:
        raise InputError(
            "epcis.event-wrong",
            f"expected a right event: {done.wrong[0].message} [{done.wrong[0].code}]",
            hint="EPCIS 2.0, section 7, lists the fields of each type of event.",
        )
    return event_name(event), done.new


def job(ledger: Ledger, named: str) -> dict[str, Any]:
    """Tell a capture job. Raises NotFound with code epcis.job."""
    with index_of(ledger) as index:
        index.database.execute(_TABLE)
        row = index.database.execute("SELECT told FROM job WHERE id = ?", (named,)).fetchone()
    if row is None:
        raise NotFound(
            "epcis.job",
            f"expected a capture job, found none with the id {named[:64]!a}",
            hint=f"The last {_KEPT} are kept.",
        )
    told: dict[str, Any] = json.loads(row[0])
    return told


def jobs(ledger: Ledger) -> list[dict[str, Any]]:
    """List the last capture jobs, the newest first."""
    with index_of(ledger) as index:
        index.database.execute(_TABLE)
        rows = index.database.execute("SELECT told FROM job ORDER BY number DESC LIMIT 100")
        return [json.loads(row[0]) for row in rows]


def found(ledger: Ledger, asked: Mapping[str, Sequence[str]]) -> tuple[list[Event], str | None]:
    """Find a page of events, and the token of the next one. Raises as `query.query`."""
    with index_of(ledger) as index:
        page = query(index, asked)
    return [_named(event_at(ledger, at)) for at in page.indices], page.next


def one(ledger: Ledger, named: str) -> tuple[int, Event]:
    """Find one event, and the index of its entry. Raises as `query.find`."""
    with index_of(ledger) as index:
        at = find(index, named)
    return at, _named(event_at(ledger, at))


def now() -> str:
    """Tell the time as GS1's documents have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _named(event: Event) -> Event:
    """Give an event its name as id, where it has none."""
    if "eventID" in event.body:
        return event
    return Event({"eventID": event_name(event), **event.body}, event.namespaces)
