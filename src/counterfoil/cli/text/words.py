"""How numbers, times and hashes are written for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from counterfoil.cli.paint import Paint

__all__ = ["brief", "content_line", "counted", "facts", "number", "or_nothing", "plain", "time_of"]

_HASH_SHOWN: Final = 12
_CONTENT_SHOWN: Final = 160


def brief(digest: str) -> str:
    """Shorten a hexadecimal hash to what the eye compares."""
    return f"{digest[:_HASH_SHOWN]}…" if len(digest) > _HASH_SHOWN else digest


def number(value: int) -> str:
    """Write a number with its thousands apart."""
    return f"{value:,}"


def counted(value: int, one: str, many: str = "") -> str:
    """Write a number with its thousands apart and what it counts: one link, 2 links.

    many: what more than one are called; else `one` with an s.
    """
    return f"{number(value)} {one if value == 1 else many or f'{one}s'}"


def time_of(at_ms: int | None) -> str:
    """Write a Unix time in ms as UTC to the second, or what came where it is no such time."""
    if at_ms is None:
        return "not said"
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms after 1970"


def plain(text: str) -> str:
    r"""Write what a terminal would obey as \u....: records come from anybody."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def content_line(content: Any) -> str:
    """Write content as one line of JSON, cut where it is long."""
    text = json.dumps(content, ensure_ascii=False, separators=(", ", ": "))
    text = plain(text)
    return text if len(text) <= _CONTENT_SHOWN else f"{text[:_CONTENT_SHOWN]}…"


def or_nothing(lines: Iterable[str], nothing: str, heading: str = "") -> Iterator[str]:
    """Show lines as they come, and say so where there is none.

    heading: line before the first; none comes before an error or where nothing follows.
    """
    none = True
    for line in lines:
        if none and heading:
            yield heading
        none = False
        yield line
    if none:
        yield nothing


def facts(rows: Iterable[tuple[str, object]], paint: Paint) -> Iterator[str]:
    """List names and values, aligned; leaves out what has no value."""
    shown = [(name, plain(str(value))) for name, value in rows if value is not None and value != ""]
    width = max(len(name) for name, _ in shown)
    for name, value in shown:
        yield f"  {paint.quiet(name.ljust(width))}  {value}"
