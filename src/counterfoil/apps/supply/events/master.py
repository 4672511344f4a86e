"""Master data: what a document says of places, products and parties beside its events.

Events name things by numbers. Master data says in attributes what they are called and where they
are; each element of a vocabulary is one saying about one thing. Attributes stay as they were said,
as text. This module refuses an element without a name of its own, and looks nothing up.
Source: GS1 EPCIS 2.0, 6.1.4 and 9.4; CBV 2.0, master data attributes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.vocabulary import PREFIXES, expand
from counterfoil.errors import InputError

__all__ = ["ELEMENTS_MAX", "EPC_CLASS", "LOCATION", "MDA", "PARTY", "Master", "masters_of"]

ELEMENTS_MAX: Final = 10_000
"""Most elements of a document's master data."""

MDA: Final = "urn:epcglobal:cbv:mda#"
"""Begins the attributes of CBV, such as `name`."""

LOCATION: Final = "urn:epcglobal:epcis:vtype:Location"
PARTY: Final = "urn:epcglobal:epcis:vtype:Party"
EPC_CLASS: Final = "urn:epcglobal:epcis:vtype:EPCClass"

_CBV: Final = ("urn:epcglobal:cbv:mda#", "urn:epcglobal:cbv:mda:")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
_URI_MAX: Final = 512
_TEXT_MAX: Final = 8192
_ATTRIBUTES_MAX: Final = 128
_CHILDREN_MAX: Final = 500
_CHARS_MAX: Final = 30_000
_NAME_MAX: Final = 200
_NAMES: Final = (
    "name", "sitename", "locationname", "organizationname", "partyname", "descriptionshort",
    "regulatedproductname", "productname", "functionalname", "productdescription", "description",
)  # fmt: skip
"""Last words of attributes that say what people call a thing, the first that is there counts."""


@dataclass(frozen=True, slots=True)
class Master:
    """What is said of a thing.

    thing: its canonical name. vocabulary: URI of the kind of vocabulary that it stands in.
    attributes: URI -> text; what was no text is its JSON. children: canonical names of its parts.
    """

    thing: str
    vocabulary: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """What people call it; empty where nobody says."""
        said = self._said()
        return next((name for one in _NAMES if (name := _words(said.get(one, "")))), "")

    @property
    def at(self) -> tuple[float, float] | None:
        """Where it is, (latitude, longitude), degrees; None where no place on Earth is said."""
        said = self._said()
        try:
            north, east = float(said["latitude"]), float(said["longitude"])
        except (KeyError, ValueError):
            return None
        return (north, east) if abs(north) <= 90 and abs(east) <= 180 else None

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, 64 hexadecimal digits."""
        whole = [self.thing, self.vocabulary, sorted(self.attributes.items()), self.children]
        return sha256(json.dumps(whole).encode()).hexdigest()

    def _said(self) -> dict[str, str]:
        """Attributes by their last word; those of CBV before those of anybody else."""
        found: dict[str, str] = {}
        for key in sorted(self.attributes, key=lambda one: (not one.startswith(_CBV), one)):
            found.setdefault(re.split("[#:/]", key)[-1].casefold(), self.attributes[key])
        return found


def masters_of(vocabularies: Any, namespaces: Mapping[str, str]) -> tuple[Master, ...]:
    """Read a list of vocabularies in its JSON form; None is an empty one.

    namespaces: prefix -> URI, as the document declares them. Raises InputError with code
    epcis.master, naming the element.
    """
    found: list[Master] = []
    namespaces = {**PREFIXES, **namespaces}
    for vocabulary in _objects(vocabularies, "vocabularyList"):
        kind = expand(_text(vocabulary.get("type")), namespaces)
        elements = vocabulary.get("vocabularyElementList")
        for element in _objects(elements, "vocabularyElementList"):
            if len(found) >= ELEMENTS_MAX:
                raise _wrong(len(found), f"more than {ELEMENTS_MAX}")
            found.append(_checked(_master(len(found), element, kind, namespaces), len(found)))
    return tuple(found)


def _master(
    at: int, element: Mapping[str, Any], kind: str, namespaces: Mapping[str, str]
) -> Master:
    attributes: dict[str, list[Any]] = {}
    for one in _objects(element.get("attributes"), "attributes"):
        value = one.get("attribute")
        if value not in (None, ""):
            attributes.setdefault(expand(_text(one.get("id")), namespaces), []).append(value)
    children = element.get("children") or []
    if not isinstance(children, list):
        raise _wrong(at, f"{str(children)[:40]!a} as children")
    return Master(
        canonical(expand(_text(element.get("id")), namespaces)),
        kind,
        {key: _as_text(values[0] if len(values) == 1 else values) for key, values in
         attributes.items()},
        tuple(canonical(expand(_text(one), namespaces)) for one in children),
    )  # fmt: skip


def _checked(one: Master, at: int) -> Master:
    """Refuse what does not fit a statement."""
    for uri in (one.thing, one.vocabulary, *one.attributes, *one.children):
        if len(uri) > _URI_MAX or _URI.fullmatch(uri) is None:
            raise _wrong(at, f"{uri[:80]!a} where a URI was expected")
    if len(one.attributes) > _ATTRIBUTES_MAX or len(one.children) > _CHILDREN_MAX:
        raise _wrong(at, f"{len(one.attributes)} attributes and {len(one.children)} children")
    longest = max(map(len, one.attributes.values()), default=0)
    total = len(json.dumps([one.attributes, one.children]))
    if longest > _TEXT_MAX or total > _CHARS_MAX:
        raise _wrong(at, f"{total} characters, {longest} of one attribute")
    return one


def _wrong(at: int, what: str) -> InputError:
    return InputError(
        "epcis.master",
        f"expected master data that can be recorded, found {what} in element {at}",
        hint=f"At most {ELEMENTS_MAX} elements, each with a URI, {_ATTRIBUTES_MAX} attributes and "
        f"{_CHARS_MAX} characters.",
    )


def _objects(found: Any, name: str) -> Iterator[Mapping[str, Any]]:
    listed = () if found is None else found
    if not isinstance(listed, list | tuple) or not all(isinstance(one, dict) for one in listed):
        raise InputError(
            "epcis.master",
            f"expected a list of objects as {name}, found another",
            hint="Master data is in epcisHeader.epcisMasterData.vocabularyList.",
        )
    return iter(listed)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _words(text: str) -> str:
    """Take words for people out of an attribute; of several, as of languages, the first."""
    if text[:1] in "[{":
        with suppress(ValueError, RecursionError):
            text = next(iter(_leaves(json.loads(text))), "")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_NAME_MAX]


def _leaves(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, dict):
        yield from _leaves(next((value[key] for key in ("@value", "value", "#text")
                                 if key in value), ""))  # fmt: skip
