"""What a document becomes: HTML without a script or a style of its own, and what leads through it.

These are plain values, for a template, for JSON and for tests. This module refuses to make them.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Article", "Heading", "Hit", "Node"]


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading of a page. level: 1 to 6. anchor: what stands behind `#` in its address."""

    level: int
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Node:
    """A page in the tree of navigation, in reading order."""

    name: str
    title: str
    children: tuple[Node, ...] = ()

    def holds(self, name: str) -> bool:
        """Say whether a page is this one or below it."""
        return name == self.name or any(child.holds(name) for child in self.children)


@dataclass(frozen=True, slots=True)
class Article:
    """A page, rendered.

    html: the body, escaped, with its heading. contents: its headings from the second level on.
    anchors: every place in it that a link can name. links: (page or "", anchor or "") of each link
    to the documents. problems: what could not be rendered as meant; empty in what is released.
    """

    name: str
    title: str
    html: str
    contents: tuple[Heading, ...]
    anchors: frozenset[str]
    links: tuple[tuple[str, str], ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A part of a page that a search found. excerpt: (text, whether it was looked for)."""

    name: str
    title: str
    heading: str
    anchor: str
    excerpt: tuple[tuple[str, bool], ...]
    score: float
