"""The hash that names an event: the same from JSON and XML, whoever computes it.

What an event says is written as one text in a fixed order (the pre-hash string) and hashed. Where
the last release of GS1's reference (epcis_event_hash_generator 1.9.3) and the expected values that
came with it agree, this module agrees with them byte by byte. So does the order, though the table
in the text has another: there `epcList` is before `parentID`, `certificationInfo` is left out, and
business transactions, sources and destinations are before the sensors; here they are sorted in
among ILMD and extensions, behind the sensors. docs/guides/supply-events.md says why. So do
its turns: extensions stand in the element that they extend only where their namespace ends with a
slash, else behind everything; numbers are doubles; compact URIs are expanded where their prefix is
declared. Where the reference gives one event two hashes, the text decides: truth values are written
as XML has them, `xsi:type` is no content, and the prefix of GS1's master data needs no declaration.
Source: GS1 CBV 2.0, "EPCIS Event Hash ID", rules 1 to 24; RFC 6920.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.vocabulary import PREFIXES, in_full

__all__ = ["digest_of_name", "event_hash", "event_key", "event_name", "instant_ms", "prehash"]

_QUANTITY: Final = ("epcClass", "quantity", "uom")
_ORDER: Final = (
    "eventTime", "eventTimeZoneOffset", "certificationInfo", "parentID", "epcList",
    "inputEPCList", "childEPCs", "quantityList", "childQuantityList", "inputQuantityList",
    "outputEPCList", "outputQuantityList", "action", "transformationID", "bizStep", "disposition",
    "persistentDisposition", "readPoint", "bizLocation", "sensorElementList",
)  # fmt: skip
_LISTS_OF_EPCS: Final = frozenset({"epcList", "inputEPCList", "childEPCs", "outputEPCList"})
_PAIRS: Final = {
    "bizTransactionList": "bizTransaction",
    "destinationList": "destination",
    "sourceList": "source",
}
_METADATA: Final = (
    "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData",
    "dataProcessingMethod", "bizRules",
)  # fmt: skip
_REPORT: Final = (
    "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time",
    "microorganism", "chemicalSubstance", "value", "component", "stringValue", "booleanValue",
    "hexBinaryValue", "uriValue", "minValue", "maxValue", "meanValue", "sDev", "percRank",
    "percValue", "uom", "coordinateReferenceSystem",
)  # fmt: skip
_IGNORED: Final = frozenset({"recordTime", "eventID", "type", "errorDeclaration", "@context"})
_COMMENTS: Final = frozenset({"rdfs:comment", "comment"})
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_LAST_MS: Final = 253_402_300_799_999  # the end of the year 9999
_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE
)


def event_name(event: Event) -> str:
    """Name an event by its hash: `ni:///sha-256;<64 hexadecimal digits>?ver=CBV2.0` (RFC 6920)."""
    return f"ni:///sha-256;{event_hash(event)}?ver=CBV2.0"


def event_hash(event: Event) -> str:
    """Hash what an event says: 64 hexadecimal digits of SHA-256 over `prehash`."""
    return _digest(_Writer(event.namespaces).event(event))


def event_key(event: Event) -> tuple[str, str]:
    """Hash an event, and tell it apart from others of the same hash.

    The hash rounds numbers of more than 15 digits, as the reference does, so that two events may
    have one. Gives the hash, and what is another for these: a digest of both forms.
    """
    writer = _Writer(event.namespaces)
    digest = _digest(writer.event(event))
    if not writer.rounded:
        return digest, digest
    exact = _digest(_Writer(event.namespaces, exact=True).event(event))
    return digest, sha256(f"{digest}{exact}".encode()).hexdigest()


def _digest(parts: Iterable[str]) -> str:
    return sha256("".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def digest_of_name(name: str) -> str | None:
    """Take the digest out of an event's name; None where it is another kind of id."""
    found = re.fullmatch(r"ni:///sha-256;([0-9a-f]{64})(?:\?ver=CBV[0-9.]+)?", name)
    return None if found is None else found[1]


