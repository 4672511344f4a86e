"""Text of `ops.backups`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number
from counterfoil.ledger.backup import BackupReport

__all__ = ["backup"]


def backup(done: BackupReport, paint: Paint) -> Iterator[str]:
    """Tell what was copied."""
    yield f"{paint.good('copied')} {number(done.size)} entries to {paint.strong(done.destination)}"
    tiles = done.tiles_copied + done.tiles_linked
    payloads = done.payloads_copied + done.payloads_linked
    yield from facts(
        [
            ("log", done.origin),
            ("committed", f"{number(done.committed)} entries, with the tail"),
            ("root", brief(done.root)),
            ("tiles", f"{number(tiles)} new, {number(done.tiles_kept)} there before"),
            (
                "payloads",
                f"{number(payloads)} new, {number(done.payloads_kept)} there before",
            ),
            ("keys", f"{done.keys} private keys" if done.keys else "none; keep them elsewhere"),
            ("bytes", number(done.bytes_copied)),
            ("took", f"{done.seconds:,.1f} s"),
        ],
        paint,
    )
