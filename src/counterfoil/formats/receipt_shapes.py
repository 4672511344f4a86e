"""Say in a dense form of JSON Schema what the receipt page's script parses.

It is made from the very classes that `formats` parses with, so that browser and Python cannot
drift apart; JSON Schema itself would take four times the room. This module refuses to describe
what no page shows: it knows receipts, and the predicates of the core.

A kind is the name of another kind, a list of kinds of which one must fit, or an object of rules:
`type`, where no other rule implies it; `enum`, `pattern` and `base64` of a text; `min` and `max`
of a number, a text's characters, a list's items or an object's fields; `items` or `tuple` of a
list; `fields` of an object (a name that ends in `?` may be absent), `more`: the kind of its other
fields, which are refused without it, and `names`: the kind of their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from counterfoil.formats import json_text
from counterfoil.formats.batch import Batch
from counterfoil.formats.predicates import CORE, Header
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.statement import Statement

__all__ = ["KEYWORDS", "shapes"]

_Schema = dict[str, Any]

_BOUNDS: Final = {
    f"{end}{what}": short
    for end, short, word in (("min", "min", "minimum"), ("max", "max", "maximum"))
    for what in ("Length", "Items", "Properties", word[3:])
}
_PLAIN: Final = ("enum", "pattern", "type")
_TYPED: Final = frozenset(("enum", "pattern", "base64", "items", "tuple", "fields"))
_OTHERS: Final = (
    "$ref additionalProperties anyOf contentEncoding default description items prefixItems "
    "properties propertyNames required title"
)
KEYWORDS: Final = frozenset([*_BOUNDS, *_PLAIN, *_OTHERS.split()])
"""The words of JSON Schema that are understood; a test holds our classes to them."""

_WORTH_A_NAME: Final = 28
"""Shortest schema that gets a name when it stands in several places, bytes."""


def shapes() -> dict[str, Any]:
    """Make the kinds: name -> rules; and `uris`: predicate's URI -> name.

    Predicates come without the fields of `Header`, which all of them have.
    """
    classes = [Receipt, Batch, Statement, Header, *CORE.values()]
    _, schemas = msgspec.json.schema_components(classes, ref_template="{name}")
    schemas["Statement"]["required"].append("_type")  # its default is for Python alone
    header = schemas["Header"]["properties"]
    for kind in CORE.values():
        own = schemas[kind.__name__]["properties"]
        schemas[kind.__name__]["properties"] = {k: v for k, v in own.items() if k not in header}
    counts: Counter[bytes] = Counter()
    for schema in schemas.values():
        _count(schema, counts)
    shared = [text for text, times in counts.items() if times > 1 and len(text) > _WORTH_A_NAME]
    names = {text: f"{number}" for number, text in enumerate(shared)}
    kinds = {name: _rules(schema, names) for name, schema in schemas.items()}
    kinds |= {name: _rules(json_text.parse(text), names) for text, name in names.items()}
    return {**kinds, "uris": {uri: kind.__name__ for uri, kind in CORE.items()}}


def _parts(schema: _Schema) -> Iterator[_Schema]:
    """Give the schemas that stand directly in a schema."""
    yield from schema.get("anyOf", ())
    yield from schema.get("prefixItems", ())
    yield from schema.get("properties", {}).values()
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(key), dict):
            yield schema[key]


def _count(schema: _Schema, counts: Counter[bytes]) -> None:
    for part in _parts(schema):
        text = json_text.format(part)
        counts[text] += 1
        if counts[text] == 1:  # what stands in a named part stands there once
            _count(part, counts)


def _kind(schema: _Schema, names: Mapping[bytes, str]) -> Any:
    name = names.get(json_text.format(schema)) or schema.get("$ref")
    if name or "anyOf" not in schema:
        return name or _rules(schema, names)
    return [_kind(option, names) for option in schema["anyOf"]]


def _rules(schema: _Schema, names: Mapping[bytes, str]) -> Any:
    if "anyOf" in schema:
        return [_kind(option, names) for option in schema["anyOf"]]
    rules: _Schema = {key: schema[key] for key in _PLAIN if key in schema}
    rules |= {short: schema[key] for key, short in _BOUNDS.items() if key in schema}
    if "contentEncoding" in schema:
        rules["base64"] = True
    if "prefixItems" in schema:
        rules["tuple"] = [_kind(item, names) for item in schema["prefixItems"]]
    elif "items" in schema:
        rules["items"] = _kind(schema["items"], names)
    if schema.get("type") == "object":
        required = schema.get("required", ())
        rules["fields"] = {
            name if name in required else f"{name}?": _kind(field, names)
            for name, field in schema.get("properties", {}).items()
        }
        if schema.get("additionalProperties", {}) is not False:
            rules["more"] = _kind(schema.get("additionalProperties", {}), names)
        if "propertyNames" in schema:
            rules["names"] = _kind({"type": "string", **schema["propertyNames"]}, names)
    if rules.keys() & _TYPED:
        rules.pop("type", None)
    return rules
