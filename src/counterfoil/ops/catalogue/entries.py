"""Make the rows of the catalogue: short words for an operation that reads, and one that writes."""

from __future__ import annotations

from counterfoil.ports import Operation

__all__ = ["reads", "writes"]


def reads(words: str, target: str, summary: str, *examples: str) -> Operation:
    """List an operation that only reads.

    words: what people call it. target: `module:function` in `counterfoil.ops`. summary: the first
    line of the function's docstring. examples: what follows the words, each a whole command line.
    """
    return _operation(words, target, summary, *examples, writes=False)


def writes(words: str, target: str, summary: str, *examples: str) -> Operation:
    """List an operation that needs the ledger, or a state of its own, for itself; as `reads`."""
    return _operation(words, target, summary, *examples, writes=True)


def _operation(words: str, target: str, summary: str, *examples: str, writes: bool) -> Operation:
    lines = tuple(f"counterfoil {words} {rest}".rstrip() for rest in examples)
    return Operation(tuple(words.split()), f"counterfoil.ops.{target}", summary, writes, lines)
