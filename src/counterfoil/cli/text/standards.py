"""Text of `ops.standards`: what was written for other tools, and where their events are taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.standards import Receiving, Written

__all__ = ["croissant", "openlineage", "receive"]


def croissant(done: Written, paint: Paint) -> Iterator[str]:
    """Say what was written, and whether loaders can read the data by it."""
    yield _written(done, paint)
    if not done.complete:
        yield "columns are named without a file: add --file PATH so that they can be loaded"


def openlineage(done: Written, paint: Paint) -> Iterator[str]:
    """Say what was written, and whether it is all."""
    yield _written(done, paint)
    if not done.complete:
        yield paint.bad("not all was followed: add --depth or --width")


def receive(told: Iterable[Receiving], paint: Paint) -> Iterator[str]:
    """Tell where clients send events, and where their key is."""
    for one in told:
        yield f"{paint.good('receiving')} OpenLineage events for {plain(one.ledger)}"
        yield f"at {paint.strong(one.url)}, with the API key in {plain(one.key_file)}"


def _written(done: Written, paint: Paint) -> str:
    name = paint.strong(plain(done.file))
    return f"wrote {name} ({number(done.bytes)} bytes) with {number(done.count)} {done.what}"
