"""Text of `ops.schemas`; a schema itself is printed byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.ops.schemas import SchemaName

__all__ = ["schema"]


def schema(found: Iterable[SchemaName], paint: Paint) -> Iterator[str]:
    """Show the kinds of statements, one a line."""
    for one in found:
        yield f"{paint.strong(f'{one.name:14}')}  {one.says}"
