"""Open the files of a list: packed by gzip or not, never more than a limit once unpacked.

This module refuses a file that unpacks to more than `LIST_MAX_BYTES`, and to follow anything that a
file names.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final

from counterfoil.errors import InputError, NotFound, Unavailable

__all__ = ["LIST_MAX_BYTES", "head_of", "open_list_file", "text_of", "wrong"]

LIST_MAX_BYTES: Final = 4 << 30
"""Most bytes of a list's file once unpacked."""

_GZIP: Final = b"\x1f\x8b"
_HEAD: Final = 4096


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than a limit."""

    def __init__(self, stream: gzip.GzipFile | IO[bytes], name: str, limit: int) -> None:
        self._stream, self._name, self._left = stream, name, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # any buffer, as RawIOBase says
        data = self._stream.read(len(view))
        self._left -= len(data)
        if self._left < 0:
            raise InputError(
                "names.list-large",
                f"expected a list of at most {LIST_MAX_BYTES:,} bytes, found more in {self._name}",
                hint="Check that it is the file you mean.",
            )
        view[: len(data)] = data
        return len(data)


@contextmanager
def open_list_file(path: Path, *, limit: int = LIST_MAX_BYTES) -> Iterator[BinaryIO]:
    """Open a file, unpacked where it is gzip.

    Raises NotFound with code file.missing, InputError with code file.unreadable or
    names.list-large, Unavailable with code file.read; those while it is read, too.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            bounded = _Bounded(gzip.GzipFile(fileobj=raw) if packed else raw, path.name, limit)
            yield io.BufferedReader(bounded)
    except FileNotFoundError as err:
        raise NotFound(
            "file.missing", f"expected a file at {path.name!a}, found none", hint="Check the path."
        ) from err
    except (gzip.BadGzipFile, EOFError) as err:
        raise wrong(path.name, f"a gzip file that is whole, but: {err}") from err
    except PermissionError as err:
        raise InputError(
            "file.unreadable",
            f"expected a file that can be read at {path.name!a}, but: {err.strerror}",
            hint="Check its permissions.",
        ) from err
    except OSError as err:
        raise Unavailable(
            "file.read", f"expected to read {path.name!a}, but: {err}", hint="Check the disk."
        ) from err


def head_of(path: Path) -> bytes:
    """Read the first bytes of a file, unpacked. Raises as `open_list_file`."""
    with open_list_file(path) as stream:
        return stream.read(_HEAD)


@contextmanager
def text_of(path: Path) -> Iterator[io.TextIOWrapper]:
    """Open a file as text: UTF-8, and what is none is replaced. Raises as `open_list_file`."""
    with open_list_file(path) as stream:
        yield io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")


def wrong(name: str, expected: str) -> InputError:
    """Make the error of a list that is not of its form."""
    return InputError(
        "names.list-form",
        f"expected {expected}, in {name}",
        hint="Fetch the list again; docs/guides/finance-screening.md says which forms are read.",
    )
