"""Name a file by its bytes, and notice when it stops being the file that was named.

This module refuses anything but a regular file: a pipe or device has no digest before it is read.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Self

from counterfoil.errors import Conflict, CounterfoilError, InputError, NotFound, Unavailable

__all__ = ["SourceFile", "unreadable"]

_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A regular file as it was when it was opened first.

    id: `sha256:` and the hex digest, or the given name. size: bytes. state: device, inode, size
    and time of change; a file whose state is the same is taken to have the same bytes.
    """

    path: Path
    id: str
    size: int
    state: tuple[int, int, int, int]

    @classmethod
    def at(cls, path: Path, *, name: str | None, on_bytes: Callable[[int], None] | None) -> Self:
        """Look at the file at `path`, and digest it when it was given no name.

        on_bytes: told how many bytes have been digested, each MiB.
        Raises NotFound or InputError for what is no readable file, and Conflict with code
        source.changed when it changes meanwhile.
        """
        with _opened(path) as stream:
            state = _state(stream)
            identity = name or f"sha256:{_digest(stream, on_bytes)}"
            file = cls(path, identity, state[2], state)
            file.check(stream)
        return file

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file again, for reading; errors of the disk inside the block become ours.

        Raises Conflict with code source.changed when it is another file.
        """
        with _opened(self.path) as stream:
            self.check(stream)
            yield stream

    def check(self, stream: BinaryIO) -> None:
        """Raise Conflict with code source.changed unless the open file is as it was."""
        if _state(stream) != self.state:
            raise Conflict(
                "source.changed",
                f"expected {self.path} to stay as it was when it was opened, but it has changed",
                hint="Copy the file, or wait until nobody writes to it, and run again.",
            )


def unreadable(path: Path | str, err: OSError) -> CounterfoilError:
    """Return the error that says why `path` could not be opened or read."""
    if isinstance(err, FileNotFoundError | NotADirectoryError):
        return NotFound(
            "source.missing",
            f"expected a file at {path}, found none",
            hint="Check the path; use - to read NDJSON from standard input.",
        )
    why = err.strerror or str(err)
    if isinstance(err, PermissionError) or err.errno in (errno.ELOOP, errno.ENAMETOOLONG):
        return InputError(
            "source.unreadable", f"expected to read {path}, but: {why}", hint="Check the path."
        )
    return Unavailable(
        "source.unreadable", f"expected to read {path}, but: {why}", hint="Check the disk."
    )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        # Looked at before it is opened: opening a pipe would wait for its writer.
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a directory" if stat.S_ISDIR(mode) else "a pipe or device"
            raise InputError(
                "source.not-a-file",
                f"expected a file at {path}, found {kind}",
                hint="Name one file; use - to read NDJSON from standard input.",
            )
        stream = path.open("rb", buffering=0)
    except OSError as err:
        raise unreadable(path, err) from err
    except ValueError as err:  # a NUL in the path
        raise InputError("source.unreadable", f"expected a path, got {str(path)!a}") from err
    with stream:
        try:
            yield stream
        except OSError as err:
            raise unreadable(path, err) from err


def _state(stream: BinaryIO) -> tuple[int, int, int, int]:
    now = os.fstat(stream.fileno())
    return now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns


def _digest(stream: BinaryIO, on_bytes: Callable[[int], None] | None) -> str:
    digest = hashlib.sha256()
    done = 0
    while piece := stream.read(_PIECE_BYTES):
        digest.update(piece)
        done += len(piece)
        if on_bytes is not None:
            on_bytes(done)
    return digest.hexdigest()
