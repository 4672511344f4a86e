"""Take a request apart: what its address, a JSON object, or a form with files says, by name.

This module refuses bodies without a bound, and to know which names an operation has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request

from counterfoil.errors import InputError
from counterfoil.http.bodies import BadMedia, form_of_body, media_type

__all__ = ["Given", "Upload", "parsed_form"]

_FIELDS_MAX: Final = 1000
_COMMAS_MAX: Final = 1_000_000  # a value in memory is many times as long as one of few digits


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came along. called: the client's name for it."""

    called: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Given:
    """What a request says: name -> values as they came, in order.

    A value is a text, an `Upload`, or JSON as it was written.
    """

    values: Mapping[str, Sequence[str | Upload | msgspec.Raw]] = field(default_factory=dict)

    def one(self, name: str) -> str | Upload | msgspec.Raw | None:
        """Give a name's last value."""
        found = self.values.get(name)
        return found[-1] if found else None

    def without(self, *names: str) -> Given:
        """Leave names out."""
        return Given({key: value for key, value in self.values.items() if key not in names})


async def parsed_form(request: Request, body: bytes) -> Given:
    """Read what a request says, from its address and its body.

    Raises InputError with code http.body, BadMedia with code http.media.
    """
    said: dict[str, list[str | Upload | msgspec.Raw]] = {}
    for name, value in request.query_params.multi_items():
        said.setdefault(name, []).append(value)
    media = media_type(request)
    if not body and media in ("", "application/json"):
        return Given(said)
    if media in ("", "application/json"):
        found = _of_json(body)
    elif media in ("multipart/form-data", "application/x-www-form-urlencoded"):
        found = await _of_form(request, body)
    else:
        raise BadMedia(
            "http.media",
            f"expected application/json or multipart/form-data, found {media[:80]!a}",
            hint="Files go as parts of a form: curl -F file=@rows.csv.",
        )
    return Given(said | found)


def _of_json(body: bytes) -> dict[str, list[str | Upload | msgspec.Raw]]:
    try:
        found = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as err:
        raise InputError(
            "http.body",
            f"expected a JSON object with the operation's parameters, but: {str(err)[:200]!a}",
            hint="/openapi.json tells the parameters of each operation.",
        ) from err
    return {name: _list_of(value) for name, value in found.items() if bytes(value) != b"null"}


def _list_of(value: msgspec.Raw) -> list[str | Upload | msgspec.Raw]:
    if bytes(value)[:1] != b"[":
        return [value]
    if bytes(value).count(b",") > _COMMAS_MAX:
        raise InputError("http.body", f"expected lists with at most {_COMMAS_MAX} commas in them")
    try:
        return list(msgspec.json.decode(value, type=list[msgspec.Raw]))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as err:
        raise InputError("http.body", f"expected JSON, but: {str(err)[:200]!a}") from err


async def _of_form(request: Request, body: bytes) -> dict[str, list[str | Upload | msgspec.Raw]]:
    said: dict[str, list[str | Upload | msgspec.Raw]] = {}
    form = await form_of_body(request, body, max_files=_FIELDS_MAX, max_fields=_FIELDS_MAX)
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                data = await value.read()
                said.setdefault(name, []).append(Upload(value.filename or "", data))
            else:
                said.setdefault(name, []).append(value)
    finally:
        await form.close()
    return said
