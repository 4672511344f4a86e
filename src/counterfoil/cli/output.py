"""Print an operation's result: JSON for programs, text for people, documents byte for byte.

Standard output is data and nothing else. A list is one JSON object a line, and nothing where there
is none; a page of a search is one object, with its `hits`, and `next` for the page after. This
module refuses to change a document.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any, BinaryIO

from counterfoil.cli.paint import Paint
from counterfoil.ports import Document, Operation

__all__ = ["print_lines", "print_result", "silence"]


def print_result(
    operation: Operation, result: Any, *, json: bool, asked_for_json: bool, sink: BinaryIO
) -> None:
    """Print what an operation returned; nothing for None.

    json: print JSON rather than text. asked_for_json: by the caller, not only because standard
    output is no terminal; only then a document becomes JSON.
    """
    if result is None:
        return
    if isinstance(result, Document):
        if asked_for_json and result.facts is not None:
            sink.write(_encoded(result.facts) + b"\n")
            return
        for chunk in result.chunks:
            sink.write(chunk)
        return
    if json:
        for item in result if isinstance(result, Iterator) else (result,):
            sink.write(_encoded(item) + b"\n")
            sink.flush()
        return
    print_lines(_text_of(operation)(result, Paint(sys.stdout)), sink)


def print_lines(lines: Iterable[str], sink: BinaryIO) -> None:
    """Print lines of text as UTF-8, each at once."""
    for line in lines:
        sink.write(line.encode("utf-8", "backslashreplace") + b"\n")
        sink.flush()


def silence() -> None:
    """Let nothing more be written to standard output: whoever read it has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _encoded(item: Any) -> bytes:
    import msgspec

    plain = item.to_json() if hasattr(item, "to_json") else item
    return msgspec.json.encode(plain)


def _text_of(operation: Operation) -> Callable[[Any, Paint], Iterator[str]]:
    """Find the words for an operation's result: `cli.text` has a function of the same name.

    Those of other packages have none there, and are shown as they are.
    """
    module, _, name = operation.target.removeprefix("counterfoil.ops.").partition(":")
    if not operation.target.startswith("counterfoil.ops."):
        module, name = "anything", "show"
    found: Callable[[Any, Paint], Iterator[str]] = getattr(
        import_module(f"counterfoil.cli.text.{module}"), name
    )
    return found
