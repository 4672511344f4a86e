"""Read cells back into values, so that a proven row shows what was proven and nothing else.

Needs no library: whoever verifies a row may have none. This module refuses cells that the
encoding of their column's type never gives; see `cells`.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from counterfoil.errors import InputError

__all__ = ["row_values"]

_DEPTH_MAX: Final = 40
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAME: Final = re.compile(r'[A-Za-z_][A-Za-z0-9_.-]*|"(?:[^"\\]|\\.)*"')
_WORD: Final = re.compile(r"[a-z]+")
_DECIMAL: Final = re.compile(r"0|-?([1-9][0-9]*|(0|[1-9][0-9]*)\.[0-9]*[1-9])")


def row_values(cells: bytes, columns: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Read a row's cells.

    columns: name and logical type, in order. Returns values by name, as JSON can hold them: bytes
    as hexadecimal digits, decimals, infinities and times as text, a map as pairs, missing as None.
    Raises InputError with code dataset.cells.

    >>> cells = bytes.fromhex("01" + "00" * 7 + "05" + "00" * 9)
    >>> row_values(cells, [("a", "integer"), ("b", "float")])
    {'a': 5, 'b': None}
    """
    reader = _Reader(cells)
    found: dict[str, Any] = {}
    for name, kind in columns:
        parser = _Types(kind)
        read = parser.read()
        parser.end()
        found[name] = read(reader)
    if not reader.is_done:
        raise _wrong("bytes after the last column")
    return found


Read = Callable[["_Reader"], Any]


class _Reader:
    """Takes bytes from the front of a row's cells."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def is_done(self) -> bool:
        return self._at == len(self._data)

    def take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) != count:
            raise _wrong("a row that is cut off")
        self._at += count
        return found

    def fixed(self, count: int) -> tuple[int, bytes]:
        """Take a tag and `count` bytes, which are zeros where nothing is there."""
        tag, found = self.take(1)[0], self.take(count)
        if tag > 2 or (tag == 0 and any(found)):
            raise _wrong(f"the tag {tag} before {found.hex()}")
        return tag, found


class _Types:
    """Reads a logical type's name, as `logical_type` writes it, into what reads its cells."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def end(self) -> None:
        if self._at != len(self._text):
            raise self._unknown()

    def read(self, depth: int = 0) -> Read:
        name = self._match(_WORD)
        if depth > _DEPTH_MAX:
            raise self._unknown()
        if name in _SCALARS:
            return _SCALARS[name]
        self._expect("<")
        if name == "list":
            element = self.read(depth + 1)
            self._expect(">")
            return lambda reader: _several(reader, element)
        if name == "map":
            key = self.read(depth + 1)
            self._expect(", ")
            pair = [("", key), ("", self.read(depth + 1))]
            self._expect(">")
            return lambda reader: _several(reader, lambda one: _members(one, pair))
        if name != "struct":
            raise self._unknown()
        fields = self._fields(depth)
        return lambda reader: _struct(reader, fields)

    def _fields(self, depth: int) -> list[tuple[str, Read]]:
        fields: list[tuple[str, Read]] = []
        while not self._text.startswith(">", self._at):
            if fields:
                self._expect(", ")
            name = self._match(_NAME)
            self._expect(": ")
            plain = json.loads(name) if name.startswith('"') else name
            fields.append((plain, self.read(depth + 1)))
        self._expect(">")
        return fields

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise self._unknown()
        self._at = found.end()
        return found[0]

    def _expect(self, text: str) -> None:
        if not self._text.startswith(text, self._at):
            raise self._unknown()
        self._at += len(text)

    def _unknown(self) -> InputError:
        return _wrong(f"the type {self._text[:120]!a}")


def _wrong(found: str) -> InputError:
    return InputError("dataset.cells", f"expected the cells of a row, found {found}")


def _null(reader: _Reader) -> None:
    reader.fixed(0)


def _boolean(reader: _Reader) -> bool | None:
    tag, found = reader.fixed(1)
    if tag == 2 or found[0] > 1:
        raise _wrong(f"the truth value {found.hex()}")
    return bool(found[0]) if tag else None


def _integer(reader: _Reader) -> int | None:
    tag, found = reader.fixed(8)
    if tag == 2 and not found[0] & 0x80:
        raise _wrong("a small whole number that is written as a large one")
    return int.from_bytes(found, "big", signed=tag == 1) if tag else None


