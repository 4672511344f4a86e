"""Text of `ops.apps`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import content_line, or_nothing, plain
from counterfoil.ops.apps import ListedApp
from counterfoil.ports import Scene

__all__ = ["demo", "listing"]


def listing(found: Iterable[ListedApp], paint: Paint) -> Iterator[str]:
    """Show apps, each with what it brings."""
    return or_nothing((line for one in found for line in _app(one, paint)), "no app")


def demo(scenes: Iterable[Scene], paint: Paint) -> Iterator[str]:
    """Tell a story as it is played."""
    for scene in scenes:
        yield f"{paint.strong(plain(scene.name))}  {plain(scene.says)}"
        for name, value in scene.facts.items():
            shown = value if isinstance(value, str) else content_line(value)
            yield paint.quiet(f"    {plain(name)}: {plain(shown)}")


def _app(one: ListedApp, paint: Paint) -> Iterator[str]:
    yield f"{paint.strong(plain(one.name))}  {plain(one.summary)}".rstrip()
    if one.trouble:
        yield f"  {paint.bad('broken')}  {plain(one.trouble)}"
    for word, values in (
        ("commands", one.commands),
        ("records", one.predicates),
        ("contracts", one.contracts),
        ("watchers", one.watchers),
    ):
        if values:
            yield f"  {paint.quiet(word.ljust(9))}  {plain(', '.join(values))}"
    if one.package != "counterfoil":
        yield f"  {paint.quiet('package  ')}  {plain(one.package)}"
