"""Cut bytes into lines without ever holding more than one line's limit of an unfinished line.

This module refuses to decode: what a line means is for its reader to say.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from counterfoil.errors import InputError, Unavailable
from counterfoil.ledger.sources.file import unreadable
from counterfoil.ledger.sources.rows import CONTENT_MAX_BYTES

__all__ = ["BYTE_ORDER_MARK", "Lines", "line_error"]

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BLOCK_BYTES: Final = 256 << 10


def line_error(code: str, number: int, message: str, *, hint: str = "") -> InputError:
    """Return the InputError of line `number`, counted from 1."""
    return InputError(code, f"line {number:,}: {message}", hint=hint)


class Lines:
    r"""The lines of a stream, in groups: one group for each block that was read.

    stream: bytes; closed by its owner. what: how errors name it. Lines come without `\n`, which
    is all that ends one; a last line needs none. A UTF-8 byte-order mark at the start is skipped.
    """

    def __init__(self, stream: BinaryIO, what: str, *, limit: int = CONTENT_MAX_BYTES) -> None:
        self._read: Callable[[int], bytes | None] = getattr(stream, "read1", stream.read)
        self._stream = stream
        self._what = what
        self._limit = limit
        self._ended = False
        self.bytes_read = 0

    def position(self) -> int:
        """Return how many bytes have been read."""
        return self.bytes_read

    def groups(self) -> Iterator[list[bytes]]:
        """Yield the lines that each block completes; a group may be empty.

        Raises InputError with code source.line-too-long, once, naming the line, after the lines
        before it: of a line without end at most the limit and one block are ever read.
        """
        number = 1  # of the line that is unfinished
        parts: list[bytes] = []  # of that line; joined once, however slowly they trickle in
        length = 0
        for block in self._blocks():
            lines = block.split(b"\n")
            rest = lines.pop()
            if lines and parts:
                parts.append(lines[0])
                lines[0] = b"".join(parts)
                parts, length = [], 0
            # The line that came in several blocks is checked too: the limit does not depend on
            # where the blocks happened to end.
            for place, line in enumerate(lines):
                if len(line) > self._limit:
                    yield lines[:place]
                    raise self._too_long(number + place)
            if lines and number == 1:
                lines[0] = lines[0].removeprefix(BYTE_ORDER_MARK)
            number += len(lines)
            if rest:
                parts.append(rest)
                length += len(rest)
            yield lines
            if length > self._limit:
                raise self._too_long(number)
        if parts:
            last = b"".join(parts)
            yield [last.removeprefix(BYTE_ORDER_MARK) if number == 1 else last]

    def paused(self) -> bool:
        """Say whether the stream is a pipe or socket that has nothing to read just now."""
        if self._ended:
            return False
        try:
            ready, _, _ = select.select([self._stream], [], [], 0)
        except (OSError, ValueError):  # no descriptor, as in a test or a decompressor
            return False
        return not ready

    def _blocks(self) -> Iterator[bytes]:
        while block := self._block():
            self.bytes_read += len(block)
            yield block
        self._ended = True

    def _block(self) -> bytes:
        try:
            block = self._read(_BLOCK_BYTES)
        except OSError as err:
            raise unreadable(self._what, err) from err
        if block is None:
            raise Unavailable(
                "source.unreadable",
                f"expected {self._what} to wait for its writer, but it does not block",
                hint="Read from a pipe or file that blocks.",
            )
        return block

    def _too_long(self, number: int) -> InputError:
        return line_error(
            "source.line-too-long",
            number,
            f"expected at most {self._limit:,} bytes, found more",
            hint="Write one record a line, and record large payloads as files of their own.",
        )
