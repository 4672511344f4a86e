"""The room for incidents: open, update, close and report what went wrong.

Each change is a whole new statement that supersedes the one before, so an old version is never
lost, and two people who change the same version do not overwrite each other: the second hears
`incident.changed`. This module refuses to change what was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import Conflict, InputError, NotFound
from counterfoil.formats.statement import Subject
from counterfoil.ledger.incidents.due import Due, due_dates
from counterfoil.ledger.named import find_at
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.view import RecordView
from counterfoil.ports import ToSeal
from counterfoil.provenance.statements.incidents import Incident
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["DATA_CLASS", "FoundIncident", "Incidents"]

DATA_CLASS: Final = "incident"
"""Class of the personal data that incidents seal."""

_HEADER: Final = frozenset(
    ("issuer", "source", "number", "at_ms", "on_behalf_of", "audience", "nonce", "corrects",
     "supersedes", "expect")
)  # fmt: skip
_OURS: Final = frozenset(("incident", "revision", "why", "sealed", "linked", "state"))
_FIELDS: Final = frozenset(Incident.__struct_fields__) - _HEADER - _OURS
_HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FoundIncident:
    """An incident as its newest statement has it.

    id: leaf of its first statement. versions: all its statements, oldest first. due: deadlines,
    the soonest first; empty unless it is serious.
    """

    id: str
    versions: tuple[RecordView, ...]
    due: tuple[Due, ...]

    @property
    def now(self) -> RecordView:
        """The newest statement."""
        return self.versions[-1]

    @property
    def said(self) -> dict[str, Any]:
        """What the newest statement says."""
        return self.now.content

    def late(self, now_ms: int) -> tuple[Due, ...]:
        """List the deadlines that were missed by a time, Unix ms."""
        return tuple(due for due in self.due if due.late(now_ms, self.said.get("reported_ms")))

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "id": self.id,
            "index": self.now.index,
            "leaf": self.now.leaf,
            "incident": {name: v for name, v in self.said.items() if name not in _HEADER},
            "due": [msgspec.to_builtins(due) for due in self.due],
            "versions": [
                {"index": v.index, "leaf": v.leaf, "at_ms": v.at_ms, "why": v.content.get("why")}
                for v in self.versions
            ],
        }


class Incidents:
    """The incidents of a ledger: `ledger.incidents`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def open(
        self,
        title: str,
        *,
        linked: Sequence[Reference | int | str] = (),
        person: str | None = None,
        personal: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Recorded:
        """Open an incident and wait until it is durable.

        fields: of `Incident`: severity, system, description, happened_from_ms and became_aware_ms
        must be there. linked: indices, leaf hashes or references of decisions, models, alerts.
        person, personal: whose personal data, and what; it is sealed under their key.
        Raises InputError with code incident.field, incident.linked or predicate.malformed, and as
        `Ledger.record_statement`.
        """
        said: dict[str, Any] = {"title": title, **_checked(fields)}
        return self._record(said, linked, person, personal, [])

    def update(
        self,
        incident: int | str,
        *,
        why: str,
        linked: Sequence[Reference | int | str] = (),
        person: str | None = None,
        personal: Mapping[str, Any] | None = None,
        state: str | None = None,
        **fields: Any,
    ) -> Recorded:
        """Say anew what an incident is; what is not given stays, and links are added.

        incident: index or leaf hash of any of its statements. why: what changes, for people.
        state: open, contained or closed. Raises as `open`, NotFound with code incident.unknown,
        Conflict with code incident.changed when somebody else changed it meanwhile.
        """
        found = self.get(incident)
        said = {name: v for name, v in found.said.items() if name not in _HEADER}
        said |= _checked(fields)
        said |= {"incident": found.id, "revision": len(found.versions), "why": why}
        if state is not None:
            said["state"] = state
        said["supersedes"] = found.now.leaf
        said["expect"] = {f"incident/{found.id}": (_counter(found), len(found.versions))}
        kept = list(said.pop("linked", []))
        try:
            return self._record(said, linked, person, personal, kept)
        except Conflict as err:
            if err.code != "log.expect":
                raise
            raise Conflict(
                "incident.changed",
                f"expected version {len(found.versions) - 1} of the incident to be the newest, "
                "found a newer one",
                hint="Read it again, and say your change again.",
            ) from err

    def close(self, incident: int | str, *, why: str, **fields: Any) -> Recorded:
        """Close an incident; arguments and errors as `update`."""
        return self.update(incident, why=why, state="closed", **fields)

    def get(self, incident: int | str) -> FoundIncident:
        """Find an incident by the index or leaf hash of any of its statements.

        Raises NotFound with code incident.unknown.
        """
        view = self._view(incident)
        first = str(view.content.get("incident") or view.leaf)
        chain = [self._view(first)]
        chain += self._ledger.search(
            f"kind=incident incident={first}", limit=1000, newest_first=False
        ).hits
        chain.sort(key=lambda one: (one.content.get("revision", 0), one.index))
        return FoundIncident(first, tuple(chain), due_dates(chain[-1].content))

    def ls(self, *, state: str | None = None, limit: int = 50) -> Iterator[FoundIncident]:
        """List incidents, the newest first. state: only those that are in it now."""
        after, left = None, limit
        while left > 0:
            page = self._ledger.search("kind=incident", limit=100, after=after)
            for view in page.hits:
                if view.content.get("incident") is not None:
                    continue  # listed by its first statement
                found = self.get(view.leaf)
                if state is None or found.said.get("state", "open") == state:
                    yield found
                    left -= 1
                    if not left:
                        return
            if page.next is None:
                return
            after = page.next

    def _record(
        self,
        said: dict[str, Any],
        linked: Sequence[Reference | int | str],
        person: str | None,
        personal: Mapping[str, Any] | None,
        kept: list[Any],
    ) -> Recorded:
        if (person is None) != (not personal):
            raise InputError(
                "incident.personal",
                "expected a person and their personal data, found one without the other",
                hint='Give both: person="C-7", personal={"name": ...}.',
            )
        links = kept + [msgspec.to_builtins(self._link(one)) for one in linked]
        fields = {**said, "linked": [one for at, one in enumerate(links) if one not in links[:at]]}
        seal = {}
        if person is not None and personal:
            seal["sealed"] = ToSeal(person, DATA_CLASS, dict(personal))
            fields.pop("sealed", None)
        digests = [one.get("digest") or one.get("leaf") for one in fields["linked"]]
        subjects = tuple(
            Subject(digest={"sha256": one}, name=f"linked/{at}") for at, one in enumerate(digests)
        )
        return self._ledger.record_statement("incident", fields, subjects=subjects, seal=seal)

    def _view(self, incident: int | str) -> RecordView:
        view = find_at(self._ledger, incident, "incident")
        if view is None:
            raise NotFound(
                "incident.unknown",
                f"expected the index or leaf of an incident, found {str(incident)[:80]!a}",
                hint="`counterfoil incident ls` lists them.",
            )
        return view

    def _link(self, thing: Reference | int | str) -> Reference:
        if isinstance(thing, Reference):
            return thing
        known = isinstance(thing, str) and _HEX.fullmatch(thing) is not None
        if not known and (isinstance(thing, bool) or not isinstance(thing, int)):
            raise InputError(
                "incident.linked",
                f"expected an index, leaf hash or reference, found {thing!r:.80}",
                hint="Name the entry of the decision, model or alert.",
            )
        at = self._ledger.find_leaf(thing) if isinstance(thing, str) else thing
        view = self._ledger.get(at)
        digest = view.content.get("digest")
        good = isinstance(digest, str) and _HEX.fullmatch(digest) is not None
        return Reference(leaf=view.leaf, digest=digest if good else None, role=view.kind[:255])


def _counter(found: FoundIncident) -> int | None:
    """Give what the counter of revisions holds: nothing before the first update."""
    last = len(found.versions) - 1
    return last or None


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(fields) - _FIELDS)
    if unknown:
        raise InputError(
            "incident.field",
            f"expected fields of an incident, found {unknown[0][:80]!a}",
            hint=f"They are: {', '.join(sorted(_FIELDS))}.",
        )
    return {name: msgspec.to_builtins(v) for name, v in fields.items() if v is not None}
