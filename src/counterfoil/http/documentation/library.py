"""All documents of this installation: pages, their order, and the search over them.

Pages are rendered when somebody asks, once. What a reader asks for is looked up in tables, so no
address leads to a file that is none of the documents'. This module refuses to know HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from counterfoil.http.documentation.article import Article, Hit, Node
from counterfoil.http.documentation.directives import toctree_entries
from counterfoil.http.documentation.page_state import PageState
from counterfoil.http.documentation.rendering import make_parser, render
from counterfoil.http.documentation.searching import SearchIndex
from counterfoil.http.documentation.sources import PROJECT, Sources, find_sources

__all__ = ["Library", "Neighbours"]

_SHOWN_AS: Final = {"index": "Documentation", "readme": "Readme"}
"""Pages whose own titles say only what all this is about."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The pages before and after one, in reading order; None at the ends."""

    previous: Node | None
    following: Node | None


class Library:
    """The documents, for any shell. Safe for threads: at worst two render the same page.

    base: the path below which they are served.
    """

    def __init__(self, sources: Sources | None = None, *, base: str = "/docs") -> None:
        """Read where the documents are. Raises Unavailable with code documentation.missing."""
        self.sources = find_sources() if sources is None else sources
        self.base = base
        self._articles: dict[str, Article] = {}

    def article(self, name: str) -> Article:
        """Give a page, rendered. Raises NotFound with code documentation.page."""
        if name not in self._articles:
            text = self.sources.text(name)
            self._articles[name] = render(make_parser(), text, self._state(name))
        return self._articles[name]

    def markdown(self, name: str) -> str:
        """Give the source of a page. Raises NotFound with code documentation.page."""
        return self.sources.text(name)

    def file(self, path: str) -> str:
        """Give a file that a page shows. Raises NotFound with code documentation.file."""
        return self.sources.file(path)

    def search(self, query: str) -> tuple[Hit, ...]:
        """Find places in the pages, at most 30, the best first."""
        return self._index.search(query)

    def title(self, name: str) -> str:
        """Give the title of a page. Raises NotFound with code documentation.page."""
        return _SHOWN_AS.get(name) or self._titles.get(name) or self.sources.title(name)

    def address(self, name: str, anchor: str = "") -> str:
        """Give the address of a page."""
        return self._state(name).address(name, anchor)

    @cached_property
    def tree(self) -> tuple[Node, ...]:
        """Give the pages as a tree, in reading order: first the start page, last the project's."""
        root = self._node("index", frozenset())
        listed = {node.name for node in _walk((root,))}
        others = [name for name in PROJECT.values() if name in self.sources.pages]
        left = [name for name in self.sources.pages if name not in listed and name not in others]
        project = tuple(Node(name, self.title(name)) for name in [*others, *left])
        return (Node("index", root.title), *root.children, *project)

    @cached_property
    def order(self) -> tuple[Node, ...]:
        """Give all pages in reading order."""
        return tuple(_walk(self.tree))

    def neighbours(self, name: str) -> Neighbours:
        """Give the pages before and after one. Raises NotFound with code documentation.page."""
        self.sources.text(name)
        at = next(number for number, node in enumerate(self.order) if node.name == name)
        before = self.order[at - 1] if at else None
        return Neighbours(before, self.order[at + 1] if at + 1 < len(self.order) else None)

    def trail(self, name: str) -> tuple[Node, ...]:
        """Give the pages above one, from the top; without itself and the start page."""
        return tuple(_above(self.tree, name))

    def _node(self, name: str, above: frozenset[str]) -> Node:
        """Make a page's part of the tree; a page that is listed below itself ends there."""
        if self.sources.lists_nothing(name):
            return Node(name, self.title(name))
        listed = toctree_entries(self._state(name), self.sources.text(name))
        children = [one for one in listed if one not in above and one != name]
        below = (self._node(one, above | {name}) for one in children)
        return Node(name, self.title(name), tuple(below))

    def _state(self, name: str) -> PageState:
        return PageState(self.sources, name, self.base, self.title)

    @cached_property
    def _titles(self) -> dict[str, str]:
        return {name: self.sources.title(name) for name in self.sources.pages}

    @cached_property
    def _index(self) -> SearchIndex:
        return SearchIndex({name: self.sources.text(name) for name in self.sources.pages})


def _walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _walk(node.children)


def _above(nodes: tuple[Node, ...], name: str) -> Iterator[Node]:
    for node in nodes:
        if node.name != name and node.holds(name):
            yield node
            yield from _above(node.children, name)
            return
