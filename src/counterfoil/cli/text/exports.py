"""Text of `ops.exports`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.exports import ExportFile

__all__ = ["export"]


def export(done: ExportFile, paint: Paint) -> Iterator[str]:
    """Tell what was written."""
    yield (
        f"{paint.good('wrote')} {number(done.entries)} entries as {done.format} to "
        f"{paint.strong(plain(done.file))} ({number(done.bytes)} bytes)"
    )
