"""Text of `ops.network_demo`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import facts
from counterfoil.ops.network_demo import Scene

__all__ = ["network_demo"]


def network_demo(scenes: Iterable[Scene], paint: Paint) -> Iterator[str]:
    """Show each scene with what was found."""
    for scene in scenes:
        yield paint.strong(scene.what)
        if scene.facts:
            yield from facts(scene.facts.items(), paint)
