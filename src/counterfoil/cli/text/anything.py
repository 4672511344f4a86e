"""Text of results that have no words of their own: those of other packages' apps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import content_line, facts, or_nothing, plain

__all__ = ["show"]


def show(result: Any, paint: Paint) -> Iterator[str]:
    """Show an object as names and values, a list one a line, and a text as it is."""
    if isinstance(result, Iterator):
        yield from or_nothing((plain(_line(_built(one))) for one in result), "none")
        return
    found = _built(result)
    if isinstance(found, Mapping) and found:
        yield from facts([(str(name), _line(value)) for name, value in found.items()], paint)
    else:
        yield plain(_line(found))


def _built(result: Any) -> Any:
    return msgspec.to_builtins(result.to_json() if hasattr(result, "to_json") else result)


def _line(value: Any) -> str:
    return value if isinstance(value, str) else content_line(value)
