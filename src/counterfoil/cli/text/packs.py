"""Text of `ops.packs`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ledger.lineage.pack_words import subject_of
from counterfoil.ops.packs import Checked, Packed

__all__ = ["check", "pack"]

_SHOWN: Final = 50


def pack(done: Packed, paint: Paint) -> Iterator[str]:
    """Say what was written, and whether it is all."""
    yield (
        f"wrote {paint.strong(plain(done.file))} ({number(done.bytes)} bytes) with "
        f"{number(done.statements)} statements and their receipts"
    )
    if not done.complete:
        yield paint.bad("not all was followed: add --depth or --width")


def check(checked: Checked, paint: Paint) -> Iterator[str]:
    """Name what fails; else say what holds, who vouches for it, and what that does not prove."""
    found = checked.found
    for problem in checked.problems[:_SHOWN]:
        said = f"{plain(problem.file)}: {plain(problem.message)} [{problem.code}]"
        yield f"{paint.bad('fails')}  {said}"
    if len(checked.problems) > _SHOWN:
        yield f"and {number(len(checked.problems) - _SHOWN)} more"
    if checked.problems:
        yield paint.bad("do not rely on this pack")
        return
    grades = "; ".join(found.grades)
    statements = number(found.statements)
    yield f"{paint.good('holds:')} {statements} statements, {paint.strong(grades)}"
    yield f"  {plain(subject_of(found.about))}, of {plain(found.origin)}"
    if not found.complete:
        yield "  the trace was cut by its sender: there is more"
    if not checked.own_policy:
        yield "  the pack's policy.txt is not yours; yours was used"
    yield "  not proven: that the statements are true, or that none was left out"
