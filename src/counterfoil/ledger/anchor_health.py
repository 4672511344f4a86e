"""Say how anchoring stands, in a doctor's words; no chain is asked. Refuses to raise for it."""

from __future__ import annotations

from contextlib import closing
from typing import Literal

from counterfoil.ledger.config import Config
from counterfoil.ledger.layout import Layout

__all__ = ["LOW_ANCHORS", "anchoring_health"]

LOW_ANCHORS = 20
"""An account that can pay for fewer anchors than this needs coins soon."""

_Found = tuple[str, Literal["ok", "warn", "bad"], str, str]


def anchoring_health(layout: Layout, config: Config | None) -> _Found:
    """Tell word, status, detail and hint of a doctor's check; raises as `AnchorBook`."""
    if not layout.anchor_book.exists():
        if config is not None and config.anchor_chains:
            hint = "`counterfoil anchor now` makes the chain ready and anchors."
            return "anchors", "warn", "nothing was anchored yet", hint
        return "anchors", "ok", "no chain is set", ""
    from counterfoil.chain.anchor_book import AnchorBook

    with closing(AnchorBook(layout.anchor_book, read_only=True)) as book:
        chains, alarms = book.chains(), book.alarms()
        anchored = {note.chain_id: book.newest_final(note.chain_id) for note in chains}
    hint = "`counterfoil anchor status` shows what and when; `anchor verify` asks the chains."
    grave = [alarm for alarm in alarms if alarm.code != "anchor.funds-low"]
    if grave:
        return "anchors", "bad", f"{grave[-1].text} [{grave[-1].code}]", hint
    for note in chains:
        if note.trouble is not None:
            return "anchors", "warn", f"{note.trouble_text} [{note.trouble}]", hint
        if note.anchors_left is not None and note.anchors_left < LOW_ANCHORS:
            detail = f"coins for {note.anchors_left} more anchors on chain {note.chain_id}"
            return "anchors", "warn", detail, f"Send coins to {note.anchor_key}."
    shown = ", ".join(f"{size:,} entries on chain {chain}" for chain, size in anchored.items())
    return "anchors", "ok", shown or "no chain yet", ""
