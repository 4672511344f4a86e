"""Name the places inside of a document, alike where it is rendered and where it is searched.

A heading's anchor is GitHub's and MyST's: lower case, no punctuation, `-` for a blank. A defined
term has one, too: that of the error `log.expect` is `log-expect`. This module refuses to parse
Markdown.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["Anchors", "slug_of", "term_anchor"]

_DROPPED: Final = re.compile(r"[^\w\- ]")
_CODE: Final = re.compile(r"`([a-z0-9][a-z0-9._-]*)`")


def slug_of(text: str) -> str:
    """Make the anchor of a heading from its text without markup."""
    return _DROPPED.sub("", text.strip().lower()).replace(" ", "-") or "section"


def term_anchor(source: str) -> str:
    """Make the anchor of a defined term from its Markdown: `log.expect` is itself, with `-`.

    Words get `term-` before them, so that a term and a heading are two places.
    """
    found = _CODE.match(source)
    return found[1].replace(".", "-") if found else f"term-{slug_of(source.replace('`', ''))}"


class Anchors:
    """The anchors of one page: the second of the same name gets `-1`, the third `-2`."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self.given: list[str] = []

    def add(self, anchor: str) -> str:
        """Give an anchor that the page does not have yet."""
        count = self._counts.get(anchor, 0)
        self._counts[anchor] = count + 1
        unique = anchor if not count else self.add(f"{anchor}-{count}")
        if not count:
            self.given.append(unique)
        return unique
