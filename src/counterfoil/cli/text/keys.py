"""Text of `ops.keys`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief
from counterfoil.ledger import Recorded
from counterfoil.ops.keys import KeyView

__all__ = ["listing", "new", "revoke", "rotate"]


def listing(found: Iterable[KeyView], paint: Paint) -> Iterator[str]:
    """Show keys, one a line."""
    for key in found:
        end = "on" if key.end is None else f"to {key.end - 1}"
        state = paint.good("in force") if key.in_force else paint.quiet("ended")
        yield f"{brief(key.keyid)}  {key.role:9}  {state}  entries {key.first} {end}"


def new(done: Recorded, paint: Paint) -> Iterator[str]:
    """Tell where the key was stated."""
    yield f"{paint.good('added')} a key, stated in entry {done.index}"


def rotate(done: Recorded, paint: Paint) -> Iterator[str]:
    """Tell from where the new key signs."""
    yield f"{paint.good('rotated')} the producer key, stated in entry {done.index}"


def revoke(done: Recorded, paint: Paint) -> Iterator[str]:
    """Tell where the end was stated."""
    yield f"{paint.good('revoked')} the key, stated in entry {done.index}"
