"""Personal data: open it with a reason, allow and hold it, hand it to its person, erase it.

A person is named by their id in your systems, or by `handle:` and their handle. Everything but
verifying goes through the ledger's owner.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from counterfoil.errors import InputError
from counterfoil.formats import disclosure as disclosures
from counterfoil.ledger.people import Erased, Granted, SubjectAccess
from counterfoil.ops.documents import DocumentFile, DocumentOut, give_out
from counterfoil.ops.files import read_input
from counterfoil.ops.kinds import told_apart
from counterfoil.ops.listing import Limit, at_most
from counterfoil.ops.place import LedgerFolder, open_for_writing
from counterfoil.ops.records import Entry, find_entry
from counterfoil.ports import STANDARD_STREAM, Channel, Document, Param
from counterfoil.proofs.disclosure import verify_disclosure
from counterfoil.units import ENTRY_MAX_BYTES

__all__ = [
    "Stated",
    "VerifiedField",
    "consent",
    "disclose",
    "erase",
    "expire",
    "export",
    "grant",
    "hold",
    "lift",
    "listing",
    "open_sealed",
    "revoke",
    "verify_field",
]

_FILE_MAX_BYTES: Final = 16 << 20

Person = Annotated[str, Param("The person's id in your systems, or handle:HANDLE.", "PERSON")]
Classes = Annotated[tuple[str, ...], Param("Class of data such as contact.", "CLASS")]
Actor = Annotated[
    str | None,
    Param("Who gets to see it; stands in the log. Else the user of this machine.", "NAME"),
]
Purpose = Annotated[str, Param("What for; stands in the log.", "PURPOSE")]
Token = Annotated[
    Path | None,
    Param("File that holds the token of a grant, - for standard input.", "FILE", holds="file"),
]
Why = Annotated[str, Param("The reason; stands in the log.", "TEXT")]
Until = Annotated[
    str | None, Param("Last day on which it holds, in UTC, such as 2027-12-31.", "DATE")
]


@dataclass(frozen=True, slots=True)
class Stated:
    """Something was said about a person in the log. indices: of the statements."""

    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """The sealed data of an entry. fields: field of its predicate -> name -> value."""

    index: int
    fields: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class VerifiedField:
    """A disclosed field that holds. grade: of its receipt, in words."""

    name: str
    value: Any
    person: str
    data_class: str
    index: int
    origin: str
    size: int
    signer: str
    grade: str


def listing(
    person: Annotated[
        str | None, Param("One person only: their id, or handle:HANDLE.", "PERSON")
    ] = None,
    *,
    ledger: LedgerFolder = None,
    limit: Limit = None,
) -> Iterator[dict[str, Any]]:
    """List the people of a ledger by their handles: what is kept, and what binds it.

    Raises InputError with code list.limit.
    """
    with open_for_writing(ledger) as opened:
        yield from at_most(opened.people.listing(person), limit)


def open_sealed(
    entry: Entry,
    *,
    actor: Actor = None,
    purpose: Purpose,
    name: Annotated[tuple[str, ...], Param("Only this field.", "NAME")] = (),
    token: Token = None,
    ledger: LedgerFolder = None,
    channel: Channel,
) -> OpenedEntry:
    """Open the sealed fields of an entry, after the log says who does and why.

    Raises NotFound with code sealed.none, Refused with code person.erased, person.not-granted or
    person.no-consent.
    """
    shown = _token(token, channel)
    with open_for_writing(ledger) as opened:
        index = find_entry(opened, entry)
        fields = opened.people.open(
            index,
            actor=actor or getpass.getuser(),
            purpose=purpose,
            names=name or None,
            token=shown,
        )
        return OpenedEntry(index, fields)


def export(
    person: Person,
    *,
    actor: Actor = None,
    purpose: Purpose = "subject access",
    ledger: LedgerFolder = None,
) -> SubjectAccess:
    """Gather all that a ledger holds about a person, and who saw what, when and why.

    Raises NotFound with code person.unknown.
    """
    with open_for_writing(ledger) as opened:
        return opened.people.export(person, actor=actor or getpass.getuser(), purpose=purpose)


def erase(
    person: Person,
    *,
    data_class: Classes = (),
    why: Why = "asked by the person",
    ledger: LedgerFolder = None,
) -> Erased:
    """Erase a person, or classes of their data, for good; receipts still verify.

    Raises NotFound with code person.unknown, Refused with code person.held or person.retained.
    """
    with open_for_writing(ledger) as opened:
        return opened.people.erase(person, classes=data_class, why=why)


def expire(*, ledger: LedgerFolder = None) -> Iterator[Erased]:
    """Erase personal data that is over the ceiling of its class; what is held stays.

    It is done before the first is given.
    """
    with open_for_writing(ledger) as opened:
        return iter(opened.people.expire())


def consent(
    person: Person,
    *,
    purpose: Annotated[tuple[str, ...], Param("What they allow.", "PURPOSE")],
    withdraw: Annotated[bool, Param("They no longer allow it.")] = False,
    data_class: Classes = (),
    until: Until = None,
    evidence: Annotated[str, Param("Where the consent itself is kept; names nobody.", "TEXT")] = "",
    ledger: LedgerFolder = None,
) -> Stated:
    """Record that a person allows purposes, or no longer does."""
    with open_for_writing(ledger) as opened:
        index = opened.people.consent(
            person,
            purpose,
            given=not withdraw,
            classes=data_class,
            until_ms=_millis(until),
            evidence=evidence,
        )
        return Stated((index,))


def grant(
    person: Person,
    holder: Annotated[str, Param("Who may open it.", "HOLDER")],
    *,
    purpose: Purpose,
    data_class: Classes,
    until: Until = None,
    ledger: LedgerFolder = None,
) -> dict[str, Any]:
    """Let a holder open classes of a person's data; prints their token, this once."""
    with open_for_writing(ledger) as opened:
        done: Granted = opened.people.grant(
            person, holder, purpose=purpose, classes=data_class, until_ms=_millis(until)
        )
        return {"grant": done.grant, "token": done.token, "index": done.index}


