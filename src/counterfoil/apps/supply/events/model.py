"""What an EPCIS event must be, checked field by field, with errors that say where.

The rules are those of GS1's JSON schema for EPCIS 2.0, written here: the schema is GS1's own and is
not copied. Tests hold both against each other, on every example and on damaged ones. This module
refuses unknown fields without a namespace, and, more than the schema, fields of the standard in an
event of somebody's own type that are not as it has them. It does not judge whether what is said is
true.
Source: GS1 EPCIS 2.0, 7 and 10; EPCIS-JSON-Schema.json of GS1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any, Final

from counterfoil.apps.supply.events.event import TYPES, Event
from counterfoil.apps.supply.events.prehash import instant_ms
from counterfoil.apps.supply.events.vocabulary import VOCABULARIES
from counterfoil.errors import InputError

__all__ = ["check", "problems"]

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~%\u00a0-\U0010ffff]+")
_OFFSET: Final = re.compile(r"[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)")
_UOM: Final = re.compile(r"[A-Z0-9]{2,3}")
_HEX: Final = re.compile(r"[0-9A-Fa-f]+")
_OURS: Final = re.compile(r"(?:urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/).*")
_WEB_OURS: Final = re.compile(r"https?://(?:www\.)?gs1\.org/voc/.*")
_ACTIONS: Final = ("OBSERVE", "ADD", "DELETE")
_TYPELESS: Final = re.compile(r"sensorElementList\[\d+\]\.sensorReport\[\d+\]\.type")
_SHOWN: Final = 80

_Problems = Iterator[tuple[str, str]]
_Check = Callable[[str, Any], _Problems]


def check(event: Event) -> None:
    """Check an event. Raises InputError with code epcis.event, which names the first field."""
    for where, what in problems(event.body, from_xml=event.from_xml):
        raise InputError(
            "epcis.event",
            f"expected {what} at {where}",
            hint="EPCIS 2.0, section 7, lists the fields of each type of event.",
        )


def problems(body: Mapping[str, Any], *, from_xml: bool = False) -> _Problems:
    """List what is wrong with an event: where, and what was expected and came.

    from_xml: a sensor's report may have an exception instead of a type, as in GS1's XML schema.
    """
    for where, what in _problems(body):
        if not (from_xml and _TYPELESS.fullmatch(where) and _excepted(body, where)):
            yield where, what


def _excepted(body: Mapping[str, Any], where: str) -> bool:
    """Tell whether a report without a type says an exception. where: of its type."""
    element, report = (int(one) for one in re.findall(r"\[(\d+)\]", where))
    return "exception" in body["sensorElementList"][element]["sensorReport"][report]


def _problems(body: Mapping[str, Any]) -> _Problems:
    kind = body.get("type")
    if not isinstance(kind, str) or (kind not in TYPES and _URI.fullmatch(kind) is None):
        yield "type", f"one of {', '.join(TYPES)} or a URI, found {_show(kind)}"
        return
    fields = {**_COMMON, **_FIELDS.get(kind, _ANY)}
    for key in ("eventTime", "eventTimeZoneOffset", *_REQUIRED.get(kind, ())):
        if key not in body:
            yield key, "a value, found none"
    for key, value in body.items():
        if key in fields:
            yield from fields[key](key, value)
        elif kind in TYPES and not _is_own(key):
            yield key, f"a field of {kind} or a name with a prefix, found {_show(key)}"
    yield from _whole(kind, body)


def _whole(kind: str, body: Mapping[str, Any]) -> _Problems:
    """Check what must come together."""
    has = {key for key in body if body[key] not in (None, [], {})}
    action = body.get("action")
    if kind in ("ObjectEvent", "TransactionEvent"):
        some = "epcList" in body or "quantityList" in has
        if kind == "ObjectEvent":
            some = some or ("sensorElementList" in has and "readPoint" in has)
        if not some and (kind == "ObjectEvent" or action != "DELETE"):
            yield "epcList", "epcList or quantityList, or sensors with a readPoint, found none"
        if kind == "ObjectEvent" and "ilmd" in body and action != "ADD":
            yield "ilmd", f"master data of lots only with the action ADD, found {_show(action)}"
        if kind == "TransactionEvent" and body.get("bizTransactionList") == []:
            yield "bizTransactionList", "a list of at least 1, found []"
    elif kind in ("AggregationEvent", "AssociationEvent"):
        if action != "DELETE" and not has & {"childEPCs", "childQuantityList"}:
            yield "childEPCs", f"children with the action {_show(action)}, found none"
    elif kind == "TransformationEvent":
        sides = [has & {f"{side}EPCList", f"{side}QuantityList"} for side in ("input", "output")]
        if not (all(sides) or ("transformationID" in body and any(sides))):
            yield "inputEPCList", "inputs and outputs, or a transformationID with one, found less"


def _text(where: str, value: Any) -> _Problems:
    if not isinstance(value, str):
        yield where, f"text, found {_show(value)}"


def _uri(where: str, value: Any) -> _Problems:
    if not isinstance(value, str) or _URI.fullmatch(value) is None:
        yield where, f"a URI, found {_show(value)}"


def _time(where: str, value: Any) -> _Problems:
    if not isinstance(value, str) or instant_ms(value) is None:
        yield where, f"a time with its offset from UTC, found {_show(value)}"


def _offset(where: str, value: Any) -> _Problems:
    if not isinstance(value, str) or _OFFSET.fullmatch(value) is None:
        yield where, f"an offset such as +02:00, found {_show(value)}"


def _number(where: str, value: Any) -> _Problems:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not isfinite(value):
        yield where, f"a number, found {_show(value)}"


def _truth(where: str, value: Any) -> _Problems:
    if not isinstance(value, bool):
        yield where, f"true or false, found {_show(value)}"


def _matching(pattern: re.Pattern[str], what: str) -> _Check:
    def check(where: str, value: Any) -> _Problems:
        if not isinstance(value, str) or pattern.fullmatch(value) is None:
            yield where, f"{what}, found {_show(value)}"

    return check


def _action(where: str, value: Any) -> _Problems:
    if value not in _ACTIONS:
        yield where, f"OBSERVE, ADD or DELETE, found {_show(value)}"


def _word(field: str) -> _Check:
    """Check a bare word of a vocabulary, or a URI of somebody else's."""
    _, words = VOCABULARIES[field]
    reserved = _WEB_OURS if field in ("sensorReport type", "exception") else _OURS

    def check(where: str, value: Any) -> _Problems:
        if isinstance(value, str) and value in words:
            return
        own = isinstance(value, str) and _URI.fullmatch(value) and not reserved.fullmatch(value)
        if not own:
            yield where, f"a bare word of the vocabulary or a URI of your own, found {_show(value)}"

    return check


