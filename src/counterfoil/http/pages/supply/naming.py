"""What a thing is called on pages, and the address of its own.

A thing's address is a GS1 Digital Link below this node's path, so that a code that is scanned is
most of the address. This module refuses to look anything up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from counterfoil.apps.supply.events.dossier import parts_of_name
from counterfoil.apps.supply.events.identifiers import DOMAIN
from counterfoil.apps.supply.events.places import called_of
from counterfoil.http.pages.addresses import changed

__all__ = ["PATH", "Naming", "address", "thing_of", "words_of"]

PATH: Final = "/apps/supply"
"""The app's first page."""

_FORMS: Final = (".json", ".csv", ".arrow")


def address(name: str, room: str = "things", **query: Any) -> str:
    """Give the address of a thing's page. name: canonical. room: things, places or recall."""
    rest = name.removeprefix(f"{DOMAIN}/")
    odd = rest.endswith(_FORMS) or any(part in ("", ".", "..") for part in rest.split("/"))
    if odd:  # a browser, or the ending of a form, would make another address of it
        return changed(f"{PATH}/{room}", {}, thing=name, **query)
    return changed(f"{PATH}/{room}/{quote(rest, safe='/:')}", {}, **query)


def thing_of(rest: str) -> str:
    """Turn what stands in a page's path into a thing's name."""
    return rest if ":" in rest.partition("/")[0] else f"{DOMAIN}/{rest}"


def words_of(name: str) -> str:
    """Say in a few words what a name names.

    >>> words_of("https://id.gs1.org/01/04012345222227/10/MILK")
    'lot MILK of 04012345222227'
    """
    parts = parts_of_name(name)
    if not parts:
        return name
    (kind, value), *finer = parts
    if finer:
        return f"{finer[0][0].removesuffix(' number')} {finer[0][1]} of {value}"
    return f"{kind} {value}"


class Naming:
    """Names things for pages. called: canonical name -> what people call it, where known."""

    def __init__(self, called: Mapping[str, str]) -> None:
        self._called = called

    def words(self, name: str) -> str:
        """Say in a few words what a name names: itself, or of a product that has a name."""
        return called_of(self._called, name) or words_of(name)

    def place(self, name: str) -> dict[str, str]:
        """Give a place or party for a list: its name, words and address."""
        return {
            "name": name,
            "words": self.words(name),
            "href": address(name, "places") if name else "",
        }

    def __call__(self, name: str) -> dict[str, str]:
        """Give a thing for a list: its name, words and address."""
        return {"name": name, "words": self.words(name), "href": address(name) if name else ""}
