"""Settle what a column's values are, whichever library holds them: the table of logical types.

| logical type | Arrow types | a value is |
|---|---|---|
| `null` | null | nothing: a column in which nothing was ever written |
| `boolean` | bool | true or false |
| `integer` | all integers, signed or not | the whole number, whatever its width |
| `float` | half, float, double | the number at double precision; -0.0 is 0.0; NaN is missing |
| `decimal` | decimal32 to decimal256 | the number, whatever its scale: 1.50 is 1.5 |
| `string` | string, large, view | its UTF-8 bytes, not normalised |
| `binary` | binary, large, view, fixed size | its bytes |
| `date` | date32, date64 | the day |
| `time` | time32, time64 | nanoseconds since midnight |
| `timestamp` | timestamp without a zone | the time on the clock, to the nanosecond |
| `instant` | timestamp with a zone | the moment, to the nanosecond, whatever the zone |
| `duration` | duration | the length, to the nanosecond |
| `list<T>` | list, large, view, fixed size | its elements, in order |
| `struct<name: T, ...>` | struct | its fields, in order; a name of other letters as a JSON text |
| `map<K, V>` | map | its pairs, in order |

A dictionary (categorical) is what its values are, and so is a run-end encoding. Missing is
missing: a null, and NaN in a float column, since pandas cannot tell the two apart. This module
refuses intervals, unions, and extension types but UUID and JSON.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.provenance.fingerprint.extra import need

__all__ = ["logical_type", "plain"]

_DEPTH_MAX: Final = 16
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def logical_type(kind: Any, where: str, depth: int = 0) -> str:
    """Name the logical type of an Arrow type.

    where: how errors name the column. Raises InputError with code dataset.column-type.

    >>> import pyarrow as pa
    >>> logical_type(pa.dictionary(pa.int8(), pa.large_string()), "x")
    'string'
    >>> logical_type(pa.list_(pa.struct({"at": pa.timestamp("ms", "UTC")})), "x")
    'list<struct<at: instant>>'
    """
    types = need("pyarrow").types
    if depth > _DEPTH_MAX:
        raise _unsettled(where, f"nesting beyond {_DEPTH_MAX} levels")
    for name, tests in _SCALARS.items():
        if any(getattr(types, f"is_{test}")(kind) for test in tests):
            return name
    if types.is_timestamp(kind):
        return "timestamp" if kind.tz is None else "instant"
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return logical_type(kind.value_type, where, depth + 1)
    if types.is_map(kind):
        key = logical_type(kind.key_type, where, depth + 1)
        return f"map<{key}, {logical_type(kind.item_type, where, depth + 1)}>"
    if types.is_struct(kind):
        return f"struct<{', '.join(_members(kind, where, depth))}>"
    if _is_list(types, kind):
        return f"list<{logical_type(kind.value_type, where, depth + 1)}>"
    stored = _storage(kind)
    if stored is None:
        raise _unsettled(where, str(kind))
    return logical_type(stored, where, depth + 1)


def plain(array: Any) -> Any:
    """Take an array out of its dictionary, run-end encoding or extension type; lists get one form.

    array: a pyarrow Array. Returns one of the types that `cells` encodes.
    """
    arrow, compute = need("pyarrow"), need("pyarrow.compute")
    types, kind = arrow.types, array.type
    if types.is_dictionary(kind):
        values = plain(array.dictionary)  # Arrow takes from no view
        return plain(arrow.DictionaryArray.from_arrays(array.indices, values).dictionary_decode())
    if types.is_string_view(kind):
        return array.cast(arrow.large_string())
    if types.is_binary_view(kind):
        return array.cast(arrow.large_binary())
    if types.is_run_end_encoded(kind):
        return plain(compute.run_end_decode(array))
    if _storage(kind) is not None:
        return plain(array.storage)
    if _is_list(types, kind) and not (types.is_list(kind) or types.is_large_list(kind)):
        return array.cast(arrow.large_list(kind.value_type))
    return array


_SCALARS: Final[dict[str, tuple[str, ...]]] = {
    "null": ("null",),
    "boolean": ("boolean",),
    "integer": ("integer",),
    "float": ("floating",),
    "decimal": ("decimal",),
    "string": ("string", "large_string", "string_view"),
    "binary": ("binary", "large_binary", "fixed_size_binary", "binary_view"),
    "date": ("date",),
    "time": ("time",),
    "duration": ("duration",),
}


def _members(kind: Any, where: str, depth: int) -> list[str]:
    fields = [kind.field(at) for at in range(kind.num_fields)]
    return [
        f"{_quoted(f.name)}: {logical_type(f.type, f'{where}.{f.name}', depth + 1)}" for f in fields
    ]


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else json.dumps(name)


def _is_list(types: Any, kind: Any) -> bool:
    tests = (types.is_list, types.is_large_list, types.is_fixed_size_list)
    views = (types.is_list_view, types.is_large_list_view)
    return any(test(kind) for test in (*tests, *views))


def _storage(kind: Any) -> Any:
    name = getattr(kind, "extension_name", None)
    return kind.storage_type if name in ("arrow.uuid", "arrow.json") else None


def _unsettled(where: str, found: str) -> InputError:
    return InputError(
        "dataset.column-type",
        f"expected a type that is the same for every library in column {where[:80]!a}, "
        f"found {found[:120]}",
        hint="Turn the column into plain values, such as text, before it is fingerprinted.",
    )
