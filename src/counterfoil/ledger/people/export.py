"""Gather what a ledger holds about one person: the answer to a request for subject access.

Found by their handle, which every statement about them names. This module refuses to open other
people's fields in the same records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.formats.sealed import Sealed
from counterfoil.ledger.people.sealed_in import sealed_in
from counterfoil.ledger.view import RecordView
from counterfoil.vault import HANDLE_PREFIX

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["SubjectAccess", "subject_access"]

_PAGE: Final = 1000
_ABOUT: Final = ("consent", "grant", "hold", "erasure")


@dataclass(frozen=True, slots=True)
class SubjectAccess:
    """All that a ledger holds about a person.

    person: the handle. origin: of the log. size: entries that were searched. records: each with
    index, leaf, kind, issuer, source, number, at_ms, content, and personal: field -> name ->
    value, with erased: field -> names. openings: who saw what, when and why: index, at_ms, actor,
    purpose, names, records (leaf hashes), refused. statements: consents, grants, holds, erasures.
    """

    person: str
    origin: str
    size: int
    records: list[dict[str, Any]]
    openings: list[dict[str, Any]]
    statements: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def subject_access(ledger: Ledger, handle: str, actor: str, purpose: str) -> SubjectAccess:
    """Gather what is about the person with a handle; see `People.export`."""
    size = ledger.size
    hits = _all(ledger, handle)
    records = [hit for hit in hits if _is_of(ledger.entry(hit.index), handle)]
    opened = ledger.people.open_many(
        [hit.index for hit in records],
        actor=actor,
        purpose=purpose,
        person=f"{HANDLE_PREFIX}{handle}",
    )
    openings = [hit for hit in _all(ledger, handle) if hit.kind == "opening"]  # with our own
    return SubjectAccess(
        handle,
        ledger.origin,
        size,
        [
            {**_plain(hit), "personal": found.fields, "erased": found.erased}
            for hit, found in zip(records, opened, strict=True)
        ],
        [_opening(hit) for hit in openings],
        [_plain(hit) for hit in hits if hit.kind in _ABOUT],
    )


def _all(ledger: Ledger, handle: str) -> list[RecordView]:
    found: list[RecordView] = []
    after: int | None = None
    while True:
        page = ledger.search(handle, limit=_PAGE, after=after, newest_first=False)
        found += page.hits
        if page.next is None:
            return found
        after = page.next


def _is_of(entry: bytes, handle: str) -> bool:
    groups: list[Sealed] = [one for part in sealed_in(entry).values() for one in part]
    return any(one.person == handle for one in groups)


def _plain(hit: RecordView) -> dict[str, Any]:
    return {
        name: value
        for name, value in hit.to_json().items()
        if name not in ("signed_by", "personal")
    }


def _opening(hit: RecordView) -> dict[str, Any]:
    said = hit.content
    return {
        "index": hit.index,
        "at_ms": hit.at_ms,
        "actor": said["actor"],
        "purpose": said["purpose"],
        "names": said.get("names", []),
        "records": [one["leaf"] for one in said["records"]],
        "refused": said.get("refused"),
    }
