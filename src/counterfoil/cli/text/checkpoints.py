"""Text of `ops.checkpoints`; a checkpoint itself is printed byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number, time_of
from counterfoil.ops.checkpoints import CheckpointView, Consistency, Inclusion

__all__ = ["consistency", "inclusion", "listing"]


def listing(found: Iterable[CheckpointView], paint: Paint) -> Iterator[str]:
    """Show checkpoints, one a line."""
    yield paint.quiet(f"{'size':>12}  {'root':13}  {'signed':23}  signatures")
    for one in found:
        line = f"{one.size:>12}  {brief(one.root)}  {time_of(one.at_ms)}"
        yield f"{line}  {len(one.signed_by)}{'  published' if one.published else ''}"


def inclusion(proof: Inclusion, paint: Paint) -> Iterator[str]:
    """Show an inclusion proof."""
    yield f"entry {proof.index} stands in the tree of {number(proof.size)} entries"
    yield from facts([("log", proof.origin), ("leaf", proof.leaf), ("root", proof.root)], paint)
    yield from _path(proof.path, paint)


def consistency(proof: Consistency, paint: Paint) -> Iterator[str]:
    """Show a consistency proof."""
    yield (
        f"the tree of {number(proof.new_size)} entries begins with that of {number(proof.old_size)}"
    )
    yield from facts(
        [("log", proof.origin), ("old root", proof.old_root), ("new root", proof.new_root)], paint
    )
    yield from _path(proof.path, paint)


def _path(path: tuple[str, ...], paint: Paint) -> Iterator[str]:
    for place, digest in enumerate(path):
        yield f"  {paint.quiet(f'{place:>2}')}  {digest}"
