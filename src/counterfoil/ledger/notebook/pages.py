"""Cards of lists: hits of a search, and decisions. This module refuses to fetch another page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.drawing.card import card, facts, note, table, when

if TYPE_CHECKING:
    from counterfoil.ledger.decisions.found import DecisionPage
    from counterfoil.ledger.search.run import SearchPage

__all__ = ["decisions_card", "search_card"]


def search_card(page: SearchPage) -> str:
    """Write a page of hits as a card: HTML."""
    rows = ((hit.index, hit.kind, hit.source, when(hit.at_ms), hit.content) for hit in page.hits)
    heads = ("Entry", "Kind", "Series", "Said at", "Content")
    parts = [table(heads, rows, len(page.hits))] if page.hits else [note("Nothing was found.")]
    if page.next is not None:
        parts.append(note(f"There may be more: after={page.next}."))
    if page.notice:
        parts.append(note(page.notice))
    return card(f"{len(page.hits):,} of {page.size:,} entries", *parts)


def decisions_card(page: DecisionPage) -> str:
    """Write a page of decisions as a card: HTML."""
    counts = facts(*((outcome, f"{count:,}") for outcome, count in page.outcomes.items()))
    heads = ("Entry", "Outcome", "Score", "Model", "By", "Said at")
    rows = (
        (
            hit.index,
            hit.said.get("outcome"),
            hit.said.get("score"),
            (hit.said.get("model") or {}).get("name"),
            hit.said.get("by", "model"),
            when(hit.at_ms),
        )
        for hit in page.hits
    )
    parts = [counts, table(heads, rows, len(page.hits))] if page.hits else [note("None found.")]
    if page.next is not None:
        parts.append(note(f"There are more: after={page.next}."))
    if page.notice:
        parts.append(note(page.notice))
    return card(f"{page.total:,} decisions", *parts)
