"""Read EPCIS XML documents into the JSON form of their events.

Both bindings say the same; what is somebody's own keeps its namespace, and `extension` wrappers of
older versions are opened. Entities and what is outside of the document are refused (defusedxml).
Source: GS1 EPCIS 2.0, 9.5; EPCglobal-epcis-2_0.xsd.
"""

from __future__ import annotations

import io
from itertools import count
from typing import Any, Final

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.master import masters_of
from counterfoil.apps.supply.events.reading import IGNORED, Document, require_count
from counterfoil.apps.supply.events.vocabulary import SPOKEN, VOCABULARIES, bare
from counterfoil.errors import InputError
from counterfoil.extras import need

__all__ = ["read_xml"]

_DEPTH_MAX: Final = 60
_ELEMENTS_MAX: Final = 1_000_000
_NAMESPACES_MAX: Final = 1_000
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_NOT_OURS: Final = (
    "http://www.w3.org/2001/XMLSchema",
    "http://www.w3.org/2001/XMLSchema-instance",
    "urn:epcglobal:epcis:xsd:2",
    "urn:epcglobal:epcis:xsd:1",
    "urn:epcglobal:epcis-query:xsd:2",
    "urn:epcglobal:epcis-query:xsd:1",
)
_WRAPPERS: Final = frozenset({"extension", "baseExtension"})
_EPCS: Final = frozenset({"epcList", "inputEPCList", "outputEPCList", "childEPCs"})
_QUANTITIES: Final = frozenset(
    {"quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"}
)
_PAIRS: Final = {
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
}
_NUMBERS: Final = frozenset(
    ["quantity", "value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"]
)


def read_xml(data: bytes) -> Document:
    """Read an XML document. Raises InputError with code epcis.xml, epcis.document, epcis.size."""
    root, prefixes = _parse(data)
    listed = [one for one in root.iter() if _local(one.tag) == "EventList"]
    vocabularies = [one for one in root.iter() if one.tag == "VocabularyList"]
    if not listed and not vocabularies:
        raise InputError(
            "epcis.document",
            "expected an EPCIS document with events or master data, found "
            f"{_local(root.tag)[:60]!a}",
            hint="Capture jobs have none.",
        )
    require_count(sum(map(len, listed)))
    reader = _Reader(prefixes, _ignored(root))
    events = [reader.event(element) for part in listed for element in part]
    header = {
        "type": _local(root.tag),
        **{key: root.get(key) for key in ("schemaVersion", "creationDate") if root.get(key)},
    }
    said = [reader.vocabulary(one) for part in vocabularies for one in part]
    return Document(header, tuple(events), masters_of(said, reader.namespaces))


def _parse(data: bytes) -> tuple[Any, dict[str, str]]:
    """Parse, and collect the namespaces with their prefixes: URI -> prefix."""
    parser = need("defusedxml.ElementTree", "supply")
    refused = need("defusedxml", "supply").DefusedXmlException
    wrong = (refused, parser.ParseError, ValueError, LookupError)  # the last: an unknown encoding
    prefixes: dict[str, str] = {}
    begun: set[str] = set()
    root: Any = None
    depth = elements = 0
    try:
        events = ("start-ns", "start", "end")
        for kind, found in parser.iterparse(io.BytesIO(data), events):
            if kind == "start-ns":
                prefix, uri = found
                if uri not in prefixes and uri not in _NOT_OURS:
                    prefixes[uri] = _free(prefix, prefixes)
            elif kind == "start":
                root = found if root is None else root
                depth, elements = depth + 1, elements + 1
                if elements > _ELEMENTS_MAX:
                    raise ValueError(f"it has more than {_ELEMENTS_MAX} elements")
                if depth > _DEPTH_MAX:
                    raise ValueError(f"elements are nested more than {_DEPTH_MAX} deep")
                begun.update(one.partition(":")[0] for one in found.attrib.values() if ":" in one)
            else:
                depth -= 1
                if ":" in (found.text or ""):
                    begun.add(found.text.strip().partition(":")[0])
    except wrong as err:
        raise InputError(
            "epcis.xml",
            f"expected an XML document, but: {str(err)[:200]}",
            hint="Entities and external files are refused.",
        ) from err
    return root, _told_apart(prefixes, begun)


