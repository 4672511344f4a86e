"""Which operations an agent may call, under which names, and what it may say to them.

What would read or write a file of this machine is no parameter here: an agent gives and gets
values. This module refuses to list an operation that opens sealed data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["TOOLS", "Tool"]


@dataclass(frozen=True, slots=True)
class Tool:
    """An operation as an agent sees it.

    name: of the tool. words: of the operation. hidden: parameters that agents do not
    have. objects: parameters that are a JSON object, not its text. more: what
    the description adds to the operation's own.
    """

    name: str
    words: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    more: str = ""


TOOLS: Final[tuple[Tool, ...]] = (
    Tool("record", ("record", "add"), hidden=("accept_new_witness",), objects=("content",)),
    Tool(
        "record_decision",
        ("decision", "add"),
        objects=("inputs",),
        more="Name the person whose data the inputs are: then they are sealed.",
    ),
    Tool("search", ("record", "search"), more="Sealed fields are not shown."),
    Tool("get", ("record", "get"), more="Sealed fields are not shown."),
    Tool(
        "receipt",
        ("receipt", "get"),
        hidden=("out", "html", "tlog_proof"),
        more="Gives the receipt itself, as JSON text.",
    ),
    Tool("verify", ("verify",), hidden=("file", "policy", "entry", "rpc", "anchors")),
    Tool("trace", ("trace",), hidden=("receipts",)),
    Tool(
        "explain",
        ("explain",),
        hidden=("actor", "tolerance"),
        more="Only of decisions whose inputs are not sealed: nothing sealed is opened here.",
    ),
)
"""All of them; those whose operation writes are offered only where writing is allowed."""
