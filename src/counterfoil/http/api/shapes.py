"""What clients send to have something recorded, as JSON.

A field that is not known is refused: a misspelt `corrects` must not be recorded without it. This
module refuses to check what is said; the ledger does.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.statement import Subject
from counterfoil.ledger.people.personal import Personal, PersonIn
from counterfoil.ports import Said, ToSeal

__all__ = [
    "NewGateQuestion",
    "NewRecord",
    "NewStatement",
    "NewStatements",
    "NewVerdict",
    "Whose",
    "personal_of",
    "read_shape",
    "said_of",
]

_Shape = TypeVar("_Shape")
_Value = int | str | None


class Whose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose a personal field is: a person's id, or the field of the same record that holds it.

    data_class: such as `contact`. Exactly one of person and field.
    """

    data_class: str
    person: str | None = None
    field: str | None = None


class NewRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A record to be made; each field as for `Ledger.record`.

    content: one JSON object. source, number: its series and place there; the same again gets the
    first receipt. expect: counter -> [old, new]. corrects, supersedes: index or leaf hash.
    anchor_by, at_ms: Unix ms. personal: path of a field -> whose it is.
    """

    content: msgspec.Raw
    source: str | None = None
    number: int | None = None
    expect: dict[str, tuple[_Value, _Value]] | None = None
    corrects: int | str | None = None
    supersedes: int | str | None = None
    anchor_by: int | None = None
    personal: dict[str, Whose] | None = None
    on_behalf_of: str | None = None
    audience: str | None = None
    nonce: str | None = None
    at_ms: int | None = None

    def options(self) -> dict[str, Any]:
        """Give the options of `Ledger.record_later`; errors as of `personal_of`."""
        chosen = {
            "on_behalf_of": self.on_behalf_of,
            "audience": self.audience,
            "nonce": self.nonce,
            "at_ms": self.at_ms,
        }
        return {
            "source": self.source,
            "number": self.number,
            "expect": self.expect,
            "corrects": self.corrects,
            "supersedes": self.supersedes,
            "personal": personal_of(self.personal),
            **{name: value for name, value in chosen.items() if value is not None},
        }


class NewStatement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A statement to be made; each field as for `Ledger.record_statement`.

    seal: field of the predicate -> what is sealed there.
    """

    kind: str
    fields: dict[str, Any]
    subjects: tuple[Subject, ...] = ()
    seal: dict[str, ToSeal] = {}
    source: str | None = None
    number: int | None = None


class NewStatements(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Statements of one series, all to be made or none. first: number of the first of them."""

    statements: tuple[NewStatement, ...]
    source: str | None = None
    first: int | None = None


class NewVerdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decider's verdict. verdict: as an entry, base64. decision: index of what it is about."""

    verdict: bytes
    decision: int


class NewGateQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question before something is done: whether a model or decision may be recorded."""

    kind: str
    fields: dict[str, Any]


def read_shape(body: bytes, shape: type[_Shape]) -> _Shape:
    """Read a JSON body. Raises InputError with code http.body."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, ValueError, RecursionError) as err:
        raise InputError(
            "http.body",
            f"expected a {shape.__name__} as JSON, but: {str(err)[:200]}",
            hint="/openapi.json describes every body.",
        ) from err


def said_of(one: NewStatement) -> Said:
    """Turn a statement that was sent into what is to be said."""
    return Said(one.kind, one.fields, one.subjects, one.seal)


def personal_of(given: dict[str, Whose] | None) -> dict[str, Personal | PersonIn] | None:
    """Turn what was sent about personal fields into what the ledger takes.

    Raises InputError with code record.personal.
    """
    if not given:
        return None
    found: dict[str, Personal | PersonIn] = {}
    for path, whose in given.items():
        if whose.person is not None and whose.field is None:
            found[path] = Personal(whose.person, whose.data_class)
        elif whose.field is not None and whose.person is None:
            found[path] = PersonIn(whose.field, whose.data_class)
        else:
            raise InputError(
                "record.personal",
                f"expected a person or a field that holds one for {path[:80]!a}, found "
                f"{'both' if whose.person is not None else 'neither'}",
            )
    return found
