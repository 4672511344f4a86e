"""Print the JSON Schemas of the core statements, and of those that packages brought in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from counterfoil.errors import NotFound
from counterfoil.formats.predicates import CORE, name_of, schema_of
from counterfoil.ledger.predicate_types import registered
from counterfoil.ports import Document, Param

__all__ = ["SchemaName", "schema"]


@dataclass(frozen=True, slots=True)
class SchemaName:
    """A kind of statement: its short name, its predicate's URI, and what it says."""

    name: str
    uri: str
    says: str


def schema(
    predicate: Annotated[
        str | None, Param("Name or URI of a kind of statement; else they are listed.", "PREDICATE")
    ] = None,
) -> Document | Iterator[SchemaName]:
    """Print the JSON Schema of a statement's predicate, or list the kinds of statements.

    Raises NotFound with code schema.unknown.
    """
    kinds = {**CORE, **registered()}
    names = {name_of(uri): uri for uri in kinds}
    if predicate is None:
        return (
            SchemaName(name, uri, (kinds[uri].__doc__ or "").partition("\n")[0])
            for name, uri in names.items()
        )
    uri = names.get(predicate, predicate)
    if uri not in kinds:
        raise NotFound(
            "schema.unknown",
            f"expected one of {', '.join(names)}, found {predicate[:80]!a}",
            hint="`counterfoil schema` lists them.",
        )
    text = json.dumps(schema_of(uri, kinds[uri]), indent=2, ensure_ascii=False) + "\n"
    return Document([text.encode()], "application/schema+json")
