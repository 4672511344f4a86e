"""A node with a story for the journeys through its pages, and windows to look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.pages import PageNode, Seen, page_node

Window = Callable[..., Seen]


@pytest.fixture(scope="module")
def node() -> Iterator[PageNode]:
    """Serve the story, which is told once for all files that one worker has.

    No longer than for a file: who reads the files of a database that this process has open takes
    its locks away, and other tests do read them.
    """
    with page_node() as found:
        yield found


@pytest.fixture
def window(browser: Browser, node: PageNode) -> Iterator[Window]:
    """Open windows on it: `window(role)`, with arguments of the browser's context."""
    opened: list[Seen] = []

    def look(role: str | None = "operator", **options: Any) -> Seen:
        opened.append(Seen(browser, node, role, options))
        return opened[-1]

    yield look
    for one in opened:
        one.close()
