"""Make the rows of the catalogue: short words for an operation that reads, and one that writes."""

from __future__ import annotations

from counterfoil.ports import Operation
from counterfoil.ports.access import Role

__all__ = ["reads", "writes"]


def reads(
    words: str, target: str, summary: str, *examples: str, role: Role | None = None
) -> Operation:
    """List an operation that only reads.

    words: what people call it. target: `module:function` in `counterfoil.ops`. summary: the first
    line of the function's docstring. examples: what follows the words, each a whole command line.
    role: who may call it through a node; else readers.
    """
    return _operation(words, target, summary, *examples, writes=False, role=role)


def writes(
    words: str, target: str, summary: str, *examples: str, role: Role | None = None
) -> Operation:
    """List an operation that needs the ledger, or a state of its own, for itself; as `reads`.

    role: else writers.
    """
    return _operation(words, target, summary, *examples, writes=True, role=role)


def _operation(
    words: str, target: str, summary: str, *examples: str, writes: bool, role: Role | None
) -> Operation:
    lines = tuple(f"counterfoil {words} {rest}".rstrip() for rest in examples)
    return Operation(
        tuple(words.split()), f"counterfoil.ops.{target}", summary, writes, lines, role
    )
