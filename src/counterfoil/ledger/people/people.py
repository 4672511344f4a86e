"""The room for people: who they are here, what may be opened, and how it is erased.

Everything goes to the process that owns the ledger, which says in the log what is done, before it
is done where something is released. This module refuses to keep what it was shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from counterfoil.errors import InputError, Refused
from counterfoil.formats import json_text
from counterfoil.formats.disclosure import Disclosure
from counterfoil.ledger.people.export import SubjectAccess, subject_access

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["Erased", "Granted", "Opened", "People"]


@dataclass(frozen=True, slots=True)
class Opened:
    """The sealed data of one entry.

    index, leaf: of the entry. fields: field of the predicate -> name -> value. erased: field ->
    names that are gone.
    """

    index: int
    leaf: str
    fields: dict[str, dict[str, Any]]
    erased: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant. token: for the holder, shown this once. index: of the statement that says so."""

    grant: str
    token: str = field(repr=False)
    index: int


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure. groups: of sealed fields that it destroyed. index: of its statement.

    duplicate: it was all erased before, by the statement at `index`.
    """

    person: str
    groups: int
    index: int
    duplicate: bool = False


class People:
    """The people of a ledger: `ledger.people`.

    A person is named by their id in your systems, which never reaches the log, or by `handle:` and
    their handle, 32 hexadecimal digits. Times are Unix ms. Methods raise InputError with code
    person.id or person.class, NotFound with code person.unknown, Refused with code
    ledger.read-only or vault.keys-missing.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def handle(self, person: str) -> str:
        """Tell a person's random handle in this ledger, 32 hexadecimal digits."""
        handle: str = self._ask("handle", person=person)
        return handle

    def listing(self, person: str | None = None) -> list[dict[str, Any]]:
        """Tell of each person, or of one, what is kept and what binds it; nothing that they said.

        Each: person, kept (data_class, groups, oldest_ms), holds, consents, grants.
        """
        found: list[dict[str, Any]] = self._ask("listing", person=person)
        return found

    # Opening ----------------------------------------------------------------------------------

    def open(
        self,
        index: int,
        *,
        actor: str,
        purpose: str,
        names: Sequence[str] | None = None,
        token: str | None = None,
    ) -> dict[str, dict[str, Any]]:
        """Open the sealed data of one entry: field of its predicate -> {name: value}.

        actor: who wants to see it. purpose: what for. names: of the fields that are wanted; all
        when None. token: of a grant. That it is opened, by whom and why is durable in the log
        before anything is released; where a grant or consent is missing, the refusal is. Fields
        of people who were erased are left out.
        Raises NotFound with code sealed.none, Refused with code person.erased when all that was
        asked for is gone, person.not-granted or person.no-consent, and VerificationError with
        code sealed.damaged.
        """
        (found,) = self.open_many([index], actor=actor, purpose=purpose, names=names, token=token)
        if not found.fields and found.erased:
            raise Refused(
                "person.erased",
                f"expected the sealed data of entry {index}, found it erased",
                hint="Its receipts still verify; what it said is gone for good.",
            )
        return found.fields

    def open_many(
        self,
        indices: Iterable[int],
        *,
        actor: str,
        purpose: str,
        names: Sequence[str] | None = None,
        token: str | None = None,
        person: str | None = None,
    ) -> list[Opened]:
        """Open the sealed data of entries, 256 of them under one statement; as `open`.

        person: only this one's data.
        """
        answers = self._ask(
            "open",
            indices=list(indices),
            actor=actor,
            purpose=purpose,
            names=None if names is None else _several(names, "names"),
            token=token,
            person=person,
        )
        return [
            Opened(
                one["index"],
                one["leaf"],
                {
                    field: {name: json_text.parse(text.encode()) for name, text in texts.items()}
                    for field, texts in one["fields"].items()
                },
                one["erased"],
            )
            for one in answers
        ]

    def disclose(
        self, index: int, name: str, *, actor: str, purpose: str, token: str | None = None
    ) -> Disclosure:
        """Show one sealed field of an entry to one reader, with all that proves it offline.

        actor: who gets to see it. `formats.disclosure.format` makes the file;
        `proofs.disclosure.verify_disclosure` checks it. Raises as `open`, and NotFound with code
        sealed.name.
        """
        proof = self._ask(
            "prove", index=index, name=name, actor=actor, purpose=purpose, token=token
        )
        return Disclosure(
            field=proof["field"],
            group=proof["group"],
            name=proof["name"],
            salt=bytes.fromhex(proof["salt"]),
            text=proof["text"],
            path=tuple(map(bytes.fromhex, proof["path"])),
            receipt=self._ledger.receipt(index),
        )

    def find(self, data_class: str, fields: Mapping[str, Any]) -> list[int]:
        """Find the entries whose sealed fields have these values, in the log's order.

        fields: name -> value, each named in the setting searchable_fields when it was sealed. It
        opens nothing. Raises Refused with code person.not-searchable.
        """
        digests = self._ask("find", data_class=data_class, fields=dict(fields))
        found: set[int] = set()
        for digest in digests:
            found.update(hit.index for hit in self._ledger.search(digest).hits)
        return sorted(found)

    def export(self, person: str, *, actor: str, purpose: str = "subject access") -> SubjectAccess:
        """Gather all that the ledger holds about a person, and who saw what, when and why.

        Their own sealed fields are opened, which is logged; other people's in the same records
        are not. Raises as `open`.
        """
        self._ledger.settle_decisions()
        return subject_access(self._ledger, self.handle(person), actor, purpose)

    # Allowing and keeping ---------------------------------------------------------------------

    def consent(
        self,
        person: str,
        purposes: Sequence[str],
        *,
        given: bool = True,
        classes: Sequence[str] = (),
        until_ms: int | None = None,
        evidence: str = "",
    ) -> int:
        """Record that a person allows purposes, or no longer does; the statement's index.

        classes: of data; all when empty. evidence: where the consent itself is kept; it stands in
        the log, so it names nobody.
        """
        answer = self._ask(
            "consent",
            person=person,
            purposes=_several(purposes, "purposes"),
            given=given,
            classes=_several(classes, "classes of data"),
            until_ms=until_ms,
            evidence=evidence,
        )
        index: int = answer["index"]
        return index

    def grant(
        self,
        person: str,
        holder: str,
        *,
        purpose: str,
        classes: Sequence[str],
        until_ms: int | None = None,
    ) -> Granted:
        """Let a holder open classes of a person's data for a purpose until a time.

        The token opens them, data that is sealed later included, and is kept nowhere here. Who
        shows it must name this holder and purpose.
        """
        answer = self._ask(
            "grant",
            person=person,
            holder=holder,
            purpose=purpose,
            classes=_several(classes, "classes of data"),
            until_ms=until_ms,
        )
        return Granted(answer["grant"], answer["token"], answer["index"])

    def revoke(self, person: str, holder: str) -> list[int]:
        """End all grants that a holder has for a person's data; the statements' indices.

        What was wrapped for the holder is deleted first. Raises NotFound with code
        person.no-grant.
        """
        return [one["index"] for one in self._ask("revoke", person=person, holder=holder)]

    def hold(
        self, person: str, why: str, *, classes: Sequence[str] = (), until_ms: int | None = None
    ) -> int:
        """Keep data from being erased, all of it when no class is named; the statement's index.

        why: stands in the log, and in the refusal of whoever tries to erase it.
        """
        answer = self._ask(
            "hold",
            person=person,
            why=why,
            classes=_several(classes, "classes of data"),
            until_ms=until_ms,
        )
        index: int = answer["index"]
        return index

    def lift(self, person: str, why: str, *, classes: Sequence[str] = ()) -> int:
        """Lift the holds on classes, or every hold when none is named; the statement's index."""
        index: int = self._ask(
            "lift", person=person, why=why, classes=_several(classes, "classes of data")
        )["index"]
        return index

    # Erasing ----------------------------------------------------------------------------------

    def erase(
        self, person: str, *, classes: Sequence[str] = (), why: str = "asked by the person"
    ) -> Erased:
        """Erase a person, or classes of their data, for good.

        classes: such as `contact`; all when empty, and then who they are is forgotten, too. why:
        stands in the log. Keys, sealed bytes and blind index are destroyed, then it is said.
        What this process has decided about them and is still queued is recorded first, and goes
        with it. Receipts still verify. Raises Refused with code person.held or person.retained.
        """
        self._ledger.settle_decisions()
        return _erased(
            self._ask("erase", person=person, classes=_several(classes, "classes of data"), why=why)
        )

    def expire(self) -> list[Erased]:
        """Erase what is over the ceiling of its class (retention_days), unless it is held."""
        return [_erased(one) for one in self._ask("expire")]

    def _ask(self, verb: str, **arguments: Any) -> Any:
        return self._ledger.ask_people(verb, arguments)


def _several(given: Sequence[str], what: str) -> list[str]:
    """List what is given; a text alone would be taken letter by letter, and mean something else.

    Raises InputError with code person.several.
    """
    if isinstance(given, str):
        raise InputError(
            "person.several",
            f"expected a list of {what}, found the text {given[:80]!a}",
            hint=f"Write [{given[:80]!a}].",
        )
    return list(given)


def _erased(answer: Mapping[str, Any]) -> Erased:
    return Erased(answer["person"], answer["groups"], answer["index"], answer["duplicate"])