def _told_apart(prefixes: dict[str, str], begun: set[str]) -> dict[str, str]:
    """Give a namespace another prefix where a value begins with its own.

    In XML a prefix names elements and attributes; it does not reach values, as it would in JSON-LD:
    these are URIs as they stand. Only GS1's own are compact, whatever the document declares.
    """
    found: dict[str, str] = {}
    for uri, prefix in prefixes.items():
        taken = prefix in begun and SPOKEN.get(prefix) != uri
        found[uri] = prefix if not taken else _free("", {**prefixes, **found})
    return found


def _free(prefix: str, prefixes: dict[str, str]) -> str:
    """Find a prefix that names no other namespace of the document: its own where it can be."""
    if len(prefixes) >= _NAMESPACES_MAX:
        raise ValueError(f"it has more than {_NAMESPACES_MAX} namespaces")
    taken = set(prefixes.values())
    if prefix and prefix not in taken:
        return prefix
    return next(name for n in count(1) if (name := f"ns{n}") not in taken)


def _ignored(root: Any) -> frozenset[str]:
    """Tell which fields of events a document says are a repository's own, by their tags."""
    named = (one for one in root if one.tag[:1] == "{" and _local(one.tag) == IGNORED)
    return frozenset(one.tag for part in named for one in part if one.tag[:1] == "{")