def prehash(event: Event) -> Iterator[str]:
    """Write what an event says in the order of the reference: texts that are hashed together.

    Times are UTC with milliseconds, numbers plain, vocabulary in full, GS1 keys canonical; lists
    are sorted by code points.
    """
    return _Writer(event.namespaces).event(event)


def instant_ms(text: str) -> int | None:
    """Read a time with its offset from UTC as Unix ms, half milliseconds up; None for other text.

    Source: ISO 8601; CBV 2.0, event hash, rules 8 and 9.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    zone = "+00:00" if zone in "Zz" else zone
    try:
        whole = datetime.fromisoformat(f"{day}T{clock}{zone}")
        thousandths = int(Decimal(f"0.{fraction or 0}") * 1000 + Decimal("0.5"))
        since = whole.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    found_ms = since // timedelta(milliseconds=1) + thousandths
    return found_ms if found_ms <= _LAST_MS else None


class _Writer:
    """Writes one event. namespaces: of its document. exact: numbers keep all their digits.

    rounded: whether a number lost some.
    """

    def __init__(self, namespaces: Mapping[str, str], *, exact: bool = False) -> None:
        self._namespaces, self._exact, self.rounded = namespaces, exact, False
        self._behind: list[str] = []

    def event(self, event: Event) -> Iterator[str]:
        """Write it, in the order of the reference."""
        body = event.body
        yield f"eventType={self.word('type', str(body.get('type', '')))}"
        for name in _ORDER:
            if body.get(name) is not None:
                yield from self.standard(name, body[name])
        rest = [key for key in body if key not in _ORDER and key not in _IGNORED | _COMMENTS]
        parts = [part for key in rest for part in self.trailing(key, body[key])]
        yield from sorted([*parts, *self._behind])

    def word(self, field: str, value: Any) -> str:
        """Write one value. field: the element that holds it."""
        if isinstance(value, bool):
            return "true" if value else "false"
        text = str(value).strip()
        local = field.rpartition(":")[2].rpartition("}")[2].lower()
        if "time" in local and "offset" not in local and not field.startswith("{"):
            at = instant_ms(text)
            return text if at is None else _utc(at)
        full = in_full(field, text, self._namespaces, declared=True)
        return self._number(full) if _NUMBER.fullmatch(full) else canonical(full)

    def _number(self, text: str) -> str:
        """Write a number as the reference does: a double, so that some digits may be lost."""
        plain = _plain(text)
        number = float(text)
        if self._exact or abs(number) == float("inf"):
            return plain
        written = str(int(number)) if number == int(number) else str(number)
        self.rounded = self.rounded or Decimal(written) != Decimal(plain)
        return written

    def standard(self, name: str, value: Any) -> list[str]:
        """Write a field that has a place of its own in the order."""
        if name in _LISTS_OF_EPCS:
            return self._list(name, (self._one("epc", epc) for epc in _many(value)))
        if name.endswith("uantityList"):
            return self._list(name, (self._quantity(one) for one in _many(value)))
        if name == "sensorElementList":
            return self._sensors(name, value)
        if name == "persistentDisposition":
            found = [
                "".join(sorted(self._one(key, one) for one in _many(value[key])))
                for key in ("set", "unset")
                if isinstance(value, dict) and value.get(key)
            ]
            return self._list(name, found, sort=False)
        if isinstance(value, dict):
            text, behind = self._fields(value, ("id",))
            self._behind += [name + behind] if behind else []
            return self._list(name, [text])
        return sorted(self._one(name, one) for one in _many(value))

    def trailing(self, key: str, value: Any) -> list[str]:
        """Write a field that the reference puts behind the others."""
        if key in _PAIRS:
            pairs = sorted(self._pair(_PAIRS[key], one) for one in _many(value))
            return [key + "".join(pairs)] if pairs else []
        if key == "ilmd":
            return ["ilmd" + self._extensions(value)] if value else []
        return self._extension(key, value)

    def _pair(self, name: str, value: Any) -> str:
        if not isinstance(value, dict):
            return self._extensions(value)
        kind = value.get("type")
        first = "" if kind is None else f"type={self.word(f'{name} type', kind)}"
        others = {key: one for key, one in value.items() if key not in ("type", name)}
        return first + self._one(name, value.get(name, "")) + self._extensions(others)

    def _quantity(self, value: Any) -> str:
        return "quantityElement" + "".join(self._fields(value, _QUANTITY))

    def _sensors(self, name: str, value: Any) -> list[str]:
        found = [self._sensor(one) for one in _many(value)]
        behind = sorted(f"sensorElement{rest}" for _, rest in found if rest)
        self._behind += [name + "".join(behind)] if behind else []
        return self._list(name, (f"sensorElement{text}" for text, _ in found if text))

    def _sensor(self, value: Any) -> tuple[str, str]:
        """Write an element of sensors, and what of it stands behind everything else."""
        if not isinstance(value, dict):
            return self._extensions(value), ""
        parts: dict[str, list[str]] = {}
        behind: list[str] = []
        for key, order, of in (("sensorMetadata", _METADATA, ""),
                               ("sensorReport", _REPORT, "sensorReport ")):  # fmt: skip
            for one in _many(value.get(key) or []):
                text, rest = self._fields(one, order, of)
                parts.setdefault(key, []).extend([key + text] if text else [])
                behind += [key + rest] if rest else []
        text, rest = self._ordered(value, parts)
        return text, "".join(sorted([*behind, rest])) if behind else rest

    def _fields(self, value: Any, order: tuple[str, ...], of: str = "") -> tuple[str, str]:
        """Write fields in an order, and what of them stands behind everything else."""
        if not isinstance(value, dict):
            return self._extensions(value), ""
        parts = {
            key: [
                f"{key}={self.word(f'{of}{key}' if key == 'type' else key, one)}"
                for one in _many(value[key])
            ]
            for key in order
            if value.get(key) is not None
        }
        return self._ordered(value, parts)

    def _ordered(self, value: dict[str, Any], parts: Mapping[str, list[str]]) -> tuple[str, str]:
        """Put fields in their order, what is somebody's own after them or behind everything else.

        parts: the fields that have a place. The reference keeps what is somebody's own in its
        element only where its namespace ends with a slash, and the element holds more than that.
        """
        others = {key: one for key, one in value.items()
                  if key not in parts and key not in _COMMENTS and one is not None}  # fmt: skip
        names = {key: self._named(key) for key in (*parts, *others)}
        many = sum(1 for key in names for _ in _many(value[key])) > 1
        odd = any("eventTime" in one or "action" in one for one in names.values())
        here = {key: one for key, one in others.items() if "/}" in names[key] and many and not odd}
        behind = {key: one for key, one in others.items() if key not in here}
        text = "".join(one for key in parts for one in sorted(parts[key]))
        return text + self._extensions(here), self._extensions(behind)

    def _list(self, name: str, parts: Iterable[str], *, sort: bool = True) -> list[str]:
        found = sorted(parts) if sort else list(parts)
        return [name + "".join(found)] if any(found) else []

    def _one(self, name: str, value: Any) -> str:
        text = self.word(name, value)
        return f"{name}={text}" if text else ""

    def _extensions(self, value: Any) -> str:
        if not isinstance(value, dict):
            return f"={self.word('{}', value)}"
        kept = [key for key in value if key not in _COMMENTS and key != "#text"]
        text = f"={self.word('{}', value['#text'])}" if value.get("#text") else ""
        return text + "".join(sorted(p for key in kept for p in self._extension(key, value[key])))

    def _extension(self, key: str, value: Any) -> list[str]:
        """Write an element of somebody's own: one text for each value."""
        name = self._named(key)
        return [
            name + self._extensions(one) for one in _many(value) if one is not None and one != ""
        ]

    def _named(self, key: str) -> str:
        prefix, colon, local = key.partition(":")
        uri = self._namespaces.get(prefix) or PREFIXES.get(prefix)
        if not colon or uri is None:
            return key
        return f"{{{'urn:epcglobal:cbv:mda' if uri == PREFIXES['cbvmda'] else uri}}}{local}"


def _many(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else (value,)


def _utc(at_ms: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _plain(text: str) -> str:
    """Write a number without exponent, leading or trailing zeros."""
    number = Decimal(text)
    if number == 0:
        return "0"
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
