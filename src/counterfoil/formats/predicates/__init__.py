"""The core's vocabulary: what a statement's predicate may say, as data.

One class per predicate, one definition from disk to JSON Schema. This package refuses to know an
app's predicates: apps register theirs.
"""

from counterfoil.formats.predicates.anchoring import Anchoring
from counterfoil.formats.predicates.header import Header
from counterfoil.formats.predicates.history import (
    Equivocation,
    ForkPoint,
    LogFrozen,
    OtherPrefix,
)
from counterfoil.formats.predicates.organisations import (
    Evidence,
    IssuerKey,
    Key,
    KeyBinding,
    Mandate,
    Organisation,
    Party,
    Policy,
)
from counterfoil.formats.predicates.records import Block, ContentRef, Record
from counterfoil.formats.predicates.registry import (
    CORE,
    audience_of,
    format_predicate,
    json_schema,
    name_of,
    parse_header,
    parse_predicate,
    schema_of,
    uri_of,
)

__all__ = [
    "CORE",
    "Anchoring",
    "Block",
    "ContentRef",
    "Equivocation",
    "Evidence",
    "ForkPoint",
    "Header",
    "IssuerKey",
    "Key",
    "KeyBinding",
    "LogFrozen",
    "Mandate",
    "Organisation",
    "OtherPrefix",
    "Party",
    "Policy",
    "Record",
    "audience_of",
    "format_predicate",
    "json_schema",
    "name_of",
    "parse_header",
    "parse_predicate",
    "schema_of",
    "uri_of",
]
