"""Text of `ops.people`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.documents import written
from counterfoil.cli.text.words import brief, content_line, facts, or_nothing, plain, time_of
from counterfoil.ledger.people import Erased, SubjectAccess
from counterfoil.ops.people import OpenedEntry, Stated, VerifiedField

__all__ = [
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


def listing(found: Iterable[dict[str, Any]], paint: Paint) -> Iterator[str]:
    """List people: what is kept of each, and what binds it."""
    yield from or_nothing(_people(found, paint), "nobody: nothing personal is sealed here")


def _people(found: Iterable[dict[str, Any]], paint: Paint) -> Iterator[str]:
    for one in found:
        kept = [f"{plain(c['data_class'])} {c['groups']}" for c in one["kept"]]
        yield f"{paint.strong(one['person'])}  {', '.join(kept) or 'nothing kept'}"
        for hold in one["holds"]:
            what = plain(hold["data_class"]) or "all data"
            yield f"  {paint.quiet('held')}     {what}: {plain(hold['why'])}"
        for consent_ in one["consents"]:
            word = "allows" if consent_["given"] else "refuses"
            yield f"  {paint.quiet(word.ljust(8))} {plain(consent_['purpose'])}"
        for given in one["grants"]:
            yield (
                f"  {paint.quiet('granted')}  {plain(given['data_class'])} to "
                f"{plain(given['holder'])} for {plain(given['purpose'])}"
            )


def open_sealed(found: OpenedEntry, paint: Paint) -> Iterator[str]:
    """Show what was opened."""
    yield f"entry {paint.strong(str(found.index))}, opened; the log says so"
    for fields in found.fields.values():
        for name, value in fields.items():
            yield f"  {paint.strong(plain(name))}: {content_line(value)}"


def export(found: SubjectAccess, paint: Paint) -> Iterator[str]:
    """Show what is held about a person, and who saw it."""
    yield f"person {paint.strong(found.person)} in {plain(found.origin)}, {found.size} entries"
    for record in found.records:
        yield f"entry {record['index']}: {plain(record['kind'])}, {time_of(record['at_ms'])}"
        for fields in record["personal"].values():
            for name, value in fields.items():
                yield f"  {paint.strong(plain(name))}: {content_line(value)}"
        for names in record["erased"].values():
            yield f"  {paint.quiet('erased')}: {plain(', '.join(names))}"
    for said in found.statements:
        yield f"entry {said['index']}: {plain(said['kind'])}, {time_of(said['at_ms'])}"
    for seen in found.openings:
        what = f"refused, {plain(seen['refused'])}" if seen["refused"] else "seen"
        yield (
            f"{what} by {plain(seen['actor'])} for {plain(seen['purpose'])}, "
            f"{time_of(seen['at_ms'])}, entry {seen['index']}"
        )


def erase(done: Erased, paint: Paint) -> Iterator[str]:
    """Tell what was erased."""
    what = "erased already" if done.duplicate else "erased"
    groups = "1 group" if done.groups == 1 else f"{done.groups} groups"
    yield f"{paint.good(what)}: {groups} of fields of person {done.person}"
    yield from facts([("statement", f"entry {done.index}")], paint)


def expire(done: Iterable[Erased], paint: Paint) -> Iterator[str]:
    """Tell what was erased for its age."""
    lines = (line for one in done for line in erase(one, paint))
    yield from or_nothing(lines, "nothing is over its ceiling")


def grant(done: dict[str, Any], paint: Paint) -> Iterator[str]:
    """Show the token, and where the grant stands."""
    yield f"{paint.good('granted')}, entry {done['index']}; the token is shown this once:"
    yield plain(str(done["token"]))


def _stated(done: Stated, paint: Paint) -> Iterator[str]:
    yield paint.good("recorded as entry " + ", ".join(map(str, done.indices)))


disclose = written
consent = hold = lift = revoke = _stated


def verify_field(found: VerifiedField, paint: Paint) -> Iterator[str]:
    """Show the field that holds, and on whose word."""
    yield f"{paint.good('intact')}: {plain(found.name)} = {content_line(found.value)}"
    yield from facts(
        [
            ("person", found.person),
            ("class", found.data_class),
            ("entry", f"{found.index} of {found.origin}"),
            ("signed by", brief(found.signer)),
            ("trust", found.grade),
        ],
        paint,
    )
