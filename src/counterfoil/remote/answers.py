"""Read what a node answered: its values, and its errors as our own.

What something else than a node answers, such as a proxy, is told as that. This module refuses to
ask anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from counterfoil import errors
from counterfoil.errors import CounterfoilError, InputError, TooMany, Unavailable

__all__ = ["Answer", "error_of", "facts_of", "no_node", "refusal", "split_entries"]

_WAIT_MOST_S: Final = 3600.0
_CODE: Final = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_FACTS: Final = frozenset(
    {"origin", "name", "organisation", "accountable", "policy", "size", "at_ms"}
)
_BY_STATUS: Final[dict[int, type[CounterfoilError]]] = {
    401: errors.Unauthenticated,
    403: errors.Refused,
    404: errors.NotFound,
    409: errors.Conflict,
    422: errors.VerificationError,
    429: errors.TooMany,
}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer without an error. body: its bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Read its JSON. Raises Unavailable with code remote.answer."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as err:
            raise no_node(f"{len(self.body)} bytes that are no JSON") from err

    def read_as(self, kind: type[_T]) -> _T:
        """Read its JSON as a value of a type. Raises Unavailable with code remote.answer."""
        try:
            return msgspec.convert(self.json(), kind)
        except msgspec.ValidationError as err:
            raise no_node(f"{len(self.body)} bytes that are no {kind.__name__}") from err


def facts_of(answer: Answer) -> dict[str, Any]:
    """Read what a node tells of its ledger. Raises Unavailable with code remote.answer."""
    found: dict[str, Any] = answer.read_as(dict)
    if not found.keys() >= _FACTS:
        raise no_node("other facts than those of a ledger")
    return found


def split_entries(data: bytes) -> list[bytes]:
    """Cut what `/entries` gives: each entry after its length, two bytes, big-endian.

    Raises Unavailable with code remote.answer.
    """
    found: list[bytes] = []
    at = 0
    while at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : end])
        at = end
    if at != len(data):
        raise Unavailable("remote.answer", "expected whole entries, found a part of one")
    return found


def refusal(status: int, data: bytes, headers: Mapping[str, str]) -> CounterfoilError:
    """Turn an answer that is an error into what it tells: of a node, or of something else."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not _CODE.fullmatch(str(told.get("code", ""))):
        return no_node(f"HTTP status {status} and no problem document")
    given = headers.get("retry-after", "1")
    seconds = float(given) if given.isascii() and given.isdigit() else 1.0
    return error_of({"status": status, **told}, min(seconds, _WAIT_MOST_S))


def error_of(told: Mapping[str, Any], retry_after_s: float = 1.0) -> CounterfoilError:
    """Make the error that a problem document tells; its texts are held to a length.

    told: the document, with `code`. Source: RFC 9457.
    """
    kind = getattr(errors, str(told.get("title")), None)
    if not (isinstance(kind, type) and issubclass(kind, CounterfoilError)):
        status = told.get("status")
        other = Unavailable if not isinstance(status, int) or status >= 500 else InputError
        kind = _BY_STATUS.get(status, other) if isinstance(status, int) else other
    code, hint = str(told["code"])[:100], str(told.get("hint", ""))[:1000]
    message = str(told.get("detail", ""))[:2000]
    if issubclass(kind, TooMany):
        return kind(code, message, hint=hint, retry_after_s=retry_after_s)
    return kind(code, message, hint=hint)


def no_node(found: str) -> Unavailable:
    """Say that what answered is no node."""
    return Unavailable(
        "remote.answer",
        f"expected an answer of a Counterfoil node, found {found}",
        hint="Check the address; a proxy in between may have answered.",
    )
