"""Text of `ops.records`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, content_line, facts, or_nothing, plain, time_of
from counterfoil.ledger import Recorded, RecordView

__all__ = ["add", "entry_line", "get", "tail"]


def add(done: Recorded, paint: Paint) -> Iterator[str]:
    """Tell where the record stands."""
    what = "recorded already, as entry" if done.duplicate else "recorded as entry"
    yield f"{paint.good(what)} {paint.strong(str(done.index))}"
    yield from facts([("leaf", done.leaf), ("source", done.source), ("number", done.number)], paint)


def get(found: RecordView, paint: Paint) -> Iterator[str]:
    """Show an entry whole."""
    yield f"entry {paint.strong(str(found.index))}: {plain(found.kind)}"
    yield from facts(
        [
            ("leaf", found.leaf),
            ("issuer", found.issuer),
            ("source", found.source),
            ("number", found.number),
            ("at", time_of(found.at_ms)),
            ("signed by", ", ".join(map(brief, found.signed_by)) or "a batch signature after it"),
        ],
        paint,
    )
    for name, value in found.content.items():
        yield f"  {paint.strong(content_line(name)[1:-1])}: {content_line(value)}"
    for group in found.personal:
        for name in group.names:
            yield f"  {paint.strong(plain(name))}: {group.state} ({plain(group.data_class)})"


def tail(found: Iterable[RecordView], paint: Paint) -> Iterator[str]:
    """Show entries, one a line, as they come."""
    yield from or_nothing((entry_line(entry, paint) for entry in found), "no record")


def entry_line(entry: RecordView, paint: Paint) -> str:
    """Show an entry on one line: index, kind, content."""
    return (
        f"{paint.strong(f'{entry.index:>8}')}  {paint.quiet(plain(entry.kind))}  "
        f"{content_line(entry.content)}"
    )