def _each(check: _Check, *, least: int = 0, once: bool = False) -> _Check:
    def check_all(where: str, value: Any) -> _Problems:
        if not isinstance(value, list) or len(value) < least:
            yield where, f"a list{f' of at least {least}' if least else ''}, found {_show(value)}"
            return
        for at, one in enumerate(value):
            yield from check(f"{where}[{at}]", one)
        if once and len({repr(one) for one in value}) != len(value):
            yield where, "each once, found one twice"

    return check_all


def _object(
    fields: Mapping[str, _Check], required: tuple[str, ...] = (), own: str = "any"
) -> _Check:
    """Check an object. own: whether others' fields may stand in it: no, named (a prefix), any."""

    def check(where: str, value: Any) -> _Problems:
        if not isinstance(value, dict):
            yield where, f"an object, found {_show(value)}"
            return
        for key in required:
            if key not in value:
                yield f"{where}.{key}", "a value, found none"
        for key, one in value.items():
            if key in fields:
                yield from fields[key](f"{where}.{key}", one)
            elif own == "no" or (own == "named" and not _is_own(key)):
                yield f"{where}.{key}", f"a field of the standard, found {_show(key)}"

    return check


def _ilmd(where: str, value: Any) -> _Problems:
    if not isinstance(value, dict):
        yield where, f"an object, found {_show(value)}"
        return
    for key in value:
        if not _is_own(key):
            yield f"{where}.{key}", f"a name with a prefix, found {_show(key)}"


def _certification(where: str, value: Any) -> _Problems:
    yield from (_each(_uri) if isinstance(value, list) else _uri)(where, value)


def _persistent(where: str, value: Any) -> _Problems:
    words = _each(_word("disposition"), least=1, once=True)
    yield from _object({"set": words, "unset": words}, own="no")(where, value)
    if isinstance(value, dict) and not value:
        yield where, "set or unset, found neither"


