"""Print the JSON Schemas of the core statements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from counterfoil.errors import NotFound
from counterfoil.formats.predicates import CORE, json_schema
from counterfoil.ports import Document, Param

__all__ = ["SchemaName", "schema"]


@dataclass(frozen=True, slots=True)
class SchemaName:
    """A core statement: its short name, its predicate's URI, and what it says."""

    name: str
    uri: str
    says: str


def schema(
    predicate: Annotated[
        str | None, Param("Name or URI of a core statement; else they are listed.", "PREDICATE")
    ] = None,
) -> Document | Iterator[SchemaName]:
    """Print the JSON Schema of a core statement's predicate, or list the statements.

    Raises NotFound with code schema.unknown.
    """
    names = {uri.split("/")[-2]: uri for uri in CORE}
    if predicate is None:
        return (
            SchemaName(name, uri, (CORE[uri].__doc__ or "").partition("\n")[0])
            for name, uri in names.items()
        )
    uri = names.get(predicate, predicate)
    if uri not in CORE:
        raise NotFound(
            "schema.unknown",
            f"expected one of {', '.join(names)}, found {predicate[:80]!a}",
            hint="`counterfoil schema` lists them.",
        )
    text = json.dumps(json_schema(uri), indent=2, ensure_ascii=False) + "\n"
    return Document([text.encode()], "application/schema+json")
