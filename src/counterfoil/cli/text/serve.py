"""Text of `ops.serve`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.ops.serve import Serving

__all__ = ["serve"]


def serve(told: Iterable[Serving], paint: Paint) -> Iterator[str]:
    """Tell where it is served."""
    for one in told:
        yield f"{paint.good('serving')} {one.folder} ({one.share}) at {paint.strong(one.url)}"
