"""What the tests of the log share: a signer, a naive model, and stores that break on purpose.

The model is RFC 6962 word for word, recursive and slow, and imports nothing of ours: what it says
about a list of entries is what the log must say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from counterfoil.errors import CounterfoilError, VerificationError
from counterfoil.formats import checkpoint, note
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import Note, NoteSignature
from counterfoil.formats.vkey import KeyType
from counterfoil.log import Log
from counterfoil.ports import Clock, LogStore, SystemClock, TileStore
from counterfoil.proofs import trust
from counterfoil.proofs.signing import public_of, signing_key

__all__ = [
    "ORIGIN",
    "naive_consistency",
    "naive_path",
    "naive_root",
    "open_log",
    "open_note",
    "raises_code",
    "sign",
]

ORIGIN = "log.example/4711"

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


@contextmanager
def raises_code(code: str, kind: type[CounterfoilError] = CounterfoilError) -> Iterator[Any]:
    """Expect an error of that code and kind, whose message says what was expected."""
    with pytest.raises(kind) as caught:
        yield caught
    assert caught.value.code == code, str(caught.value)
    assert "expected" in caught.value.message


def naive_leaf(entry: bytes) -> bytes:
    """MTH({d(0)}) = SHA-256(0x00 || d(0))."""
    return sha256(b"\x00" + entry).digest()


def naive_root(entries: Sequence[bytes]) -> bytes:
    """MTH(D[n]) of RFC 6962, 2.1, over entries."""
    return _mth([naive_leaf(entry) for entry in entries], 0, len(entries))


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962, 2.1.1, over leaf hashes."""

    def path(m: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        k = _split(end - start)
        if m < k:
            return [*path(m, start, start + k), _mth(leaves, start + k, end)]
        return [*path(m - k, start + k, end), _mth(leaves, start, start + k)]

    return path(index, 0, len(leaves))


def naive_consistency(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D[n]) of RFC 6962, 2.1.2, over leaf hashes; none for an old size of 0."""

    def subproof(m: int, start: int, end: int, whole: bool) -> list[bytes]:
        if m == end - start:
            return [] if whole else [_mth(leaves, start, end)]
        k = _split(end - start)
        if m <= k:
            return [*subproof(m, start, start + k, whole), _mth(leaves, start + k, end)]
        return [*subproof(m - k, start + k, end, False), _mth(leaves, start, start + k)]

    return subproof(old, 0, len(leaves), True) if old else []


def _mth(leaves: Sequence[bytes], start: int, end: int) -> bytes:
    if end == start:
        return sha256().digest()
    if end - start == 1:
        return leaves[start]
    k = _split(end - start)
    left, right = _mth(leaves, start, start + k), _mth(leaves, start + k, end)
    return sha256(b"\x01" + left + right).digest()


def _split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class _Broken:
    """Forwards to a real engine, and breaks at one write."""

    def __init__(self, inner: Any, writes: Sequence[str]) -> None:
        self._inner, self._writes = inner, frozenset(writes)
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.on_write: Callable[[str, int, bool], None] = lambda name, number, done: None

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name not in self._writes:
            return method

        def call(*arguments: Any) -> Any:
            number = len(self.calls)
            self.calls.append((name, arguments))
            self.on_write(name, number, False)
            result = method(*arguments)
            self.on_write(name, number, True)
            return result

        return call