def revoke(
    person: Person,
    holder: Annotated[str, Param("Who may no longer open it.", "HOLDER")],
    *,
    ledger: LedgerFolder = None,
) -> Stated:
    """End a holder's grants for a person's data: what was wrapped for them is deleted.

    Raises NotFound with code person.no-grant.
    """
    with open_for_writing(ledger) as opened:
        return Stated(tuple(opened.people.revoke(person, holder)))


def hold(
    person: Person,
    *,
    why: Why,
    data_class: Classes = (),
    until: Until = None,
    ledger: LedgerFolder = None,
) -> Stated:
    """Keep a person's data from being erased, all of it or classes."""
    with open_for_writing(ledger) as opened:
        index = opened.people.hold(person, why, classes=data_class, until_ms=_millis(until))
        return Stated((index,))


def lift(
    person: Person,
    *,
    why: Why,
    data_class: Classes = (),
    ledger: LedgerFolder = None,
) -> Stated:
    """Lift the holds on a person's data, all of them or those on classes."""
    with open_for_writing(ledger) as opened:
        return Stated((opened.people.lift(person, why, classes=data_class),))


def disclose(
    entry: Entry,
    name: Annotated[str, Param("Name of the sealed field.", "NAME")],
    *,
    actor: Actor = None,
    purpose: Purpose,
    token: Token = None,
    out: DocumentOut = STANDARD_STREAM,
    ledger: LedgerFolder = None,
    channel: Channel,
) -> Document | DocumentFile:
    """Show one sealed field to one reader: a file that proves it offline, and nothing else.

    Raises NotFound with code sealed.name, and as `open_sealed`.
    """
    shown = _token(token, channel)
    with open_for_writing(ledger) as opened:
        index = find_entry(opened, entry)
        made = opened.people.disclose(
            index, name, actor=actor or getpass.getuser(), purpose=purpose, token=shown
        )
    return give_out(disclosures.format(made) + b"\n", "application/json", out)


def verify_field(
    file: Annotated[Path, Param("A disclosure, - for standard input.", "FILE", holds="file")],
    *,
    policy: Annotated[Path, Param("Whom you trust: a tlog-policy file.", "FILE", holds="file")],
    channel: Channel,
) -> VerifiedField:
    """Verify a disclosed field offline, against your own policy.

    Raises InputError with code disclosure.malformed, VerificationError with code
    disclosure.value or as verifying a receipt.
    """
    data = read_input(file, channel, _FILE_MAX_BYTES)
    trusted = read_input(policy, channel, _FILE_MAX_BYTES)
    with told_apart(data, "a disclosed field"):
        found = verify_disclosure(data.rstrip(b"\n"), trusted)
    verified = found.verified
    checkpoint = verified.trusted.checkpoint
    return VerifiedField(
        found.name,
        found.value,
        found.sealed.person,
        found.sealed.data_class,
        verified.index,
        checkpoint.origin,
        checkpoint.size,
        verified.signer.keyid,
        verified.grade,
    )


def _token(file: Path | None, channel: Channel) -> str | None:
    if file is None:
        return None
    return read_input(file, channel, ENTRY_MAX_BYTES).decode("utf-8", "replace").strip()


def _millis(day: str | None) -> int | None:
    """Give the end of a day as Unix ms."""
    if day is None:
        return None
    try:
        day_after = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError) as err:
        raise InputError(
            "person.until", f"expected a day such as 2027-12-31, found {day[:40]!a}"
        ) from err
    return int(day_after.timestamp() * 1000)
