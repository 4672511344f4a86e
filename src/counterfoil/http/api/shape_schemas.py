"""Say in JSON Schema what an operation is told and what it gives, from its own signature.

This module refuses to promise more than the types do: a result that writes itself as JSON is an
object, no more.
Source: JSON Schema 2020-12, as OpenAPI 3.1 takes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

from counterfoil.http.api.given import name_of
from counterfoil.ops.offered import ACTORS, Offered
from counterfoil.ops.signature import Field
from counterfoil.ports import Document

__all__ = ["REF", "Shapes", "field_schema", "file_schema", "names"]

REF: Final = "#/components/schemas/{name}"
"""How a schema in one place is pointed to."""
_OBJECT: Final = {"type": "object"}
_INTEGER: Final = {"type": "integer", "minimum": -(10**16) + 1, "maximum": 10**16 - 1}


class Shapes:
    """The schemas of results, those that have a name in one place.

    operations: all whose results are described. more: further types of bodies.
    """

    def __init__(self, operations: Iterable[Offered], more: Iterable[Any] = ()) -> None:
        self._parts = {one.operation.name: _parts(one) for one in operations}
        types: list[Any] = []
        for parts in [*self._parts.values(), tuple(more)]:
            types += [part for part in parts if part not in types]
        plain = [one for one in types if _describable(one)]
        found, self.components = msgspec.json.schema_components(
            plain, schema_hook=_other, ref_template=REF
        )
        self._schemas = list(zip(plain, found, strict=True))

    def of_type(self, one: Any) -> dict[str, Any]:
        """Give the schema of a type."""
        return next((schema for known, schema in self._schemas if known == one), dict(_OBJECT))

    def result(self, offered: Offered) -> dict[str, Any]:
        """Give the schema of an operation's JSON answer."""
        kinds = [self.of_type(part) for part in self._parts[offered.operation.name]]
        unique = [kind for at, kind in enumerate(kinds) if kind not in kinds[:at]]
        item = unique[0] if len(unique) == 1 else {"anyOf": unique or [dict(_OBJECT)]}
        if offered.gives == "one":
            return item
        if "Document" in str(offered.function.__annotations__.get("return")):
            item = {}  # one of several, each alone
        return {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": item},
                "next": {"type": ["integer", "null"], "description": "`after` of the next page."},
            },
        }


def field_schema(one: Field, *, in_json: bool) -> dict[str, Any]:
    """Give the schema of a parameter; in an address all is text, and files have no place."""
    single = _single(one, in_json=in_json)
    schema: dict[str, Any] = {"type": "array", "items": single} if one.many else single
    told = one.help
    if one.name in ACTORS:
        told += " Through a node: whoever asks; only operators name others."
    if one.holds == "output":
        told = f"{told} Over HTTP: the ending of the file that comes back, such as .json, or -."
    return {**schema, "description": told}


def file_schema(*, in_json: bool) -> dict[str, Any]:
    """Give the schema of a file that comes along: as a part of a form, or as JSON."""
    if in_json:
        return {"$ref": REF.format(name="File")}
    return {"type": "string", "contentMediaType": "application/octet-stream"}


def names(fields: Iterable[Field]) -> list[str]:
    """List the names of parameters that must be given."""
    return [name_of(one) for one in fields if one.required and "output" not in one.holds]


def _single(one: Field, *, in_json: bool) -> dict[str, Any]:
    if one.holds in ("file", "tree"):
        return file_schema(in_json=in_json)
    if one.kind == "flag" or one.holds in ("also-ledger", "output-folder"):
        return {"type": "boolean"}
    if one.holds == "output":
        return {"type": "string", "pattern": r"^(-|(\.[a-z0-9]{1,10}){1,2})$"}
    if one.holds == "object":
        return (
            dict(_OBJECT) if in_json else {"type": "string", "contentMediaType": "application/json"}
        )
    if one.kind == "integer":
        return dict(_INTEGER)
    if one.choices:
        return {"type": "string", "enum": list(one.choices)}
    return {"type": "string"}


def _parts(offered: Offered) -> tuple[Any, ...]:
    """Take a return type apart: what may come, without iterators and documents."""
    kind = get_type_hints(offered.function)["return"]
    return tuple(part for part in _flat(kind) if part not in (Document, NoneType))


def _flat(kind: Any) -> Iterator[Any]:
    if get_origin(kind) in (Union, UnionType):
        for part in get_args(kind):
            yield from _flat(part)
    elif getattr(get_origin(kind), "__name__", "") == "Iterator":
        yield from _flat(get_args(kind)[0])
    else:
        yield kind


def _describable(kind: Any) -> bool:
    """Tell whether a type says what its JSON is: not where it writes that itself, or hides parts.

    Fields whose types are known to a type checker only are hidden.
    """
    if hasattr(kind, "to_json"):
        return False
    try:
        msgspec.json.schema_components([kind], schema_hook=_other)
    except (NameError, TypeError):
        return False
    return True


def _other(kind: Any) -> dict[str, Any]:
    """Describe what the library does not know: anything."""
    return {"description": getattr(kind, "__name__", "anything")}
