"""Receipts of many entries, written into a folder, a file each.

This module refuses to choose the entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Ledger
from counterfoil.ops.files import shown, write_file
from counterfoil.ports import Progress, no_progress

__all__ = ["write_receipts"]


def write_receipts(
    ledger: Ledger,
    entries: Sequence[tuple[int, str]],
    folder: Path,
    progress: Progress = no_progress,
) -> tuple[str, ...]:
    """Write the receipt of each entry into a folder, which is made; give the files.

    entries: index and kind, of which a file's name is made. Raises as `write_file`.
    """
    written: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    for done, (index, kind) in enumerate(entries, 1):
        path = folder / f"{index}.{_plain(kind)}.receipt.json"
        write_file(path, receipts.format(ledger.receipt(index)) + b"\n")
        written.append(shown(path))
        progress(done, len(entries), "receipts written")
    return tuple(written)


def _plain(kind: str) -> str:
    """Keep of a kind, which may be anybody's URI, what is safe in a file's name."""
    last = kind.rstrip("/").rpartition("/")[2] if ":" in kind else kind
    return "".join(c for c in last if c.isascii() and (c.isalnum() or c == "-"))[:40] or "other"
