"""Take what a decision was made on as plain JSON values, or say which one is none.

A model that was asked with a NumPy float or a missing value answers from a number; this is the
number that is recorded, and scored again when the decision is replayed. This module refuses
infinity, values that are no JSON, and inputs too large for a statement.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from hashlib import sha256
from numbers import Integral, Real
from typing import Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.json_text import canonicalise
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["INPUTS_MAX_BYTES", "SALT_BYTES", "inputs_digest", "plain_inputs", "schema_digest"]

INPUTS_MAX_BYTES: Final = 32_768
"""Largest inputs of one decision, bytes of JSON text."""

SALT_BYTES: Final = 16
"""Length of the salt of inputs that are not kept, bytes."""

_NAME_MAX: Final = 240  # a sealed field's name is `inputs/` and this, of 255 characters at most
_DEPTH_MAX: Final = 16
_AS_THEY_ARE: Final = frozenset({str, bool, type(None)})
_ENCODE: Final = msgspec.json.Encoder().encode


def plain_inputs(inputs: Any) -> dict[str, Any]:
    """Copy inputs as plain JSON values.

    inputs: a mapping, or a pandas Series: name -> number, text, bool, None, or lists and mappings
    of such. NumPy scalars are unwrapped; NaN is a missing value and becomes None, as a model that
    takes missing values takes both.
    Raises InputError with code decision.inputs, decision.input-name, decision.input-type,
    decision.input-number or decision.inputs-size.

    >>> plain_inputs({"age": 39, "gain": float("nan")})
    {'age': 39, 'gain': None}
    """
    try:
        plain: dict[str, Any] = dict(inputs)
    except (TypeError, ValueError) as err:
        raise InputError(
            "decision.inputs",
            f"expected a mapping of names to values, found {type(inputs).__name__}",
            hint='For example {"age": 39, "workclass": "Private"}; of a table, one row.',
        ) from err
    for name, value in plain.items():
        kind = type(value)
        if kind is float:
            if value - value != 0.0:
                plain[name] = _number(name, value)
        elif kind is int:
            if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
                _number(name, value)
        elif kind not in _AS_THEY_ARE:
            plain[name] = _plain(name, value, _DEPTH_MAX)
        if type(name) is not str or not 0 < len(name) <= _NAME_MAX or not name.isprintable():
            raise _wrong_name(name)
    _check_size(plain)
    return plain


def schema_digest(names: Iterable[str]) -> str:
    """Compute the digest of the names of inputs in order, 64 hexadecimal digits."""
    return sha256("".join(f"{name}\n" for name in names).encode()).hexdigest()


def inputs_digest(inputs: Mapping[str, Any], salt: bytes) -> str:
    """Compute the salted digest of plain inputs, 64 hexadecimal digits. salt: 16 bytes."""
    return sha256(salt + canonicalise(dict(inputs))).hexdigest()


def _check_size(plain: Mapping[str, Any]) -> None:
    try:
        size = len(_ENCODE(plain))
    except UnicodeEncodeError as err:
        raise InputError(
            "decision.input-type", "expected text of Unicode characters, found half of one"
        ) from err
    if size > INPUTS_MAX_BYTES:
        name = max(plain, key=lambda one: len(_ENCODE(plain[one])))
        raise InputError(
            "decision.inputs-size",
            f"expected inputs of at most {INPUTS_MAX_BYTES} bytes, found {size}; the largest is "
            f"{name!a}",
            hint="Keep what is large elsewhere and give its digest, or use keep_inputs=False.",
        )


def _plain(name: object, value: Any, depth: int) -> Any:
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        value = item()
    if value is None or isinstance(value, (str, bool)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, (Integral, Real)):
        return _number(name, value)
    if depth and isinstance(value, Mapping):
        return {_key(name, key): _plain(name, one, depth - 1) for key, one in value.items()}
    if depth and isinstance(value, (list, tuple)):
        return [_plain(name, one, depth - 1) for one in value]
    raise InputError(
        "decision.input-type",
        f"expected a number, text, bool, None, or lists and mappings of such as {name!a}, found "
        f"{type(value).__name__}",
        hint="Write dates and bytes as text.",
    )


def _number(name: object, value: Any) -> int | float | None:
    if isinstance(value, Integral):
        if abs(whole := int(value)) <= MAX_SAFE_INTEGER:
            return whole
        raise InputError(
            "decision.input-number",
            f"expected a whole number of at most 2^53 - 1 as {name!a}, found one of "
            f"{whole.bit_length()} bits",
            hint="Larger ones are not the same for every reader of JSON: write it as text.",
        )
    number = float(value)
    if math.isnan(number):
        return None
    if math.isinf(number):
        raise InputError(
            "decision.input-number",
            f"expected a finite number as {name!a}, found {number}",
            hint="Decide what an overflow means before the model is asked.",
        )
    return number


def _key(name: object, key: object) -> str:
    if isinstance(key, str):
        return str(key)
    raise InputError(
        "decision.input-type",
        f"expected texts as keys inside {name!a}, found {type(key).__name__}",
    )


def _wrong_name(name: object) -> InputError:
    return InputError(
        "decision.input-name",
        f"expected names of 1 to {_NAME_MAX} printable characters, found {str(name)[:80]!a}",
        hint="Name each input as the model's features are named.",
    )
