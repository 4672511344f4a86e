"""What a server tells an app about the connection of a request whose answer has no end.

ASGI has no word for either: that the server wants to stop, and that the app wants to hang up on
who does not read. A server puts a `Line` under `LINE` into the scope's `extensions`; behind one
that does not, an answer ends with its connection alone. This module refuses to know a server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["LINE", "Line", "line_of"]

LINE: Final = "counterfoil.line"
"""Its name among the `extensions` of an ASGI scope."""


@dataclass(frozen=True, slots=True)
class Line:
    """A connection. ending: tells whether the server stops. drop: breaks it off, unsent bytes too.

    Both are for the thread of the server's event loop.
    """

    ending: Callable[[], bool]
    drop: Callable[[], None]


def line_of(scope: Mapping[str, Any]) -> Line:
    """Tell the line of a request; where its server tells none, one that never ends or drops."""
    found = (scope.get("extensions") or {}).get(LINE)
    return found if isinstance(found, Line) else Line(lambda: False, lambda: None)
