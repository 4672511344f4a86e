"""Text of `ops.incidents`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text import records
from counterfoil.cli.text.words import content_line, facts, number, plain, time_of
from counterfoil.ops.incidents import IncidentFile, Listed

__all__ = ["add", "get", "listing", "report", "update"]

add = update = records.add


def get(listed: Listed, paint: Paint) -> Iterator[str]:
    """Show an incident whole, with what is due and what was said before."""
    found, said = listed.found, listed.found.said
    yield f"incident {paint.strong(plain(str(said.get('title'))))}"
    late = {due.days for due in found.late(listed.now_ms)}
    for due in found.due:
        mark = paint.bad("  MISSED") if due.days in late else ""
        yield f"  due {time_of(due.by_ms)}: {due.what} ({due.law}){mark}"
    for name, value in listed.to_json()["incident"].items():
        if name not in ("title", "incident"):
            shown = time_of(value) if name.endswith("_ms") else content_line(value)
            yield f"  {paint.strong(plain(name))}: {shown}"
    yield from facts([("id", found.id)], paint)
    for version in found.versions:
        why = version.content.get("why") or "opened"
        yield f"  entry {version.index}, {time_of(version.at_ms)}: {plain(str(why))}"


def listing(found: Iterable[Listed], paint: Paint) -> Iterator[str]:
    """Show incidents, one a line, with the next date that is due."""
    none = True
    for listed in found:
        none = False
        said = listed.found.said
        line = (
            f"{paint.strong(f'{listed.found.now.index:>8}')}  {plain(str(said.get('severity')))}  "
            f"{plain(str(said.get('state', 'open')))}  {plain(str(said.get('title')))}"
        )
        open_dues = [] if said.get("reported_ms") is not None else list(listed.found.due)
        if open_dues:
            due = open_dues[0]
            over = due.late(listed.now_ms, None)
            line += f"  {paint.bad('MISSED') if over else 'due'} {time_of(due.by_ms)}"
        yield line
    if none:
        yield "no incident"


def report(done: IncidentFile, paint: Paint) -> Iterator[str]:
    """Say what was written, and what has no proof in it."""
    yield (
        f"wrote {paint.strong(plain(done.file))} ({number(done.bytes)} bytes) with "
        f"{done.proofs} receipts"
    )
    if done.without:
        yield f"{done.without} links are not in this log: the report names them without a receipt"
    if done.late:
        days = ", ".join(f"{days} days" for days in done.late)
        yield paint.bad(f"missed: the deadline of {days}")
