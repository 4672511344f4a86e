"""Read and write CBOR in its one deterministic encoding.

COSE is written in CBOR, which lets one value have many encodings: long forms of short numbers,
lengths left open, keys in any order and twice. Each would be another leaf for the same words, and
two readers could see two things. So this module reads only what it would have written itself. It
is our own because an old log must be readable without an extra, and because general readers turn
tags into objects and put up with what must be refused here. It refuses simple values other than
false, true and null, and keys of maps that are neither integers, text nor bytes.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.errors import InputError

__all__ = ["CBOR_MAX_BYTES", "MAX_DEPTH", "Tagged", "format", "parse"]

CBOR_MAX_BYTES: Final = 1 << 20
"""Longest text that is read, bytes: a statement with its receipts."""

MAX_DEPTH: Final = 16
"""Deepest nesting that is read or written, levels."""

_UINT, _NINT, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_SIMPLES: Final = {20: False, 21: True, 22: None}
_MAX_HEAD: Final = (1 << 64) - 1
_FLOATS: Final = ((0xF9, ">e", 2), (0xFA, ">f", 4), (0xFB, ">d", 8))
_NAN: Final = b"\xf9\x7e\x00"
_HINT: Final = "Encode it deterministically (RFC 8949, 4.2.1): shortest forms, keys in order."


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value under a tag. number: 0 to 2^64 - 1."""

    number: int
    value: Any


def parse(data: bytes) -> Any:
    """Parse one value in its deterministic encoding.

    data: 1 byte to 1 MiB. Returns int, bytes, str, list, dict, Tagged, bool, float or None.
    Raises InputError with code cbor.malformed, cbor.not-deterministic, cbor.unsupported,
    cbor.depth or cbor.size. Source: RFC 8949, 3 and 4.2.1.
    """
    if len(data) > CBOR_MAX_BYTES:
        raise InputError("cbor.size", f"expected at most {CBOR_MAX_BYTES} bytes, found {len(data)}")
    reader = _Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise _malformed(f"the end at byte {reader.at}", f"{len(data) - reader.at} more bytes")
    return value


def format(value: Any) -> bytes:
    """Format a value in its deterministic encoding.

    Raises InputError with code cbor.unsupported for what has none here, or cbor.depth.
    """
    found = bytearray()
    _write(value, found, 0)
    return bytes(found)


class _Reader:
    """Reads values one after the other. at: the next byte."""

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def value(self, depth: int) -> Any:
        """Read the next value, which stands `depth` levels deep."""
        if depth > MAX_DEPTH:
            raise _too_deep()
        start = self.at
        (first,) = self._take(1)
        major, info = first >> 5, first & 31
        if major == _SIMPLE:
            return self._simple(first, info)
        number = self._number(info)
        if major == _UINT:
            return number
        if major == _NINT:
            return -1 - number
        if major == _BYTES:
            return self._take(number)
        if major == _TEXT:
            return self._text(number)
        if major == _ARRAY:
            self._require_room(number)
            return [self.value(depth + 1) for _ in range(number)]
        if major == _MAP:
            self._require_room(2 * number)
            return self._map(number, depth, start)
        return Tagged(number, self.value(depth + 1))

    def _take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self._data):
            raise _malformed(
                f"{count} bytes from byte {self.at} on", f"{len(self._data) - self.at}"
            )
        found, self.at = self._data[self.at : end], end
        return found

    def _number(self, info: int) -> int:
        """Read what follows a first byte: in the byte itself, or in 1, 2, 4 or 8 more."""
        if info < 24:
            return info
        if info > 27:
            if info == 31:
                raise _not_deterministic("a length", "one left open")
            raise _malformed("a length", f"the reserved {info}")
        width = 1 << (info - 24)
        number = int.from_bytes(self._take(width), "big")
        if number < (24 if width == 1 else 1 << (4 * width)):
            raise _not_deterministic(f"the shortest form of {number}", f"{width} bytes")
        return number

    def _require_room(self, count: int) -> None:
        """Refuse more items than there are bytes, before a list of them is made."""
        if count > len(self._data) - self.at:
            raise _malformed(f"{count} items", f"{len(self._data) - self.at} bytes")

    def _text(self, count: int) -> str:
        try:
            return self._take(count).decode()
        except UnicodeDecodeError as err:
            raise _malformed("text in UTF-8", "other bytes") from err

    def _map(self, count: int, depth: int, start: int) -> dict[int | str | bytes, Any]:
        found: dict[int | str | bytes, Any] = {}
        before = b""
        for _ in range(count):
            begin = self.at
            key = self.value(depth + 1)
            if type(key) not in (int, str, bytes):
                raise _unsupported("a key that is an integer, text or bytes", type(key).__name__)
            written = self._data[begin : self.at]
            if written <= before:  # a first byte is never absent, so the first key is above b""
                raise _not_deterministic(
                    f"the keys of the map at byte {start} in order, each once", "others"
                )
            before = written
            found[key] = self.value(depth + 1)
        return found

    def _simple(self, first: int, info: int) -> bool | float | None:
        for head, code, width in _FLOATS:
            if first == head:
                raw = self._take(width)
                number: float = struct.unpack(code, raw)[0]
                if _float_bytes(number) != bytes([first]) + raw:
                    raise _not_deterministic("the shortest form of a number", f"{width} bytes")
                return number
        if info not in _SIMPLES:
            raise _unsupported("false, true, null or a number", f"the simple value {info}")
        return _SIMPLES[info]


