"""Lines are cut the same wherever blocks end, and no line is held beyond its limit."""

from __future__ import annotations

import errno
import io
import os
import tracemalloc
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError, Unavailable
from counterfoil.ledger.sources.lines import Lines
from tests.unit.ledger.sources.reading import Trickle, refusal

GIGABYTE = 1 << 30


class Gigabyte(io.RawIOBase):
    """A gigabyte without a line break, made while it is read, after some good lines."""

    def __init__(self, start: bytes = b"") -> None:
        super().__init__()
        self._start = start
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # RawIOBase's is wider
        count = min(len(buffer), GIGABYTE - self.given)
        piece = self._start[self.given : self.given + count].ljust(count, b"x")
        buffer[:count] = piece
        self.given += count
        return count


def lines_of(stream: object, limit: int = 1 << 20) -> list[bytes]:
    return list(chain.from_iterable(Lines(stream, "the stream", limit=limit).groups()))  # type: ignore[arg-type] # raw streams are BinaryIO enough


@given(
    st.lists(st.sampled_from([b"\n", b"\r\n", b"a", b"\0", b"\xff", b"{}", b" "])).map(b"".join),
    st.lists(st.integers(1, 5), min_size=1),
)
def test_cuts(data: bytes, sizes: list[int]) -> None:
    """Whatever the blocks, the lines are those that a split at each newline gives."""
    expected = data.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    assert lines_of(Trickle(data, sizes)) == expected


@pytest.mark.parametrize("sizes", [[1], [2, 1], [100]])
def test_byte_order_mark(sizes: list[int]) -> None:
    """A byte-order mark is dropped at the start of the first line, even when it trickles in."""
    mark = b"\xef\xbb\xbf"
    assert lines_of(Trickle(mark + b"a\n" + mark + b"b", sizes)) == [b"a", mark + b"b"]
    assert lines_of(Trickle(mark + b"a", sizes)) == [b"a"]


@pytest.mark.parametrize("start", [b"", b"{}\n" * 5])
def test_gigabyte_line(start: bytes) -> None:
    """A line of a gigabyte is refused by its number after little more than the limit is read."""
    stream = Gigabyte(start)
    tracemalloc.start()
    error = refusal(lambda: lines_of(stream), "source.line-too-long")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert f"line {start.count(b'{}') + 1}:" in error.message
    assert "1,048,576" in error.message
    assert stream.given < 2 << 20
    assert peak < 8 << 20


@given(st.integers(0, 12), st.integers(1, 30))
def test_limit_is_exact(length: int, size: int) -> None:
    """The limit does not depend on where blocks end or whether the line does."""
    for end in (b"", b"\n", b"\nx"):
        stream = Trickle(b"ok\n" + b"y" * length + end, [size])
        if length <= 10:
            assert lines_of(stream, 10)[1:2] == ([b"y" * length] if length or end else [])
        else:
            error = refusal(lambda stream=stream: lines_of(stream, 10), "source.line-too-long")  # type: ignore[misc] # mypy cannot infer a lambda with a default
            assert "line 2:" in error.message


def test_lines_before_a_long_one() -> None:
    """Every line before the one that is too long is handed out."""
    for size in (1, 7, 1000):
        groups = Lines(Trickle(b"a\nb\n" + b"c" * 50, [size]), "x", limit=10).groups()  # type: ignore[arg-type] # raw streams are BinaryIO enough
        seen: list[bytes] = []
        with pytest.raises(InputError):
            for group in groups:
                seen += group
        assert seen == [b"a", b"b"]


def test_slow_long_line() -> None:
    """A line that comes byte by byte costs a step a byte, not a copy of the line a byte."""
    stream = Trickle(b"z" * 300_000 + b"\n", [1])
    assert lines_of(stream) == [b"z" * 300_000]
    assert stream.reads == 300_002


def test_disk_that_fails() -> None:
    """An error of the disk is reported as Unavailable, not as the end of the file."""

    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            raise OSError(errno.EIO, "Input/output error")

    error = refusal(lambda: lines_of(Broken()), "source.unreadable")
    assert isinstance(error, Unavailable)


def test_stream_that_does_not_block() -> None:
    """A non-blocking stream with nothing to read is an error, never an early end."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with open(reader, "rb", buffering=0) as stream, open(writer, "wb"):  # noqa: PTH123 - descriptors
        assert isinstance(refusal(lambda: lines_of(stream), "source.unreadable"), Unavailable)
