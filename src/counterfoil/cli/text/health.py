"""Text of `ops.health`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import plain
from counterfoil.ops.health import Diagnosis

__all__ = ["doctor"]


def doctor(found: Diagnosis, paint: Paint) -> Iterator[str]:
    """Show each check: word, state and what to do."""
    colours = {"ok": paint.good, "warn": paint.warn, "bad": paint.bad}
    width = max(len(check.word) for check in found.checks)
    for check in found.checks:
        state = colours[check.status](f"{check.status:4}")
        yield f"{state}  {check.word.ljust(width)}  {plain(check.detail)}"
        if check.hint and check.status != "ok":
            yield f"      {' ' * width}  {paint.quiet(plain(check.hint))}"
