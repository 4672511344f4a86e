"""Read the wire format of Protocol Buffers, as far as an ONNX file needs it.

So an ONNX file is known for one, and one that was cut short is refused, without loading a library
on bytes of strangers. This module refuses groups, which no ONNX file has.
Source: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from counterfoil.errors import InputError

__all__ = ["Field", "field_bytes", "fields", "floats", "integers"]

Field = tuple[int, int | memoryview]
"""(number, value): an integer for varints, else the bytes."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_MAX_BYTES: Final = 10


def fields(data: memoryview) -> Iterator[Field]:
    """List a message's fields in order, to its last byte.

    Raises InputError with code model.protobuf when it is cut short or no message.
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if not 0 < number < 1 << 29:
            raise _broken(at, f"a field's number, found {number}")
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise _broken(at, f"a wire type of 0, 1, 2 or 5, found {kind}")
        if size > len(data) - at:
            raise _broken(at, f"{size} bytes, found {len(data) - at}: the file is cut short")
        yield number, data[at : at + size]
        at += size


def field_bytes(number: int, value: bytes) -> bytes:
    """Write a field of bytes; appended to a message, it is one more of a repeated field."""
    return _put(number << 3 | _BYTES) + _put(len(value)) + value


def floats(value: int | memoryview) -> tuple[float, ...]:
    """Read one 32-bit float, or a packed list of them."""
    data = _octets(value)
    if len(data) % 4:
        raise _broken(0, f"32-bit floats, found {len(data)} bytes")
    return struct.unpack(f"<{len(data) // 4}f", data)


def integers(value: int | memoryview) -> tuple[int, ...]:
    """Read one 64-bit integer, or a packed list of them."""
    if isinstance(value, int):
        return (_signed(value),)
    found, at = [], 0
    while at < len(value):
        one, at = _varint(value, at)
        found.append(_signed(one))
    return tuple(found)


def _octets(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise _broken(0, "bytes, found a number")
    return value


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    for place in range(at, min(at + _VARINT_MAX_BYTES, len(data))):
        value |= (data[place] & 0x7F) << shift
        shift += 7
        if data[place] < 0x80:
            return value, place + 1
    raise _broken(at, "a whole number, found the end of the file or none")


def _put(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _broken(at: int, what: str) -> InputError:
    return InputError("model.protobuf", f"expected at byte {at} {what}")