def _float(reader: _Reader) -> float | str | None:
    tag, found = reader.fixed(8)
    value: float = struct.unpack(">d", found)[0]
    if tag == 2 or math.isnan(value) or (value == 0 and any(found)):
        raise _wrong(f"the number {found.hex()}")
    if not tag:
        return None
    return value if math.isfinite(value) else str(value)


def _signed(reader: _Reader) -> int | None:
    tag, found = reader.fixed(8)
    if tag == 2:
        raise _wrong("the tag 2 before a time")
    return int.from_bytes(found, "big", signed=True) if tag else None


def _date(reader: _Reader) -> str | None:
    days = _signed(reader)
    if days is None:
        return None
    try:
        return date.fromordinal(days + date(1970, 1, 1).toordinal()).isoformat()
    except (ValueError, OverflowError):
        return f"{days} days after 1970-01-01"


def _time(reader: _Reader) -> str | None:
    nanos = _signed(reader)
    return None if nanos is None else _clock(nanos // 10**9, nanos % 10**9)


def _clock(seconds: int, nanos: int) -> str:
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return text + (f".{nanos:09}".rstrip("0") if nanos else "")


def _seconds(reader: _Reader) -> tuple[int, int] | None:
    tag, found = reader.fixed(12)
    seconds, nanos = struct.unpack(">qI", found)
    if tag == 2 or nanos >= 10**9:
        raise _wrong(f"the time {found.hex()}")
    return (seconds, nanos) if tag else None


def _timestamp(reader: _Reader) -> str | None:
    found = _seconds(reader)
    if found is None:
        return None
    seconds, nanos = found
    try:
        day = (_EPOCH + timedelta(days=seconds // 86_400)).date().isoformat()
    except OverflowError:
        day = f"{seconds // 86_400} days after 1970-01-01"
    return f"{day}T{_clock(seconds % 86_400, nanos)}"


def _instant(reader: _Reader) -> str | None:
    found = _timestamp(reader)
    return None if found is None else f"{found}Z"


def _duration(reader: _Reader) -> str | None:
    found = _seconds(reader)
    if found is None:
        return None
    total = found[0] * 10**9 + found[1]
    seconds, nanos = divmod(abs(total), 10**9)
    text = f"{'-' if total < 0 else ''}{seconds}" + (f".{nanos:09}".rstrip("0") if nanos else "")
    return f"{text} s"


def _bytes(reader: _Reader) -> bytes | None:
    tag, length = reader.fixed(4)
    if tag == 2:
        raise _wrong("the tag 2 before a text")
    return reader.take(int.from_bytes(length, "big")) if tag else None


def _binary(reader: _Reader) -> str | None:
    found = _bytes(reader)
    return None if found is None else found.hex()


def _string(reader: _Reader) -> str | None:
    found = _bytes(reader)
    try:
        return None if found is None else found.decode()
    except UnicodeDecodeError as err:
        raise _wrong("text that is not UTF-8") from err


def _decimal(reader: _Reader) -> str | None:
    found = _string(reader)
    if found is not None and not _DECIMAL.fullmatch(found):
        raise _wrong(f"the decimal {found[:80]!a}")
    return found


def _several(reader: _Reader, element: Read) -> list[Any] | None:
    tag, length = reader.fixed(4)
    if tag == 2:
        raise _wrong("the tag 2 before a list")
    return [element(reader) for _ in range(int.from_bytes(length, "big"))] if tag else None


def _members(reader: _Reader, fields: list[tuple[str, Read]]) -> list[Any] | None:
    tag, _ = reader.fixed(0)
    found = [read(reader) for _, read in fields]
    return found if tag else None


def _struct(reader: _Reader, fields: list[tuple[str, Read]]) -> dict[str, Any] | None:
    found = _members(reader, fields)
    names = [name for name, _ in fields]
    return None if found is None else dict(zip(names, found, strict=True))


_SCALARS: Final[dict[str, Read]] = {
    "null": _null,
    "boolean": _boolean,
    "integer": _integer,
    "float": _float,
    "decimal": _decimal,
    "string": _string,
    "binary": _binary,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "instant": _instant,
    "duration": _duration,
}
