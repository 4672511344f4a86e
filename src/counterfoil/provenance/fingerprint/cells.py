"""Write the values of a column as bytes that are the same from every library: its cells.

A cell is one byte that says whether there is a value (1, or 2 for a whole number of 2^63 and
more; 0 for a missing one), and then the value:

| logical type | bytes of a value |
|---|---|
| null | none |
| boolean | 1: 0 or 1 |
| integer | 8, big endian, two's complement; after a 2 unsigned |
| float | 8, IEEE 754 double, big endian |
| date | 8, days since 1970-01-01, big endian, two's complement |
| time | 8, nanoseconds since midnight, big endian |
| timestamp, instant, duration | 8 for the seconds, rounded down, and 4 for the nanoseconds |
| string, binary, decimal (its shortest text, no exponent) | 4 for the length, and the bytes |
| list, map | 4 for the number of elements, and their cells |
| struct | the cells of its fields; a map's element is a struct of key and value |

Cells of fixed width have it when the value is missing, too, with zeros. All of a column is written
at once, by numpy and Arrow. This module refuses to know rows.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import numpy as np

from counterfoil.errors import InputError
from counterfoil.provenance.fingerprint.extra import need
from counterfoil.provenance.fingerprint.logical import plain

__all__ = ["Cells", "cells_of", "join", "offsets_of", "strings_of"]

_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_VALUE_MAX: Final = 1 << 31

Cells = Any
"""A (n, width) uint8 array where all cells are of one width, else a pyarrow LargeBinaryArray."""


def cells_of(array: Any) -> Cells:
    """Write a column's cells.

    array: a pyarrow Array of a type that `logical_type` names. Raises InputError with code
    dataset.value for text that is not UTF-8 or too long.
    """
    arrow = need("pyarrow")
    types, array = arrow.types, plain(array)
    kind = array.type
    if types.is_null(kind):
        return np.zeros((len(array), 1), np.uint8)
    if types.is_struct(kind):
        return _structs(array)
    if types.is_map(kind) or types.is_list(kind) or types.is_large_list(kind):
        return _lists(array)
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind):
        return _numbers(array)
    if types.is_date(kind) or types.is_time(kind):
        return _days_or_times(array)
    if types.is_timestamp(kind) or types.is_duration(kind):
        return _seconds(array)
    if types.is_decimal(kind):
        array = _shortest(array.cast(arrow.string()))
    return _texts(array)


def join(parts: list[Cells], rows: int) -> Cells:
    """Put the cells of several columns side by side, row by row."""
    merged: list[Cells] = []
    for part in parts:
        if merged and isinstance(part, np.ndarray) and isinstance(merged[-1], list):
            merged[-1].append(part)
        else:
            merged.append([part] if isinstance(part, np.ndarray) else part)
    flat = [np.concatenate(one, axis=1) if isinstance(one, list) else one for one in merged]
    if not flat:
        return np.zeros((rows, 0), np.uint8)
    if len(flat) == 1:
        return flat[0]
    compute, arrow = need("pyarrow.compute"), need("pyarrow")
    empty = arrow.scalar(b"", arrow.large_binary())
    return compute.binary_join_element_wise(*map(strings_of, flat), empty)


def strings_of(cells: Cells) -> Any:
    """Give cells as a LargeBinaryArray, whatever their form."""
    arrow = need("pyarrow")
    if not isinstance(cells, np.ndarray):
        return cells
    rows, width = cells.shape
    offsets = np.arange(rows + 1, dtype=np.int64) * width
    data = arrow.py_buffer(np.ascontiguousarray(cells))
    buffers = [None, arrow.py_buffer(offsets), data]
    return arrow.Array.from_buffers(arrow.large_binary(), rows, buffers)


def _there(array: Any) -> Any:
    """Which rows have a value: (n,) bool."""
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def _fixed(there: Any, *values: Any) -> Cells:
    """Lay out cells of one width: the tag, and big-endian values, zero where none is there."""
    parts = [there.astype(np.uint8).reshape(-1, 1)]
    for value in values:
        blank = np.where(there, value, np.zeros(1, value.dtype))
        wide = blank.astype(blank.dtype.newbyteorder(">"))
        parts.append(wide.view(np.uint8).reshape(len(there), wide.itemsize))
    return np.concatenate(parts, axis=1)


def _numbers(array: Any) -> Cells:
    arrow, compute = need("pyarrow"), need("pyarrow.compute")
    types, kind = arrow.types, array.type
    there = _there(array)
    if types.is_boolean(kind):
        found = compute.fill_null(array, False).to_numpy(zero_copy_only=False)
        return _fixed(there, found.astype(np.uint8))
    if types.is_floating(kind):
        found = array.cast(arrow.float64()).to_numpy(zero_copy_only=False)
        there &= ~np.isnan(found)
        return _fixed(there, found + 0.0)  # -0.0 + 0.0 is 0.0
    found = compute.fill_null(array, 0).to_numpy(zero_copy_only=False)
    if not types.is_uint64(kind):
        return _fixed(there, found.astype(np.int64))
    cells = _fixed(there, found)
    cells[there & (found >= np.uint64(1 << 63)), 0] = 2
    return cells


def _integers(array: Any) -> Any:
    compute, arrow = need("pyarrow.compute"), need("pyarrow")
    stored = array.cast(arrow.int32() if array.type.bit_width == 32 else arrow.int64())
    return compute.fill_null(stored.cast(arrow.int64()), 0).to_numpy(zero_copy_only=False)


def _days_or_times(array: Any) -> Cells:
    arrow = need("pyarrow")
    kind, there, found = array.type, _there(array), _integers(array)
    if arrow.types.is_date64(kind):
        found = found // 86_400_000
    elif not arrow.types.is_date32(kind):
        found = found * (10**9 // _PER_SECOND[kind.unit])
    return _fixed(there, found)


def _seconds(array: Any) -> Cells:
    per = _PER_SECOND[array.type.unit]
    there, found = _there(array), _integers(array)
    return _fixed(there, found // per, (found % per * (10**9 // per)).astype(np.uint32))


def _shortest(text: Any) -> Any:
    """Write decimals without exponents or needless zeros: 1.500 as 1.5, 2.00 as 2, -0 as 0."""
    compute = need("pyarrow.compute")
    if compute.any(compute.match_substring(text, "E")).as_py():  # small ones, 0E-8 among them
        text = _without_exponents(text)
    pointed = compute.match_substring(text, ".")
    trimmed = compute.utf8_rtrim(compute.utf8_rtrim(text, "0"), ".")
    text = compute.if_else(pointed, trimmed, text)
    return compute.if_else(compute.equal(text, "-0"), "0", text)


def _without_exponents(text: Any) -> Any:
    arrow, encoded = need("pyarrow"), text.dictionary_encode()
    values = [format(Decimal(one), "f") for one in encoded.dictionary.to_pylist()]
    plain_ones = arrow.array(values, text.type)
    return arrow.DictionaryArray.from_arrays(encoded.indices, plain_ones).dictionary_decode()


def _texts(array: Any) -> Cells:
    arrow, compute = need("pyarrow"), need("pyarrow.compute")
    is_text = not (
        arrow.types.is_binary(array.type)
        or arrow.types.is_large_binary(array.type)
        or arrow.types.is_binary_view(array.type)
        or arrow.types.is_fixed_size_binary(array.type)
    )
    try:
        if is_text:
            array.validate(full=True)
        if arrow.types.is_fixed_size_binary(array.type):
            array = array.cast(arrow.binary())
        found = array.cast(arrow.large_binary())
    except arrow.ArrowException as err:
        raise InputError(
            "dataset.value",
            f"expected UTF-8 in a column of text, but: {str(err)[:200]}",
            hint="Mend the text, or keep the column as binary.",
        ) from err
    there = _there(found)
    lengths = compute.fill_null(compute.binary_length(found), 0).to_numpy(zero_copy_only=False)
    if len(lengths) and int(lengths.max()) >= _VALUE_MAX:
        raise InputError("dataset.value", "expected values of less than 2 GiB, found a larger one")
    head = strings_of(_fixed(there, lengths.astype(np.uint32)))
    body = compute.fill_null(found, b"")
    return compute.binary_join_element_wise(head, body, arrow.scalar(b"", arrow.large_binary()))


def _structs(array: Any) -> Cells:
    head = _fixed(_there(array))
    return join([head, *map(cells_of, array.flatten())], len(array))


def _lists(array: Any) -> Cells:
    """Join the cells of each list's elements; null lists have none."""
    arrow, compute = need("pyarrow"), need("pyarrow.compute")
    there = _there(array)
    if arrow.types.is_map(array.type):
        pair = arrow.struct([array.type.key_field, array.type.item_field])
        array = array.cast(arrow.list_(pair))
    lengths = compute.fill_null(compute.list_value_length(array), 0)
    counts = np.asarray(lengths.to_numpy(zero_copy_only=False), dtype=np.int64)
    elements = strings_of(cells_of(array.flatten()))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    data = elements.buffers()[2]
    bounds = arrow.py_buffer(offsets_of(elements)[offsets])
    joined = arrow.Array.from_buffers(arrow.large_binary(), len(array), [None, bounds, data])
    head = strings_of(_fixed(there, counts.astype(np.uint32)))
    return compute.binary_join_element_wise(head, joined, arrow.scalar(b"", arrow.large_binary()))


def offsets_of(strings: Any) -> Any:
    """Where each value of a LargeBinaryArray begins in its data: (n + 1,) int64."""
    found = np.frombuffer(strings.buffers()[1], dtype=np.int64)
    return found[strings.offset : strings.offset + len(strings) + 1]
