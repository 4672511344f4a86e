"""Say Arrow values in JSON, exactly and without a choice left to the reader.

| Arrow | JSON |
|---|---|
| null, bool, string | null, true or false, string |
| integers | number; beyond +-(2^53-1) the value's digits as a string |
| floats | number, at double precision; "NaN", "Infinity", "-Infinity", which JSON has not |
| decimal | string, all digits of its scale, never an exponent |
| date, time | "2018-07-18", "00:00:37.25" |
| timestamp | "2018-07-18T00:00:37.25"; with a zone, in UTC: "2018-07-18T00:00:37.25Z" |
| binary | string, standard base64 |
| list | array |
| struct | object |
| map | object when its keys are strings, else an array of {"key", "value"} |
| dictionary | what its values become |
| extension | a UUID as its text, others as what they are stored as |

Zeros at the end of a fraction of a second are dropped, and so is an empty fraction, value by
value, whatever the column's unit. A null of any type is null; nothing else ever becomes null.
This module refuses, naming the column, other types (durations, intervals, unions), dates outside
the years 1 to 9999, times outside a day, text that is not UTF-8 and maps with a key twice.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import islice, pairwise
from math import isfinite
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as kinds

from counterfoil.errors import InputError
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["check_fields", "values_of"]

_DEPTH_MAX: Final = 32  # well inside what the JSON reader takes
_UNITS: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # a second
_DAY_S: Final = 86_400
_FIRST_DAY: Final = -719_162  # 0001-01-01, days since 1970-01-01
_LAST_DAY: Final = 2_932_896  # 9999-12-31
_TRAILING_ZEROS: Final = r"(\.[0-9]*[1-9])0+$|\.0+$"
_NOT_FINITE: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def check_fields(fields: Sequence[pa.Field], where: str = "the file", depth: int = 0) -> None:
    """Refuse fields that cannot become the members of one JSON object.

    fields: a schema, or a struct's fields. Raises InputError with code source.columns (none, too
    deep, an empty or repeated name) or source.column-type, naming the column.
    """
    names = [field.name for field in fields]
    if not names:
        raise InputError("source.columns", f"{where}: expected at least one column, found none")
    for place, name in enumerate(names):
        if not name or name in names[:place]:
            raise InputError(
                "source.columns",
                f"{where}: expected a name for each column, each once, found {name[:80]!r}"
                + (" twice" if name else ""),
                hint="Rename the columns before recording.",
            )
    for field in fields:
        inside = f"column {field.name!r}" if depth == 0 else f"{where}, field {field.name!r}"
        _check_type(field.type, inside, depth)


def values_of(column: pa.Array, where: str) -> list[Any]:
    """Return a column's values as JSON values, as the table of this module says.

    where: how errors name the column. Types are those that `check_fields` lets pass.
    Raises InputError with code source.value.
    """
    try:
        return _converter(column.type)(column, where)
    except pa.ArrowException as err:
        raise _bad(where, "values that can be written as text", str(err)[:200]) from err


def _check_type(kind: pa.DataType, where: str, depth: int) -> None:
    if depth > _DEPTH_MAX:
        raise InputError(
            "source.columns", f"expected at most {_DEPTH_MAX} levels of nesting, found more"
        )
    if isinstance(kind, pa.BaseExtensionType):
        _check_type(kind.storage_type, where, depth + 1)
    elif kinds.is_struct(kind):
        check_fields(list(kind), where, depth + 1)
    elif kinds.is_map(kind):
        _check_type(kind.key_type, where, depth + 1)
        _check_type(kind.item_type, where, depth + 1)
    elif _is_list(kind) or kinds.is_dictionary(kind):
        _check_type(kind.value_type, where, depth + 1)
    elif not any(test(kind) for test, _ in _CONVERTERS):
        raise InputError(
            "source.column-type",
            f"{where}: expected a type that JSON can say, found {kind}",
            hint="Cast the column to an integer or to text, or leave it out.",
        )


def _converter(kind: pa.DataType) -> Callable[[pa.Array, str], list[Any]]:
    if isinstance(kind, pa.BaseExtensionType):
        return _extension
    return next(convert for test, convert in _CONVERTERS if test(kind))


def _as_is(column: pa.Array, where: str) -> list[Any]:
    try:
        return column.to_pylist()  # type: ignore[no-any-return] # pyarrow ships no types
    except UnicodeDecodeError as err:
        raise _bad(where, "UTF-8 text", f"byte {err.object[err.start]:#04x}") from err


def _integers(column: pa.Array, where: str) -> list[Any]:
    values = _as_is(column, where)
    low, high = pc.min_max(column).as_py().values()
    if low is None or (low >= -MAX_SAFE_INTEGER and high <= MAX_SAFE_INTEGER):
        return values
    return [
        v if v is None or -MAX_SAFE_INTEGER <= v <= MAX_SAFE_INTEGER else str(v) for v in values
    ]


def _floats(column: pa.Array, where: str) -> list[Any]:
    if kinds.is_float16(column.type):
        column = column.cast(pa.float32())
    values = _as_is(column, where)
    # The encoder would write NaN as null without a word.
    if pc.all(pc.is_finite(column)).as_py() is not False:
        return values
    return [v if v is None or isfinite(v) else _NOT_FINITE[str(v)] for v in values]


def _decimals(column: pa.Array, where: str) -> list[Any]:
    texts = _as_is(column.cast(pa.string()), where)
    return [t if t is None or "E" not in t else f"{Decimal(t):f}" for t in texts]


def _dates(column: pa.Array, where: str) -> list[Any]:
    _refuse_outside(column.cast(pa.date32()).cast(pa.int32()), _FIRST_DAY, _LAST_DAY, where)
    return _as_is(column.cast(pa.string()), where)


def _times(column: pa.Array, where: str) -> list[Any]:
    last = _DAY_S * _UNITS[column.type.unit] - 1
    whole = pa.int32() if kinds.is_time32(column.type) else pa.int64()
    _refuse_outside(column.cast(whole), 0, last, where)
    return _as_is(_without_zeros(column.cast(pa.string())), where)


def _timestamps(column: pa.Array, where: str) -> list[Any]:
    unit = column.type.unit
    second = _UNITS[unit]
    ticks = column.cast(pa.int64())  # UTC where there is a zone
    first, last = _FIRST_DAY * _DAY_S * second, (_LAST_DAY + 1) * _DAY_S * second - 1
    _refuse_outside(ticks, max(first, -(2**63)), min(last, 2**63 - 1), where)
    naive = ticks.cast(pa.timestamp(unit))
    try:
        # Whole seconds, the common case: no fraction is written that would have to be cut off.
        text = naive.cast(pa.timestamp("s")).cast(pa.string())
    except pa.ArrowInvalid:
        text = _without_zeros(naive.cast(pa.string()))
    text = pc.utf8_replace_slice(text, 10, 11, "T")
    if column.type.tz is not None:
        text = pc.binary_join_element_wise(text, "Z", "")
    return _as_is(text, where)


def _without_zeros(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(text, _TRAILING_ZEROS, r"\1")


def _refuse_outside(numbers: pa.Array, first: int, last: int, where: str) -> None:
    low, high = pc.min_max(numbers).as_py().values()
    if low is not None and not (first <= low and high <= last):
        raise _bad(where, "a time of day, or a date in the years 1 to 9999", "one outside")


def _binaries(column: pa.Array, where: str) -> list[Any]:
    values = _as_is(column, where)
    return [v if v is None else base64.b64encode(v).decode() for v in values]


def _dictionaries(column: pa.Array, where: str) -> list[Any]:
    if len(column.dictionary) > len(column):  # a batch of a column of many words
        return values_of(column.dictionary_decode(), where)
    words = values_of(column.dictionary, where)
    return [v if v is None else words[v] for v in column.indices.to_pylist()]


def _extension(column: pa.Array, where: str) -> list[Any]:
    if column.type.extension_name == "arrow.uuid":
        raw = column.storage.to_pylist()
        return [v if v is None else str(uuid.UUID(bytes=v)) for v in raw]
    return values_of(column.storage, where)


def _lists(column: pa.Array, where: str) -> list[Any]:
    # By lengths, never by a cast: Arrow 26 loses the items of list views when it casts them.
    items = iter(values_of(pc.list_flatten(column), where))
    lengths = pc.list_value_length(column).to_pylist()
    return [None if length is None else list(islice(items, length)) for length in lengths]


def _maps(column: pa.Array, where: str) -> list[Any]:
    ends = column.offsets.to_pylist()
    # Only this window's pairs: a batch may be a window on a far longer column.
    low, high = ends[0], ends[-1]
    keys = values_of(column.keys[low:high], where)
    items = values_of(column.items[low:high], where)
    pairs = list(zip(keys, items, strict=True))
    named = _is_text(column.type.key_type)
    valid = column.is_valid().to_pylist()
    return [
        _map(pairs[a - low : b - low], named, where) if ok else None
        for (a, b), ok in zip(pairwise(ends), valid, strict=True)
    ]


def _map(pairs: list[tuple[Any, Any]], named: bool, where: str) -> Any:
    if not named:
        return [{"key": key, "value": value} for key, value in pairs]
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _bad(where, "each key of a map once", "one twice")
    return made


def _structs(column: pa.Array, where: str) -> list[Any]:
    names = [field.name for field in column.type]
    members = [
        values_of(member, f"{where}, field {name!r}")
        for name, member in zip(names, column.flatten(), strict=True)
    ]
    valid = column.is_valid().to_pylist()
    return [
        dict(zip(names, row, strict=True)) if ok else None
        for *row, ok in zip(*members, valid, strict=True)
    ]


def _bad(where: str, expected: str, found: str) -> InputError:
    return InputError(
        "source.value", f"{where}: expected {expected}, found {found}", hint="Correct the column."
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind))


def _is_plain(kind: pa.DataType) -> bool:
    return bool(kinds.is_null(kind) or kinds.is_boolean(kind)) or _is_text(kind)


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        kinds.is_binary(kind)
        or kinds.is_large_binary(kind)
        or kinds.is_fixed_size_binary(kind)
        or kinds.is_binary_view(kind)
    )


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        kinds.is_list(kind)
        or kinds.is_large_list(kind)
        or kinds.is_fixed_size_list(kind)
        or kinds.is_list_view(kind)
        or kinds.is_large_list_view(kind)
    )


_CONVERTERS: Final[
    tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array, str], list[Any]]], ...]
] = (
    (kinds.is_integer, _integers),
    (kinds.is_floating, _floats),
    (_is_plain, _as_is),
    (kinds.is_timestamp, _timestamps),
    (kinds.is_date, _dates),
    (kinds.is_time, _times),
    (kinds.is_decimal, _decimals),
    (_is_binary, _binaries),
    (kinds.is_dictionary, _dictionaries),
    (_is_list, _lists),
    (kinds.is_struct, _structs),
    (kinds.is_map, _maps),
)
