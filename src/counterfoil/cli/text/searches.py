"""Text of `ops.searches`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.records import entry_line
from counterfoil.cli.text.words import number
from counterfoil.ledger.search import SearchPage

__all__ = ["search"]


def search(page: SearchPage, paint: Paint) -> Iterator[str]:
    """Show a page of records, and how to get the next."""
    for hit in page.hits:
        yield entry_line(hit, paint)
    if not page.hits:
        yield "no record"
    if page.total is not None:
        yield paint.quiet(f"{number(page.total)} in all")
    if page.next is not None:
        yield paint.quiet(f"more with --after {page.next}")
    if page.notice:
        yield paint.quiet(page.notice)
