"""Text of `ops.receipts`."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, content_line, facts, number
from counterfoil.ops.receipts import ReceiptView, Saved

__all__ = ["get", "show"]


def get(saved: Saved, paint: Paint) -> Iterator[str]:
    """Tell what was written, and how to verify it."""
    what = f"entry {saved.index}"
    if saved.row is not None:
        what = f"row {saved.row} of {what}"
    yield (
        f"{paint.good('wrote')} the receipt of {what}, as of {number(saved.size)} entries, "
        f"to {paint.strong(saved.file)} ({number(saved.bytes)} bytes)"
    )
    yield f"verify it anywhere: counterfoil verify {quote(saved.file)} --policy POLICY"


def show(found: ReceiptView, paint: Paint) -> Iterator[str]:
    """Show what a receipt says."""
    yield f"a receipt ({found.form}) of entry {paint.strong(str(found.index))}"
    record = found.record or {}
    yield from facts(
        [
            ("log", found.origin),
            ("as of", f"{number(found.size)} entries, root {brief(found.root)}"),
            ("signed by", ", ".join(found.signed_by)),
            ("kind", record.get("kind")),
            ("issuer", record.get("issuer")),
            ("content", content_line(record["content"]) if record else None),
            ("row", f"{found.row['row']}: {found.row['content']}" if found.row else None),
            ("key statements", number(found.keys)),
        ],
        paint,
    )
    yield paint.warn("not verified: counterfoil verify FILE --policy POLICY")