class _Reader:
    """Reads the events of one document. prefixes: URI -> prefix. ignored: tags left out."""

    def __init__(self, prefixes: dict[str, str], ignored: frozenset[str]) -> None:
        self._prefixes, self._ignored = prefixes, ignored
        self.namespaces = {prefix: uri for uri, prefix in prefixes.items()}
        self._spoken: dict[str, str] = {}

    def event(self, element: Any) -> Event:
        """Read one event."""
        body: dict[str, Any] = {"type": self._key(element.tag)}
        self._spoken = {}
        self._fields(element, body)
        return Event(body, {**self.namespaces, **self._spoken}, from_xml=True)

    def vocabulary(self, element: Any) -> dict[str, Any]:
        """Read a vocabulary of master data into its JSON form."""
        found = [one for one in element.iter() if one.tag == "VocabularyElement"]
        return {"type": element.get("type"), "vocabularyElementList": [
            {
                "id": one.get("id"),
                "attributes": [
                    {"id": child.get("id"), "attribute": self._mixed(child) or _text(child)}
                    for child in one if child.tag == "attribute"
                ],
                "children": [_text(child) for child in one.iterfind("children/id")],
            }
            for one in found
        ]}  # fmt: skip

    def _fields(self, element: Any, body: dict[str, Any]) -> None:
        for child in element:
            if child.tag in self._ignored:
                continue
            name = self._key(child.tag)
            if name in _WRAPPERS and ":" not in name:
                self._fields(child, body)
            elif ":" in name:
                _add(body, name, self._own(child))
            else:
                found = self._standard(name, child)
                if name == "certificationInfo" and name in body:
                    _add(body, name, found)
                elif found not in ("", [], {}):
                    body[name] = found

    def _standard(self, name: str, element: Any) -> Any:
        if name in _EPCS:
            return [_text(one) for one in element]
        if name in _QUANTITIES:
            return [self._flat(one, {}) for one in element]
        if name in _PAIRS:
            return [self._pair(_PAIRS[name], one) for one in element]
        if name == "sensorElementList":
            return [self._sensor(one) for one in element]
        if name == "ilmd":
            return self._mixed(element)
        if name == "persistentDisposition":
            found: dict[str, Any] = {}
            for one in element:
                key = self._key(one.tag)
                found.setdefault(key, []).append(self._word(key, _text(one)))
            return found
        if name == "errorDeclaration":
            return self._declaration(element)
        if name in ("readPoint", "bizLocation"):
            return self._flat(element, {})
        return self._word(name, _text(element)) if name in VOCABULARIES else _text(element)

    def _pair(self, name: str, element: Any) -> dict[str, Any]:
        kind = element.get("type")
        first = {} if kind is None else {"type": self._word(f"{name} type", kind)}
        return {**first, name: _text(element)}

    def _sensor(self, element: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in element:
            name = self._key(child.tag)
            if name == "sensorMetadata":
                found[name] = self._attributes(child, "")
            elif name == "sensorReport":
                found.setdefault(name, []).append(self._attributes(child, "sensorReport "))
            elif name in _WRAPPERS:
                found.update(self._mixed(child))
            else:
                _add(found, name, self._own(child))
        return found

    def _attributes(self, element: Any, of: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for tag, text in element.items():
            name = self._key(tag)
            field = f"{of}{name}" if name == "type" else name
            if name in _NUMBERS:
                found[name] = _number(text)
            elif name == "booleanValue":
                found[name] = text.strip() in ("true", "1")
            else:
                found[name] = self._word(field, text.strip()) if field in VOCABULARIES else text
        for child in element:
            _add(found, self._key(child.tag), self._own(child))
        return found

    def _declaration(self, element: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in element:
            name = self._key(child.tag)
            if name == "correctiveEventIDs":
                found[name] = [_text(one) for one in child]
            elif name in _WRAPPERS:
                found.update(self._mixed(child))
            elif ":" in name:
                _add(found, name, self._own(child))
            else:
                found[name] = self._word(name, _text(child)) if name == "reason" else _text(child)
        return found

    def _flat(self, element: Any, found: dict[str, Any]) -> dict[str, Any]:
        """Read an element whose children are single values, and perhaps somebody's own."""
        for child in element:
            name = self._key(child.tag)
            if name in _WRAPPERS:
                self._flat(child, found)
            elif ":" in name:
                _add(found, name, self._own(child))
            else:
                found[name] = _number(_text(child)) if name in _NUMBERS else _text(child)
        return found

    def _own(self, element: Any) -> Any:
        """Read an element of somebody's own; `xsi:` attributes say nothing of its content."""
        found = self._mixed(element)
        attributes = {
            self._key(tag): text for tag, text in element.items() if not tag.startswith(_XSI)
        }
        text = _text(element)
        if not found and not attributes:
            return text
        return {**attributes, **({"#text": text} if text and not found else {}), **found}

    def _mixed(self, element: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in element:
            name = self._key(child.tag)
            if name in _WRAPPERS:
                for key, value in self._mixed(child).items():
                    _add(found, key, value)
            else:
                _add(found, name, self._own(child))
        return found

    def _word(self, field: str, text: str) -> str:
        word = bare(field, text, {**self.namespaces, **SPOKEN})
        prefix = word.partition(":")[0]
        if word != prefix and prefix in SPOKEN:  # it stays compact, and is said to be so
            self._spoken[prefix] = SPOKEN[prefix]
        return word

    def _key(self, tag: str) -> str:
        if not tag.startswith("{"):
            return tag
        uri, _, local = tag[1:].partition("}")
        prefix = self._prefixes.get(uri)
        return local if prefix is None else f"{prefix}:{local}"


def _add(found: dict[str, Any], name: str, value: Any) -> None:
    """Add a value; what comes again becomes a list."""
    if name not in found:
        found[name] = value
    elif isinstance(found[name], list):
        found[name].append(value)
    else:
        found[name] = [found[name], value]


def _text(element: Any) -> str:
    return (element.text or "").strip()


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _number(text: str) -> Any:
    """Read a number as JSON has it; other text stays, and is refused later."""
    try:
        number = float(text)
    except ValueError:
        return text
    whole = number.is_integer() and abs(number) < 2**53
    return int(number) if whole else number