def _is_own(key: str) -> bool:
    return _URI.fullmatch(key) is not None


def _show(value: Any) -> str:
    return ascii(value)[:_SHOWN]


_EPCS: Final = _each(_uri, once=True)
_QUANTITIES: Final = _each(
    _object(
        {"epcClass": _uri, "quantity": _number, "uom": _matching(_UOM, "a unit such as KGM")},
        ("epcClass",),
        own="no",
    )
)
_PLACE: Final = _object({"id": _uri}, ("id",))
_METADATA: Final = _object(
    {
        **dict.fromkeys(("time", "startTime", "endTime"), _time),
        **dict.fromkeys(
            ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"), _uri
        ),
    },
    own="named",
)
_REPORT: Final = _object(
    {
        "type": _word("sensorReport type"),
        "exception": _word("exception"),
        "component": _word("component"),
        "time": _time,
        "booleanValue": _truth,
        "hexBinaryValue": _matching(_HEX, "hexadecimal digits"),
        **dict.fromkeys(("stringValue", "uom"), _text),
        **dict.fromkeys(
            ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), _number
        ),
        **dict.fromkeys(
            (
                "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules",
                "microorganism", "chemicalSubstance", "coordinateReferenceSystem", "uriValue",
            ),
            _uri,
        ),
    },
    ("type",),
    own="named",
)  # fmt: skip
_SENSORS: Final = _each(
    _object(
        {"sensorMetadata": _METADATA, "sensorReport": _each(_REPORT, least=1)},
        ("sensorReport",),
        own="named",
    )
)


def _pair(name: str, required: tuple[str, ...]) -> _Check:
    return _each(_object({"type": _word(f"{name} type"), name: _uri}, required, own="no"))


_COMMON: Final[dict[str, _Check]] = {
    "type": _text,
    "eventTime": _time,
    "recordTime": _time,
    "eventTimeZoneOffset": _offset,
    "eventID": _uri,
    "certificationInfo": _certification,
    "errorDeclaration": _object(
        {"declarationTime": _time, "reason": _word("reason"), "correctiveEventIDs": _each(_uri)},
        ("declarationTime",),
        own="named",
    ),
}
_WHERE: Final[dict[str, _Check]] = {
    "bizStep": _word("bizStep"),
    "disposition": _word("disposition"),
    "readPoint": _PLACE,
    "bizLocation": _PLACE,
    "bizTransactionList": _pair("bizTransaction", ("bizTransaction",)),
    "sourceList": _pair("source", ("type", "source")),
    "destinationList": _pair("destination", ("type", "destination")),
    "sensorElementList": _SENSORS,
}
_ITEMS: Final[dict[str, _Check]] = {"epcList": _EPCS, "quantityList": _QUANTITIES}
_CHILDREN: Final[dict[str, _Check]] = {
    "parentID": _uri,
    "childEPCs": _each(_uri),
    "childQuantityList": _QUANTITIES,
}
_FIELDS: Final[dict[str, dict[str, _Check]]] = {
    "ObjectEvent": {
        **_WHERE, **_ITEMS, "action": _action, "ilmd": _ilmd, "persistentDisposition": _persistent,
    },
    "AggregationEvent": {**_WHERE, **_CHILDREN, "action": _action},
    "AssociationEvent": {**_WHERE, **_CHILDREN, "action": _action},
    "TransactionEvent": {**_WHERE, **_ITEMS, "parentID": _uri, "action": _action},
    "TransformationEvent": {
        **_WHERE, "inputEPCList": _EPCS, "outputEPCList": _EPCS, "inputQuantityList": _QUANTITIES,
        "outputQuantityList": _QUANTITIES, "transformationID": _uri, "ilmd": _ilmd,
        "persistentDisposition": _persistent,
    },
}  # fmt: skip
_ANY: Final = {key: check for fields in _FIELDS.values() for key, check in fields.items()}
"""Fields of the standard in an event of somebody's own type: whoever reads them relies on them."""
_REQUIRED: Final = {
    "ObjectEvent": ("action",),
    "AggregationEvent": ("action",),
    "AssociationEvent": ("action", "parentID"),
    "TransactionEvent": ("action", "bizTransactionList"),
}
