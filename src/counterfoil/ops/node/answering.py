"""Have a node answer requests: its shell, which is above this floor, on a listener.

This module refuses to import the shell before a node is to answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Final

from counterfoil.ops.node.node import Node
from counterfoil.ops.node.settings import NodeSettings
from counterfoil.ops.serving import Listener, serving

__all__ = ["PACKAGES", "answering"]

PACKAGES: Final = ("starlette", "jinja2", "httptools")
"""What the shell cannot do without; of the extra `node`."""

_CONNECTIONS_MAX: Final = 2048  # requests beyond the guard's bound are told to come again


@contextmanager
def answering(
    node: Node,
    settings: NodeSettings,
    listener: Listener,
    ended: Callable[[], None] | None = None,
) -> Iterator[str]:
    """Answer for a block, which gets the address.

    ended: as of `serving`. Raises Unavailable with code extra.missing.
    """
    http = import_module("counterfoil.http")
    site = http.Site(node.ledger, node.guard, node.status, settings, node.witness)
    app = http.make_app(site)
    with serving(app, listener, fast=True, connections_max=_CONNECTIONS_MAX, ended=ended) as url:
        yield url