def _write(value: Any, found: bytearray, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _too_deep()
    kind = type(value)
    if value is None or kind is bool:
        found.append(0xF6 if value is None else 0xF5 if value else 0xF4)
    elif kind is int:
        _write_head(found, _UINT if value >= 0 else _NINT, value if value >= 0 else -1 - value)
    elif kind is float:
        found += _float_bytes(value)
    elif kind is bytes:
        _write_head(found, _BYTES, len(value))
        found += value
    elif kind is str:
        encoded = _utf8(value)
        _write_head(found, _TEXT, len(encoded))
        found += encoded
    elif kind is list or kind is tuple:
        _write_head(found, _ARRAY, len(value))
        for item in value:
            _write(item, found, depth + 1)
    elif kind is dict:
        _write_map(value, found, depth)
    elif kind is Tagged:
        _write_head(found, _TAG, value.number)
        _write(value.value, found, depth + 1)
    else:
        raise _unsupported("a value that CBOR has here", kind.__name__)


def _write_map(value: dict[Any, Any], found: bytearray, depth: int) -> None:
    written: list[tuple[bytes, Any]] = []
    for key, item in value.items():
        if type(key) not in (int, str, bytes):
            raise _unsupported("a key that is an integer, text or bytes", type(key).__name__)
        written.append((format(key), item))
    _write_head(found, _MAP, len(written))
    for encoded, item in sorted(written, key=lambda pair: pair[0]):
        found += encoded
        _write(item, found, depth + 1)


def _write_head(found: bytearray, major: int, number: int) -> None:
    if not 0 <= number <= _MAX_HEAD:
        raise _unsupported("an integer of 64 bits", f"one of {number.bit_length()}")
    if number < 24:
        found.append(major << 5 | number)
        return
    exponent = next(e for e in range(4) if number < 1 << (8 << e))
    found.append(major << 5 | 24 + exponent)
    found += number.to_bytes(1 << exponent, "big")


def _float_bytes(number: float) -> bytes:
    """Write a number in the shortest of three forms that keeps it; all NaN are one."""
    if math.isnan(number):
        return _NAN
    for head, code, _ in _FLOATS:
        try:
            raw = struct.pack(code, number)
        except OverflowError:
            continue
        if struct.unpack(code, raw)[0] == number:
            return bytes([head]) + raw
    raise _unsupported("a number", "none")  # pragma: no cover - the last form keeps every float


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as err:
        raise _unsupported("text in Unicode", "a lone surrogate") from err


def _malformed(expected: str, found: str) -> InputError:
    return InputError("cbor.malformed", f"expected {expected}, found {found}")


def _not_deterministic(expected: str, found: str) -> InputError:
    return InputError("cbor.not-deterministic", f"expected {expected}, found {found}", hint=_HINT)


def _unsupported(expected: str, found: str) -> InputError:
    return InputError("cbor.unsupported", f"expected {expected}, found {found}")


def _too_deep() -> InputError:
    return InputError("cbor.depth", f"expected at most {MAX_DEPTH} levels of nesting, found more")
