"""Cards of entries, and of what recording answers. This module refuses to open what is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.drawing.card import card, content, facts, mark, note, when

if TYPE_CHECKING:
    from counterfoil.ledger.results import Recorded, RecordedMany
    from counterfoil.ledger.view import RecordView

__all__ = ["many_card", "record_card", "recorded_card"]


def record_card(found: RecordView) -> str:
    """Write a decoded entry as a card: HTML."""
    series = None if found.source is None else f"{found.source}, number {found.number}"
    sealed = [
        (f"{group.state}, {group.data_class}", f"{', '.join(group.names)} of {group.person}")
        for group in found.personal
    ]
    return card(
        f"Entry {found.index:,}: {found.kind}",
        facts(
            ("Issuer", found.issuer),
            ("Series", series),
            ("Said at", when(found.at_ms)),
            ("Signed by", ", ".join(found.signed_by) or "a batch of statements"),
            ("Leaf", found.leaf),
            *sealed,
        ),
        content(found.content),
    )


def recorded_card(done: Recorded) -> str:
    """Write a durable record's place as a card: HTML."""
    words = "was recorded before" if done.duplicate else "durable"
    return card(
        f"Recorded as entry {done.index:,}",
        mark("ok", words),
        facts(("Series", f"{done.source}, number {done.number}"), ("Leaf", done.leaf)),
        note(f"ledger.receipt({done.index}) proves it to others."),
    )


def many_card(done: RecordedMany) -> str:
    """Write the places of many durable records as a card: HTML."""
    known = done.count - done.new
    numbers = f"{done.source}, numbers {done.first} to {done.first + done.count - 1}"
    places = f"{min(done.indices):,} to {max(done.indices):,}" if done.indices else None
    return card(
        f"Recorded {done.count:,} rows",
        mark("ok", f"durable; {known:,} were recorded before" if known else "durable"),
        facts(("Series", numbers), ("Entries", places), ("Log's size", f"{done.size:,} entries")),
    )
