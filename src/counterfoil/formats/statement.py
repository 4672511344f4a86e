"""Say something about an artefact: the in-toto Statement v1.

The bytes that arrive are hashed and verified first and parsed then; they are never encoded
again. This module refuses duplicate keys, unsafe integers and statements without a subject, and
knows no predicate: `predicates` does.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text

__all__ = [
    "STATEMENT_TYPE",
    "Statement",
    "Subject",
    "format",
    "format_checked",
    "parse",
    "sha256_subject",
]

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
"""Value of `_type` (in-toto attestation framework, "Statement")."""


class Subject(msgspec.Struct, frozen=True, omit_defaults=True):
    """An artefact that a statement is about.

    name: what it is called, unique within its statement. digest: algorithm -> hexadecimal
    digest, at least one. Further fields of a resource descriptor are allowed and ignored.
    """

    digest: Annotated[dict[str, str], msgspec.Meta(min_length=1)]
    name: str = ""


class Statement(msgspec.Struct, frozen=True):
    """An in-toto Statement v1.

    subject: at least one. predicate_type: a URI. predicate: JSON text of an object, as received.
    """

    subject: Annotated[tuple[Subject, ...], msgspec.Meta(min_length=1)]
    predicate_type: Annotated[str, msgspec.Meta(min_length=1, max_length=512)] = msgspec.field(
        name="predicateType"
    )
    predicate: msgspec.Raw
    kind: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(
        name="_type", default=STATEMENT_TYPE
    )


class _Wire(msgspec.Struct, frozen=True):
    """A statement's fields in the order in which they are written; none may be missing."""

    kind: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: Annotated[tuple[Subject, ...], msgspec.Meta(min_length=1)]
    predicate_type: Annotated[str, msgspec.Meta(min_length=1, max_length=512)] = msgspec.field(
        name="predicateType"
    )
    predicate: msgspec.Raw


_DECODE: Final = msgspec.json.Decoder(_Wire).decode
_ENCODE: Final = msgspec.json.Encoder().encode


def parse(payload: bytes) -> Statement:
    """Parse a statement from the payload of its envelope.

    Raises InputError with code statement.malformed, or one of `json_text.parse`.
    Source: in-toto attestation framework v1, "Statement".
    """
    json_text.normalise_object(payload)
    try:
        wire = _DECODE(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise InputError(
            "statement.malformed", f"expected an in-toto Statement v1, found none: {err}"
        ) from err
    names = [subject.name for subject in wire.subject]
    if bytes(wire.predicate)[:1] != b"{" or len(set(names)) != len(names):
        raise InputError(
            "statement.malformed",
            "expected a predicate that is an object and subjects of different names",
        )
    return Statement(wire.subject, wire.predicate_type, wire.predicate)


def format(statement: Statement) -> bytes:
    """Format a statement as compact JSON, fields in the order of the specification.

    Raises InputError as `parse` does.
    """
    payload = _encoded(statement)
    if parse(payload).predicate != statement.predicate:
        raise InputError(
            "statement.malformed", "expected a predicate that is one value, found more around it"
        )
    return payload


def format_checked(statement: Statement) -> bytes:
    """Format a statement whose predicate was just encoded from values that `json_text` checked.

    Equal to `format`, errors too, at half its cost: what values cannot tell is looked at here,
    which is how deep the whole is, and whether a subject is named twice.
    """
    payload = _encoded(statement)
    simple = len(statement.subject) == 1 and statement.subject[0].digest
    if simple and payload.count(b"{") + payload.count(b"[") <= json_text.MAX_DEPTH:
        return payload
    return format(statement)


def _encoded(statement: Statement) -> bytes:
    wire = _Wire(statement.kind, statement.subject, statement.predicate_type, statement.predicate)
    try:
        return _ENCODE(wire)
    except UnicodeEncodeError as err:
        raise InputError(
            "statement.malformed", f"expected Unicode text in a statement, found other: {err}"
        ) from err


def sha256_subject(name: str, content: bytes) -> Subject:
    """Make the subject for `content`: its name and SHA-256 digest."""
    return Subject(digest={"sha256": sha256(content).hexdigest()}, name=name)
