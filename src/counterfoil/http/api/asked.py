"""Take a request apart: what its address, a JSON object, or a form with files says, by name.

This module refuses bodies without a bound, and to know which names an operation has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from counterfoil.errors import InputError
from counterfoil.http.bodies import BadMedia, media_type

__all__ = ["Given", "Upload", "parsed_form"]

_FIELDS_MAX: Final = 1000


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
    try:
        return list(msgspec.json.decode(value, type=list[msgspec.Raw]))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as err:
        raise InputError("http.body", f"expected JSON, but: {str(err)[:200]!a}") from err


async def _of_form(request: Request, body: bytes) -> dict[str, list[str | Upload | msgspec.Raw]]:
    async def again() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    said: dict[str, list[str | Upload | msgspec.Raw]] = {}
    whole = Request(request.scope, again)
    try:
        form: FormData = await whole.form(
            max_files=_FIELDS_MAX, max_fields=_FIELDS_MAX, max_part_size=len(body) + 1
        )
    except (MultiPartException, ValueError, KeyError) as err:
        raise _bad_form(err) from err
    except Exception as err:  # what the framework makes of the first kind
        raise _bad_form(err) from err
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


def _bad_form(err: Exception) -> InputError:
    told = str(getattr(err, "detail", "") or getattr(err, "message", "") or err)
    return InputError("http.body", f"expected a form, but: {told[:200]!a}")
