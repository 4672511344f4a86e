"""Hold what a request says to an operation's own signature.

A text is never taken for a file: what an operation reads as a file comes with the request. This
module refuses names that the operation does not have, and values that are nearly right.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.http.api.asked import Given, Upload
from counterfoil.http.api.workplace import ENDING, Workplace
from counterfoil.ops.offered import Offered
from counterfoil.ops.signature import Field
from counterfoil.ports import STANDARD_STREAM

__all__ = ["name_of", "values_of"]

_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_FLAGS: Final = {"true": True, "1": True, "": True, "false": False, "0": False}
_MANY_MAX: Final = 1000


def name_of(one: Field) -> str:
    """Tell what a parameter is called over HTTP: as in Python, without the marks at its ends."""
    return one.name.strip("_")


def values_of(offered: Offered, given: Given, place: Workplace) -> dict[str, Any]:
    """Turn what was said into an operation's parameters, with files kept and outputs placed.

    A parameter that was not said is not there. Raises InputError with code http.parameter or
    http.archive.
    """
    known = {name_of(one): one for one in offered.fields}
    for name in given.values:
        if name not in known:
            raise InputError(
                "http.parameter",
                f"expected a parameter of {offered.operation.name}, found {name[:80]!a}",
                hint=f"It has: {', '.join(known) or 'none'}.",
            )
    values: dict[str, Any] = {}
    for name, one in known.items():
        said = given.values.get(name, ())
        if one.holds in ("output", "output-folder"):
            _place_output(one, said, place, values)
        elif said:
            values[one.name] = _value(one, said, place)
        elif one.required:
            raise _bad(one, "it, for the operation cannot do without", "none")
    return values


def _place_output(
    one: Field,
    said: Sequence[str | Upload | msgspec.Raw],
    place: Workplace,
    values: dict[str, Any],
) -> None:
    name = name_of(one)
    if one.holds == "output-folder":
        if one.required or (said and _flag(one, said[-1])):
            values[one.name] = place.result(name)
        return
    ending = _text(one, said[-1]) if said else ""
    if ending and ending != "-" and not ENDING.fullmatch(ending):
        raise _bad(one, "the ending of the file that comes back, such as .csv, or -", ending)
    if ending not in ("", "-") or (one.ending and (one.required or said)):
        values[one.name] = place.result(name, ending if ending not in ("", "-") else one.ending)
    elif one.required or said:
        values[one.name] = STANDARD_STREAM


def _value(one: Field, said: Sequence[str | Upload | msgspec.Raw], place: Workplace) -> Any:
    if one.many:
        if len(said) > _MANY_MAX:
            raise _bad(one, f"at most {_MANY_MAX} values", str(len(said)))
        return tuple(_single(one, each, place) for each in said)
    if len(said) > 1:
        raise _bad(one, "one value", str(len(said)))
    return _single(one, said[0], place)


def _single(one: Field, said: str | Upload | msgspec.Raw, place: Workplace) -> Any:
    if one.holds in ("file", "tree"):
        upload = said if isinstance(said, Upload) else _upload(one, said)
        return place.keep(name_of(one), upload.called, upload.data, tree=one.holds == "tree")
    if one.holds == "also-ledger" or one.kind == "flag":
        return _flag(one, said)
    if one.holds == "object":
        return _object(one, said)
    text = _text(one, said)
    if one.kind == "integer":
        if not _WHOLE.fullmatch(text):
            raise _bad(one, "a whole number", text)
        return int(text)
    if one.kind == "choice" and text not in one.choices:
        raise _bad(one, " or ".join(one.choices), text)
    if one.kind == "path":
        raise _bad(one, "nothing: nobody names a path of the node's machine", text)
    return text


def _upload(one: Field, said: str | msgspec.Raw) -> Upload:
    """Read a file that stands in JSON: `name`, for its ending, and `text` or `base64`."""
    if isinstance(said, str):
        raise _bad(one, "a file, as a part of a form or an object with its bytes", said)
    try:
        found = msgspec.json.decode(said, type=dict[str, str])
        if found.keys() - {"name"} not in ({"text"}, {"base64"}):
            raise _bad(one, "a file as {name, text} or {name, base64}", ", ".join(found))
        data = (
            found["text"].encode()
            if "text" in found
            else base64.b64decode(found["base64"], validate=True)
        )
    except (msgspec.MsgspecError, UnicodeError, binascii.Error, ValueError, RecursionError) as err:
        raise _bad(one, "a file as {name, text} or {name, base64}", str(err)) from err
    return Upload(found.get("name", ""), data)


def _object(one: Field, said: str | Upload | msgspec.Raw) -> str:
    """Give a JSON object as it was written; no other text, for that would name a file."""
    if isinstance(said, Upload):
        text = _decoded(one, said.data)
    else:
        text = said if isinstance(said, str) else _decoded(one, bytes(said))
        if text[:1] == '"':
            text = _text(one, said)
    if text.lstrip()[:1] != "{":
        raise _bad(one, "a JSON object", text)
    return _clean(one, text)


def _flag(one: Field, said: str | Upload | msgspec.Raw) -> bool:
    text = said if isinstance(said, str) else _text(one, said, literals=True)
    if text not in _FLAGS:
        raise _bad(one, "true or false", text)
    return _FLAGS[text]


def _text(one: Field, said: str | Upload | msgspec.Raw, *, literals: bool = False) -> str:
    if isinstance(said, Upload):
        raise _bad(one, "a text", "a file")
    if isinstance(said, str):
        return _clean(one, said)
    raw = bytes(said)
    if raw[:1] == b'"':
        try:
            return _clean(one, msgspec.json.decode(raw, type=str))
        except (msgspec.MsgspecError, UnicodeError) as err:
            raise _bad(one, "a text", str(err)) from err
    text = _decoded(one, raw)
    if text in ("true", "false") and not literals and one.kind != "flag":
        raise _bad(one, "a text or number", text)
    if text[:1] in ("{", "["):
        raise _bad(one, "a text or number", text)
    return _clean(one, text)


def _decoded(one: Field, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as err:
        raise _bad(one, "UTF-8 text", str(data[err.start : err.start + 8])) from err


def _clean(one: Field, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as err:
        raise _bad(one, "Unicode text", "half of a character") from err
    if "\0" in text:
        raise _bad(one, "a text without NUL", text)
    return text


def _bad(one: Field, expected: str, found: str) -> InputError:
    return InputError(
        "http.parameter",
        f"{name_of(one)}: expected {expected}, found {found[:80]!a}",
        hint=one.help,
    )
