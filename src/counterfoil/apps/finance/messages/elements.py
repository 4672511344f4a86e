"""Read XML into plain elements, within limits: size, depth, number, and no document type.

Messages come from strangers. A document type, an entity of its own or an external reference is
refused before anything is expanded (defusedxml); what is nested or split up beyond any message is
refused while it is read. This module refuses to know what a message is.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.extras import need

__all__ = ["MESSAGE_MAX_BYTES", "Element", "read_xml"]

MESSAGE_MAX_BYTES: Final = 32 << 20
"""Largest message, bytes."""

_DEPTH_MAX: Final = 40
_ELEMENTS_MAX: Final = 500_000
_ATTRIBUTES_MAX: Final = 16
_TEXT_MAX: Final = 100_000


@dataclass(slots=True)
class Element:
    """An element: its namespace, local name, attributes, children in order, and text.

    text: of an element without children, as it stands; of others nothing.
    """

    namespace: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def child(self, name: str) -> Element | None:
        """Give the first child of a name."""
        return next((one for one in self.children if one.name == name), None)

    def all(self, name: str) -> Iterator[Element]:
        """Give the children of a name."""
        return (one for one in self.children if one.name == name)

    def at(self, *path: str) -> str:
        """Give the text at a path of names, without white space around; empty where it is not."""
        found: Element | None = self
        for name in path:
            found = None if found is None else found.child(name)
        return "" if found is None else found.text.strip()


def read_xml(data: bytes) -> Element:
    """Read a document's root element.

    Raises InputError with code message.xml for what is not well formed or has a document type, and
    message.limit for what is too large, deep or many.
    """
    if len(data) > MESSAGE_MAX_BYTES:
        raise _limit(f"a message of at most {MESSAGE_MAX_BYTES:,} bytes", f"{len(data):,}")
    parser = need("defusedxml.ElementTree", "finance")
    wrong = (need("defusedxml", "finance").DefusedXmlException, parser.ParseError)
    try:
        return _read(parser.iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True))
    except wrong as err:
        raise _unfit(str(err)) from err
    except (ValueError, LookupError) as err:  # an encoding that is none, or unknown
        raise _unfit(str(err)) from err


def _read(events: Any) -> Element:
    open_: list[Element] = []
    root: Element | None = None
    count = 0
    for event, node in events:
        if event == "start":
            count += 1
            if len(open_) >= _DEPTH_MAX or count > _ELEMENTS_MAX:
                raise _limit(
                    f"at most {_ELEMENTS_MAX:,} elements, {_DEPTH_MAX} deep", "more of either"
                )
            if len(node.attrib) > _ATTRIBUTES_MAX:
                raise _limit(f"at most {_ATTRIBUTES_MAX} attributes", str(len(node.attrib)))
            made = Element(*_name(node.tag), dict(node.attrib))
            if open_:
                open_[-1].children.append(made)
            open_.append(made)
            continue
        done = open_.pop()
        _take_text(done, node)
        if not open_:
            root = done  # what follows must still be read: another root is no XML
        del node[:]  # not its tail, which may have been read already and is its parent's text
    if root is None:  # pragma: no cover - the parser says so itself
        raise _unfit("no element found")
    return root


def _take_text(done: Element, node: Any) -> None:
    """Keep the text of a leaf; beside children only white space may stand."""
    texts = [node.text or "", *(one.tail or "" for one in node)]
    if sum(map(len, texts)) > _TEXT_MAX:
        raise _limit(f"text of at most {_TEXT_MAX:,} characters in {done.name[:40]}", "more")
    if not done.children:
        done.text = texts[0]
    elif any(text.strip() for text in texts):
        raise _unfit(f"text beside elements in {done.name[:40]}")


def _name(tag: str) -> tuple[str, str]:
    if tag[:1] == "{":
        namespace, _, name = tag[1:].partition("}")
        return namespace, name
    return "", tag


def _unfit(found: str) -> InputError:
    return InputError(
        "message.xml",
        f"expected well-formed XML without a document type, but: {found[:160]}",
        hint="ISO 20022 messages have neither DOCTYPE nor entities of their own.",
    )


def _limit(expected: str, found: str) -> InputError:
    return InputError(
        "message.limit",
        f"expected {expected}, found {found}",
        hint="Split the message: a pacs.008 may hold as few transactions as you like.",
    )
