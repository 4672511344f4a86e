"""Walk through an XML list element by element, without the tricks that XML allows.

defusedxml refuses entities and what is outside of the file; an element is forgotten once it was
read, so that a list of any length takes little memory. This module refuses namespaces of its own:
elements are found by their local names.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from counterfoil.apps.finance.names.lists.opened import open_list_file, wrong

__all__ = ["elements", "first", "texts"]


def elements(path: Path, names: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield the elements of some local names, each whole, in the order in which they end.

    Raises InputError with code names.list-form, and as `open_list_file`.
    """
    with open_list_file(path) as stream:
        try:
            above: list[Any] = []
            for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    above.append(element)
                    continue
                above.pop()
                local = element.tag.rpartition("}")[2]
                if local in names:
                    yield local, element
                    if above:
                        above[-1].remove(element)
        except (ParseError, DefusedXmlException, ValueError, LookupError) as err:
            raise wrong(path.name, f"XML without entities, but: {type(err).__name__}") from err


def first(element: Any, name: str) -> str:
    """Get the text of an element's own child of a local name; empty where there is none."""
    found = element.find(f"{{*}}{name}")
    return "" if found is None else " ".join((found.text or "").split())


def texts(element: Any, name: str) -> list[str]:
    """List the texts below an element of a local name, or of a path of two, that are not empty."""
    path = "/".join(f"{{*}}{part}" for part in name.split("/"))
    found = (" ".join((one.text or "").split()) for one in element.iterfind(f".//{path}"))
    return [text for text in found if text]
