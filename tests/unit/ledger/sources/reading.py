"""Write bytes to a file, read them as a source, and give back its rows: for all tests beside it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from counterfoil.errors import CounterfoilError
from counterfoil.ledger.sources import RowSource, open_source

__all__ = ["Trickle", "refusal", "rows_in", "rows_of"]


def rows_of(source: RowSource, rows: int = 1000) -> list[bytes]:
    """Read all chunks, checking that they number the rows without gap."""
    contents: list[bytes] = []
    read = 0
    for chunk in source.chunks(rows):
        assert chunk.first == len(contents)
        assert 0 < len(chunk.contents) <= rows
        assert chunk.bytes_read >= read
        read = chunk.bytes_read
        contents += chunk.contents
    if source.size is not None:
        assert read == source.size
    if source.rows is not None:
        assert len(contents) == source.rows
    return contents


def rows_in(data: bytes, suffix: str, rows: int = 1000) -> list[bytes]:
    """Write `data` to a file with that suffix and read its rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows{suffix}"
        path.write_bytes(data)
        return rows_of(open_source(path), rows)


def refusal(run: Callable[[], object], code: str) -> CounterfoilError:
    """Run and return the error, which must have the code."""
    with pytest.raises(CounterfoilError) as caught:
        run()
    assert caught.value.code == code, caught.value
    assert "\n" not in caught.value.message
    return caught.value


class Trickle(io.RawIOBase):
    """A stream that gives its bytes in pieces of the sizes listed, again and again."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__()
        self._rest = data
        self._sizes = sizes
        self.reads = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        give = min(self._sizes[self.reads % len(self._sizes)], size if size > 0 else 1 << 30)
        self.reads += 1
        piece, self._rest = self._rest[:give], self._rest[give:]
        return piece
