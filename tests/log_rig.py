"""What the tests of the log share: a signer, a way to open one, and engines that break on purpose.

Every write can be broken two ways: not done, and done but reported lost.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from counterfoil.errors import CounterfoilError, FatalLogError, Unavailable, VerificationError
from counterfoil.formats import checkpoint, note
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import Note, NoteSignature
from counterfoil.formats.vkey import KeyType
from counterfoil.log import Log, Submission
from counterfoil.ports import Clock, LogStore, SystemClock, TileStore
from counterfoil.proofs import trust
from counterfoil.proofs.signing import public_of, signing_key

__all__ = [
    "ORIGIN",
    "STORE_WRITES",
    "TILE_WRITES",
    "Watched",
    "append",
    "entries_of",
    "fatal",
    "files_of",
    "memory_folder",
    "open_log",
    "open_note",
    "raises_code",
    "sign",
    "unavailable",
]

ORIGIN: Final = "log.example/4711"
STORE_WRITES: Final = ("commit", "trim", "keep_checkpoint")
TILE_WRITES: Final = ("put", "flush", "publish")

_KEY = signing_key(ORIGIN, KeyType.ED25519, sha256(b"the log of the tests").digest())
_PRIVATE = Ed25519PrivateKey.from_private_bytes(_KEY.seed)  # made once: tests sign a lot
_PUBLIC = public_of(_KEY)


def sign(tree: Checkpoint) -> bytes:
    """Make the signed note of a checkpoint."""
    body = checkpoint.format(tree)
    line = NoteSignature(_KEY.name, _KEY.key_id, _PRIVATE.sign(body))
    return note.format(Note(body, (line,)))


def open_note(signed: bytes) -> Checkpoint:
    """Check a signed checkpoint under the key of the tests' log."""
    opened = note.parse(signed)
    trust.open_note(opened, [_PUBLIC])
    tree = checkpoint.parse(opened.text)
    if tree.origin != ORIGIN:
        raise VerificationError("test.origin", f"expected {ORIGIN}, found {tree.origin}")
    return tree


def open_log(
    store: LogStore, tiles: TileStore, clock: Clock | None = None, interval_s: float = 0.0
) -> Log:
    """Open a log of the tests; it publishes at once unless told otherwise."""
    return Log(
        store,
        tiles,
        ORIGIN,
        sign,
        open_note,
        clock or SystemClock(),
        publish_interval_s=interval_s,
    )


def entries_of(count: int, first: int = 0) -> list[bytes]:
    """Make the entries number first ... first + count - 1 of a log; they differ in length too."""
    return [b"entry %d " % number + b"." * (number % 7) for number in range(first, first + count)]


def append(log: Log, count: int, first: int | None = None, group: int = 100) -> None:
    """Append `count` entries made by `entries_of`, and wait for them."""
    start = log.head.size if first is None else first
    waiting = [
        log.submit(Submission(entries_of(min(group, count - at), start + at)))
        for at in range(0, count, group)
    ]
    for future in waiting:
        future.result(60)


@contextmanager
def raises_code(code: str, kind: type[CounterfoilError] = CounterfoilError) -> Iterator[Any]:
    """Expect an error of that code and kind, whose message says what was expected."""
    with pytest.raises(kind) as caught:
        yield caught
    assert caught.value.code == code, str(caught.value)
    assert "expected" in caught.value.message


def unavailable() -> Unavailable:
    """Make the error of an engine that cannot serve now."""
    return Unavailable("test.unavailable", "expected a working disk, found a test")


def memory_folder() -> str | None:
    """Give a folder in memory, for files whose syncs do not matter; None where there is none."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  # tests' own


def fatal() -> FatalLogError:
    """Make the error of an engine that does not know what it did."""
    return FatalLogError("test.unknown", "expected to know what was written, found a test")


class Watched:
    """An engine whose writes are written down, and can be broken.

    inner: a `LogStore` or `TileStore`. writes: names of its methods that write. calls: the
    (name, arguments) so far. before, after: called with (number, name, arguments) of a write; to
    raise there breaks it, not done or done but reported lost.
    """

    def __init__(self, inner: Any, writes: Sequence[str]) -> None:
        self.inner, self._writes = inner, frozenset(writes)
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.before: Callable[[int, str, tuple[Any, ...]], None] = _nothing
        self.after: Callable[[int, str, tuple[Any, ...]], None] = _nothing

    def __getattr__(self, name: str) -> Any:
        """Forward."""
        method = getattr(self.inner, name)
        if name not in self._writes:
            return method

        def call(*arguments: Any) -> Any:
            number = len(self.calls)
            self.calls.append((name, arguments))
            self.before(number, name, arguments)
            result = method(*arguments)
            self.after(number, name, arguments)
            return result

        return call

    @property
    def names(self) -> list[str]:
        """The names of the writes so far."""
        return [name for name, _ in self.calls]


def _nothing(number: int, name: str, arguments: tuple[Any, ...]) -> None:
    """Break nothing."""


def files_of(tiles: TileStore) -> Callable[[str], bytes | None]:
    """Serve a tile store's files by path, as a static web server would."""
    return lambda path: tiles.published() if path == "checkpoint" else tiles.get(path)
