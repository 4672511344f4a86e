"""From a predicate's URI to its class and back, and to its JSON Schema.

The URIs are names: nothing is ever fetched from them.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.json_text import canonicalise
from counterfoil.formats.predicates.anchoring import Anchoring
from counterfoil.formats.predicates.header import Header
from counterfoil.formats.predicates.history import Equivocation, LogFrozen
from counterfoil.formats.predicates.organisations import (
    IssuerKey,
    Key,
    Mandate,
    Organisation,
    Party,
    Policy,
)
from counterfoil.formats.predicates.records import Block, Record
from counterfoil.formats.statement import Statement

__all__ = [
    "CORE",
    "URI_BASE",
    "audience_of",
    "binding_text",
    "format_predicate",
    "json_schema",
    "name_of",
    "parse_header",
    "parse_predicate",
    "possession_text",
    "schema_of",
    "uri_of",
]

URI_BASE: Final = "https://counterfoil.dev/"

CORE: Final[dict[str, type[Header]]] = {
    f"{URI_BASE}record/v1": Record,
    f"{URI_BASE}block/v1": Block,
    f"{URI_BASE}organisation/v1": Organisation,
    f"{URI_BASE}party/v1": Party,
    f"{URI_BASE}key/v1": Key,
    f"{URI_BASE}policy/v1": Policy,
    f"{URI_BASE}mandate/v1": Mandate,
    f"{URI_BASE}log-frozen/v1": LogFrozen,
    f"{URI_BASE}equivocation/v1": Equivocation,
    f"{URI_BASE}anchoring/v1": Anchoring,
    f"{URI_BASE}issuer-key/v1": IssuerKey,
}
"""Predicate URI -> class, for the predicates of the core."""

_DECODERS: Final = {uri: msgspec.json.Decoder(kind) for uri, kind in CORE.items()}
_URIS: Final = {kind: uri for uri, kind in CORE.items()}
_ENCODE: Final = msgspec.json.Encoder().encode


class _HeaderOnly(msgspec.Struct, frozen=True, omit_defaults=True):
    """A header inside a predicate that we do not know."""

    issuer: str
    source: str
    number: int


class _AudienceOnly(msgspec.Struct, frozen=True):
    """What a predicate that we do not know says of its audience."""

    audience: Any = None


_HEADER_ONLY: Final = msgspec.json.Decoder(_HeaderOnly)
_AUDIENCE_ONLY: Final = msgspec.json.Decoder(_AudienceOnly)


def uri_of(predicate: Header) -> str:
    """Name the predicate type of `predicate`. Raises InputError with code predicate.unknown."""
    try:
        return _URIS[type(predicate)]
    except KeyError as err:
        raise InputError(
            "predicate.unknown",
            f"expected a predicate of the core, found {type(predicate).__name__}",
        ) from err


def name_of(uri: str) -> str:
    """Name a kind of statement for people: short for ours, else its URI.

    >>> name_of("https://counterfoil.dev/decision/v1"), name_of("https://other.example/x/v1")
    ('decision', 'https://other.example/x/v1')
    """
    if uri.startswith(URI_BASE) and uri.endswith("/v1"):
        return uri.removeprefix(URI_BASE).removesuffix("/v1")
    return uri


def parse_predicate(statement: Statement) -> Header | None:
    """Parse the predicate of a statement of the core; None for other predicate types.

    Raises InputError with code predicate.malformed when a core predicate is not of its shape.
    """
    decoder = _DECODERS.get(statement.predicate_type)
    if decoder is None:
        return None
    try:
        return decoder.decode(statement.predicate)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as err:
        raise InputError(
            "predicate.malformed", f"expected a predicate {statement.predicate_type}: {err}"
        ) from err


def parse_header(statement: Statement) -> tuple[str, str, int] | None:
    """Read (issuer, source, number) of any statement; None where a foreign one has none."""
    predicate = parse_predicate(statement)
    if predicate is not None:
        return predicate.issuer, predicate.source, predicate.number
    try:
        found = _HEADER_ONLY.decode(statement.predicate)
    except msgspec.MsgspecError:
        return None
    return found.issuer, found.source, found.number


def audience_of(statement: Statement) -> str | None:
    """Read the log that a statement of any kind was made for; None where it names none."""
    try:
        audience = _AUDIENCE_ONLY.decode(statement.predicate).audience
    except msgspec.MsgspecError:
        return None
    return audience if isinstance(audience, str) else None


def format_predicate(predicate: Header) -> bytes:
    """Format a predicate as compact JSON, and check that it parses again.

    Raises InputError with code predicate.malformed or predicate.unknown.
    """
    decoder = _DECODERS[uri_of(predicate)]
    name = type(predicate).__name__
    try:
        data = _ENCODE(predicate)
        found = decoder.decode(data)
    except (msgspec.MsgspecError, ValueError) as err:
        raise InputError("predicate.malformed", f"expected a {name} predicate: {err}") from err
    if found != predicate:  # raw content such as `{},"number":7` speaks for other fields
        raise InputError(
            "predicate.malformed", f"expected a {name} predicate that reads back the same"
        )
    return data


def json_schema(uri: str) -> dict[str, Any]:
    """Make the JSON Schema (2020-12) of a core predicate. Raises InputError predicate.unknown."""
    if uri not in CORE:
        raise InputError("predicate.unknown", f"expected a predicate of the core, found {uri}")
    return schema_of(uri, CORE[uri])


def schema_of(uri: str, predicate: type[Header]) -> dict[str, Any]:
    """Make the JSON Schema (2020-12) of a predicate's shape, with its URI as the schema's id."""
    schema: dict[str, Any] = _ecma_patterns(msgspec.json.schema(predicate))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": uri, **schema}


def _ecma_patterns(schema: Any) -> Any:
    r"""Write patterns as JSON Schema wants them: ECMA-262 knows ^ and $ for Python's \A and \Z."""
    if isinstance(schema, list):
        return [_ecma_patterns(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _ecma_patterns(value) for key, value in schema.items()}
    if isinstance(found.get("pattern"), str):
        found["pattern"] = found["pattern"].replace(r"\A", "^").replace(r"\Z", "$")
    return found


def binding_text(party: str, keys: list[tuple[str, str, str]]) -> bytes:
    """Make the text that each key of a party signs: it names the party and every key.

    keys: (purpose, algorithm, public in base64), in the order of the statement.
    """
    listed = [{"purpose": p, "algorithm": a, "public": k} for p, a, k in keys]
    return b"counterfoil party binding v1\n" + canonicalise({"party": party, "keys": listed})


def possession_text(organisation: str, role: str, keyid: str) -> bytes:
    """Make the text that a key signs to enter another organisation's log: for whom, and as what.

    It names no log: that its organisation lets it speak is said once, wherever it does.
    """
    said = {"organisation": organisation, "role": role, "keyid": keyid}
    return b"counterfoil key possession v1\n" + canonicalise(said)
