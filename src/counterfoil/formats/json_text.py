"""Read and write JSON text so strictly that two readers can never see two things.

JSON parsers differ on duplicate keys, huge integers, NaN and lone surrogates, and an attacker
lives in the difference. `parse` refuses all of them; `format` writes compact text with the
shortest round-trip numbers; `canonicalise` writes RFC 8785. This module refuses to guess: what is
not strict JSON raises `InputError`.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any, Final, Never

import msgspec

from counterfoil.errors import InputError
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["MAX_DEPTH", "canonicalise", "format", "normalise_object", "parse"]

MAX_DEPTH: Final = 64
"""Deepest nesting that is read or written, levels."""

type_of = type
_SafeInteger = Annotated[int, msgspec.Meta(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER)]
_OBJECT: Final = msgspec.json.Decoder(
    dict[str, bool | _SafeInteger | float | str | list[Any] | dict[str, Any] | None]
)
_ENCODE: Final[Callable[[Any], bytes]] = msgspec.json.Encoder().encode
_SHORT_NUMBER: Final = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?")
_DIGITS_ALIKE: Final = bytes(ord("0") if byte in b"0123456789" else byte for byte in range(256))
_LONG_INTEGER: Final = b"0" * 16  # MAX_SAFE_INTEGER has 16 digits
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")
_FAST_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def parse(data: bytes, *, max_depth: int = MAX_DEPTH) -> Any:
    """Parse one strict JSON text.

    data: UTF-8 without a byte-order mark. max_depth: deepest nesting allowed, levels.
    Returns None, bool, int, float, str, list or dict (in the text's key order).
    Raises InputError with code json.malformed, json.duplicate-key, json.integer, json.number,
    json.surrogate or json.depth.
    Source: RFC 8259; RFC 7493 (I-JSON), 2.1 to 2.3.
    """
    _check_nesting(data, max_depth)
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as err:
        raise InputError(
            "json.malformed",
            f"expected UTF-8 text, found byte {err.object[err.start]:#04x} at offset {err.start}",
            hint="Save the text as UTF-8.",
        ) from err
    except json.JSONDecodeError as err:
        raise InputError(
            "json.malformed",
            f"expected JSON, found a fault at offset {err.pos}: {err.msg}",
            hint="Check that this is the file you mean, and that it is whole.",
        ) from err
    except RecursionError as err:
        raise _too_deep(max_depth) from err
    _check(value, max_depth)
    return value


def _check_nesting(data: bytes, max_depth: int) -> None:
    """Refuse a text that is nested too deep before any reader recurses into it.

    Readers stop at Python's recursion limit, and a library in the same process (an EVM) may have
    raised that beyond what the C stack holds.
    """
    if data.count(b"[") + data.count(b"{") <= max_depth:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", data)):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > max_depth:
            raise _too_deep(max_depth)


def normalise_object(text: bytes) -> bytes:
    """Check that `text` is one strict JSON object and return its compact form.

    text: UTF-8; white space around and inside is allowed. Key order is kept, numbers become the
    shortest text that reads back as the same number. Takes ~3 us for a flat object of 20 fields.
    Raises InputError as `parse` does, and json.not-object when the text is another value.
    """
    _check_nesting(text, MAX_DEPTH)
    try:
        value = _OBJECT.decode(text)
    except _FAST_ERRORS:
        value = parse(text)
        if type_of(value) is not dict:  # pragma: no branch - both readers refuse the same objects
            raise InputError(
                "json.not-object",
                f"expected a JSON object, found {_kind(value)}",
                hint='Write one object such as {"amount": 5}.',
            ) from None
    compact = _ENCODE(value)
    # A dropped duplicate key loses a colon, and only a \u escape could add one back.
    if text.count(b":") != compact.count(b":") or b"\\u" in text:
        parse(text)
    # The decoder refuses the rest; inside arrays and objects it lets through long integers and any
    # depth, and neither can be without many digits in a row or many brackets.
    brackets = compact.count(b"{") + compact.count(b"[")
    if brackets > MAX_DEPTH or (brackets > 1 and _LONG_INTEGER in compact.translate(_DIGITS_ALIKE)):
        _check(value, MAX_DEPTH)
    return compact


def format(value: Any) -> bytes:
    """Format a JSON value as compact UTF-8 text, keys in their order.

    value: None, bool, int, float, str, list, tuple, dict with str keys, or a msgspec.Struct,
    whose fields may be what msgspec writes as JSON; elsewhere dates, bytes, sets and the like are
    refused, since each has several spellings.
    Raises InputError with code json.integer, json.number, json.depth, json.surrogate or
    json.type for what strict JSON cannot say.
    """
    if isinstance(value, msgspec.Struct):
        value = _plain(value)
    _check(value, MAX_DEPTH)
    return _ENCODE(value)


def canonicalise(value: Any) -> bytes:
    """Format a JSON value in the JSON Canonicalization Scheme.

    value: as for `format`, but no msgspec.Struct. Returns UTF-8 text, keys sorted by UTF-16 code
    units, numbers as ECMAScript writes them: a whole float of 2^53 to 10^21 becomes digits that
    `parse` refuses. Raises InputError as `format` does. Source: RFC 8785.
    """
    _check(value, MAX_DEPTH)
    return _canonical(value).encode()


def _plain(value: msgspec.Struct) -> Any:
    try:
        return msgspec.to_builtins(value, str_keys=False)
    except (TypeError, RecursionError, msgspec.MsgspecError) as err:
        raise InputError(
            "json.type", f"expected a JSON value, found one that is not: {err}"
        ) from err


def _canonical(value: Any) -> str:
    if isinstance(value, float):
        return _ecmascript(value)
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_quoted(key)}:{_canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_canonical(item) for item in value) + "]"
    return _quoted(value)


def _quoted(value: str | bool | int | None) -> str:
    return _ENCODE(value).decode()  # the escapes of ECMA-262, at a tenth of json.dumps' cost


def _ecmascript(number: float) -> str:
    """Format a finite double as ECMA-262 Number::toString does (RFC 8785, 3.2.2.3)."""
    if number == 0:
        return "0"
    match = _SHORT_NUMBER.fullmatch(repr(number))
    if match is None:  # pragma: no cover - repr of a finite float always matches
        raise InputError("json.number", f"expected a finite number, found {number!r}")
    sign, whole, fraction, exponent = match.groups(default="")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0)  # digits before the decimal point
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    return sign + _place_point(digits, point)


def _place_point(digits: str, point: int) -> str:
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    mantissa = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{mantissa}e{point - 1:+d}"


def _check(value: Any, depth: int) -> None:
    """Refuse what strict JSON cannot say, anywhere inside `value`."""
    kind = type_of(value)
    if kind is dict:
        _check_object(value, depth)
    elif kind is list or kind is tuple:
        if depth == 0:
            raise _too_deep(MAX_DEPTH)
        for item in value:
            _check(item, depth - 1)
    elif kind is int:
        if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            raise _unsafe()
    elif kind is float:
        if not math.isfinite(value):
            _refuse_constant(str(value))
    elif kind is str:
        if not value.isascii():
            _refuse_surrogates(value)
    elif value is not None and kind is not bool:
        raise InputError(
            "json.type",
            f"expected a JSON value, found {_kind(value)}",
            hint="Write dates, bytes and decimals as strings, and sets as sorted lists.",
        )


def _check_object(value: dict[Any, Any], depth: int) -> None:
    """Check an object; its plain texts and integers here, since they are most of all values."""
    if depth == 0:
        raise _too_deep(MAX_DEPTH)
    for key, item in value.items():
        if type_of(key) is not str:
            raise InputError("json.type", f"expected text as key, found {_kind(key)}")
        if not key.isascii():
            _refuse_surrogates(key)
        kind = type_of(item)
        if kind is str and item.isascii():
            continue
        if kind is int and -MAX_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER:
            continue
        _check(item, depth - 1)


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as err:
        raise InputError(
            "json.surrogate", f"expected Unicode text, found a lone surrogate {text[err.start]!a}"
        ) from err


def _unsafe() -> InputError:
    return InputError(
        "json.integer",
        "expected an integer within +-(2^53-1), found one beyond",  # not which: it may be personal
        hint="Write larger integers as strings.",
    )


def _too_deep(limit: int) -> InputError:
    return InputError("json.depth", f"expected at most {limit} levels of nesting, found more")


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    names |= {int: "a number", float: "a number", type_of(None): "null"}
    return names.get(type_of(value), type_of(value).__name__)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise InputError(
            "json.duplicate-key", f"expected each key once, found {twice[:80]!a} twice"
        )
    return found


def _refuse_constant(text: str) -> Never:
    raise InputError(
        "json.number",
        f"expected a finite number, found {text}",
        hint="JSON has no NaN or Infinity: write null or a string.",
    )


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse_constant(text[:40])
    return number


def _parse_int(text: str) -> int:
    if len(text) > 17:
        raise _unsafe()
    return int(text)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_constant=_refuse_constant,
    parse_float=_parse_float,
    parse_int=_parse_int,
)
