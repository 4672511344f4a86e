"""Text of `ops.finance.cases`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.acting import submit
from counterfoil.cli.text.words import facts, number, or_nothing, plain, time_of
from counterfoil.ops.documents import DocumentFile

if TYPE_CHECKING:
    from counterfoil.act import Acted
    from counterfoil.apps.finance.held.cases import Case
    from counterfoil.apps.finance.held.desk import CaseDecided
    from counterfoil.apps.finance.held.file import CaseFile

__all__ = ["decide", "get", "hold", "listing", "page"]


def hold(done: Acted, paint: Paint) -> Iterator[str]:
    """Show what the escrow did."""
    yield from submit(done, paint)


def listing(rows: Iterable[Case], paint: Paint) -> Iterator[str]:
    """Show cases, one a line."""
    yield from or_nothing((_line(one, paint) for one in rows), "nothing is held")


def get(file: CaseFile, paint: Paint) -> Iterator[str]:
    """Show all that is known."""
    case, said = file.case, file.case.hold.said
    yield f"{paint.strong(f'case {case.number}')}: {_state(case.state, paint)}"
    standing = falls = None
    if file.standing is not None:
        standing = f"{file.standing.state}, {file.left or file.standing.left} left"
    if file.falls_to is not None:
        falls = f"to {file.falls_to[0]} from {time_of(file.falls_to[1] * 1000)} on"
    yield from facts(
        [
            ("payment", case.payment),
            ("score", _score(said)),
            ("note", said.get("note")),
            ("in the escrow", standing),
            ("else it goes", falls),
        ],
        paint,
    )
    strongest = sorted(file.contributions.items(), key=lambda one: -abs(float(one[1])))
    for name, value in strongest:
        yield f"  {value:>12}  {plain(name)}"
    if file.sealed:
        yield paint.quiet("inputs and reasons are sealed: --actor NAME opens them for somebody")
    for event in file.history:
        where = paint.quiet(f"entry {event.index}")
        yield f"  {time_of(event.at_ms)}  {plain(event.what)} {plain(event.who)}  {where}"
    for one in file.about:
        yield f"  also decided: {plain(str(one.content.get('outcome')))}, entry {one.index}"


def page(done: DocumentFile, paint: Paint) -> Iterator[str]:
    """Show where the page was written."""
    yield f"{paint.good('written')}  {plain(done.file)}, {number(done.bytes)} bytes"


def decide(done: CaseDecided, paint: Paint) -> Iterator[str]:
    """Show what was recorded, and what the escrow did."""
    yield f"{paint.good('decided')}  case {done.case}: {done.outcome}, entry {done.recorded.index}"
    if done.acted is not None:
        yield from submit(done.acted, paint)


def _line(case: Case, paint: Paint) -> str:
    said = case.hold.said
    escrow = "in escrow" if case.agreed is not None else ""
    return (
        f"{case.number:>8}  {_state(case.state, paint)}  {time_of(case.hold.at_ms)}  "
        f"{plain(case.payment or '')}  {_score(said)}  {paint.quiet(escrow)}"
    ).rstrip()


def _score(said: dict[str, Any]) -> str:
    score = said.get("score")
    return "" if score is None else f"{float(score):.3f}"


def _state(state: str, paint: Paint) -> str:
    words = {"open": "open", "release": "released", "return": "returned"}[state].ljust(8)
    colour = {"open": paint.quiet, "release": paint.good, "return": paint.bad}[state]
    return colour(words)
