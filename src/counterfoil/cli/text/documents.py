"""Text of `ops.documents`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.documents import DocumentFile

__all__ = ["written"]


def written(done: DocumentFile, paint: Paint) -> Iterator[str]:
    """Say what was written."""
    file = paint.strong(plain(done.file))
    yield f"{paint.good('wrote')} {file} ({number(done.bytes)} bytes)"
