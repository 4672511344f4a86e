"""Incidents: what went wrong, whom it harmed, what was done about it, and by when it is due."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from counterfoil.errors import InputError, NotFound
from counterfoil.formats import json_text
from counterfoil.ledger import Recorded
from counterfoil.ledger.incidents import FoundIncident
from counterfoil.ledger.incidents.report import (
    html_report,
    json_report,
    make_report,
    zip_report,
)
from counterfoil.ops.files import read_input, refuse_json, shown, write_file
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import find_entry
from counterfoil.ports import Channel, Param

__all__ = ["IncidentFile", "Listed", "add", "get", "listing", "report", "update"]

_CONTENT_MAX = 1 << 20
_State = Literal["open", "contained", "closed"]
_Incident = Annotated[str, Param("Index or leaf of any statement about it.", "INDEX|LEAF")]
_Fields = Annotated[
    str,
    Param(
        "A JSON object with the incident's fields, a file that holds one, or - for standard input.",
        "FIELDS",
        holds="object",
    ),
]
_Link = Annotated[
    tuple[str, ...],
    Param("Index or leaf of a decision, model or alert that it is about.", "INDEX|LEAF"),
]
_Person = Annotated[str | None, Param("Whose personal data is sealed with it.", "ID")]
_Personal = Annotated[
    str | None, Param("A JSON object of personal data, to be sealed.", "FIELDS", holds="object")
]


@dataclass(frozen=True, slots=True)
class Listed:
    """An incident, and what is late at `now_ms`."""

    found: FoundIncident
    now_ms: int

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        late = [due.days for due in self.found.late(self.now_ms)]
        return {**self.found.to_json(), "late": late}


@dataclass(frozen=True, slots=True)
class IncidentFile:
    """A report that was written. proofs: receipts in it; without: links that have none here."""

    file: str
    bytes: int
    proofs: int
    without: int
    late: tuple[int, ...]


def add(
    fields: _Fields,
    *,
    ledger: LedgerFolder = None,
    link: _Link = (),
    person: _Person = None,
    personal: _Personal = None,
    channel: Channel,
) -> Recorded:
    """Open an incident and wait until it is durable.

    Raises InputError with code incident.field, incident.personal or predicate.malformed, and as
    `Ledger.record_statement`.
    """
    said = _object(fields, channel)
    title = said.pop("title", None)
    if not isinstance(title, str):
        raise InputError(
            "incident.field",
            "expected an incident with a title, found none",
            hint='For example {"title": "...", "severity": "incident", "system": "...", ...}.',
        )
    with open_for_writing(ledger) as opened:
        links = [find_entry(opened, one) for one in link]
        sealed = None if personal is None else _object(personal, channel)
        return opened.incidents.open(title, linked=links, person=person, personal=sealed, **said)


def update(
    incident: _Incident,
    fields: _Fields = "{}",
    *,
    why: Annotated[str, Param("What changes.", "TEXT")],
    state: Annotated[_State | None, Param("Its state from now on.")] = None,
    ledger: LedgerFolder = None,
    link: _Link = (),
    person: _Person = None,
    personal: _Personal = None,
    channel: Channel,
) -> Recorded:
    """Say anew what an incident is, or close it; what is not given stays.

    Raises as `add`, NotFound with code incident.unknown, Conflict with code incident.changed.
    """
    said = _object(fields, channel)
    with open_for_writing(ledger) as opened:
        return opened.incidents.update(
            find_entry(opened, incident),
            why=why,
            state=state,
            linked=[find_entry(opened, one) for one in link],
            person=person,
            personal=None if personal is None else _object(personal, channel),
            **said,
        )


def get(incident: _Incident, *, ledger: LedgerFolder = None) -> Listed:
    """Show an incident, its versions, and when reports of it are due.

    Raises NotFound with code incident.unknown.
    """
    with open_for_reading(ledger) as opened:
        return Listed(opened.incidents.get(find_entry(opened, incident)), _now_ms())


def listing(
    *,
    ledger: LedgerFolder = None,
    state: Annotated[_State | None, Param("Only those in this state.")] = None,
    limit: Annotated[int, Param("At most so many.", "N", short="n")] = 50,
) -> Iterator[Listed]:
    """List incidents, the newest first."""
    with open_for_reading(ledger) as opened:
        for found in opened.incidents.ls(state=state, limit=limit):
            yield Listed(found, _now_ms())


def report(
    incident: _Incident,
    *,
    out: Annotated[
        Path,
        Param(
            "File to write; its ending says how: .html, .json or .zip.",
            "FILE",
            short="o",
            holds="output",
            ending=".zip",
        ),
    ],
    ledger: LedgerFolder = None,
) -> IncidentFile:
    """Write an incident as a document that stands alone, with the receipts of all it links.

    Raises NotFound with code incident.unknown, InputError with code incident.form, and as
    `write_file`.
    """
    forms = {".html": html_report, ".json": json_report, ".zip": zip_report}
    form = forms.get(out.suffix.lower())
    if form is None:
        raise InputError(
            "incident.form",
            f"expected a file that ends with .html, .json or .zip, found {shown(out)}",
            hint="For example --out incident.html.",
        )
    with open_for_writing(ledger) as opened:  # receipts wait for what is not published yet
        made = make_report(opened, find_entry(opened, incident), _now_ms())
    data = form(made)
    write_file(out, data)
    proofs = sum(one.receipt is not None for one in made.proven)
    late = tuple(due.days for due in made.late)
    return IncidentFile(shown(out), len(data), proofs, len(made.proven) - proofs, late)


def _object(text: str, channel: Channel) -> dict[str, Any]:
    if text.lstrip()[:1] == "{":
        data = text.encode("utf-8", "surrogateescape")
    else:
        try:
            data = read_input(Path(text), channel, _CONTENT_MAX)
        except NotFound:
            refuse_json(text)
            raise
    found = json_text.parse(data)
    if not isinstance(found, dict):
        raise InputError(
            "incident.field",
            f"expected a JSON object of fields, found {type(found).__name__}",
            hint='For example {"measures": "..."}.',
        )
    return found


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
