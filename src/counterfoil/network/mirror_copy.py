"""Bring over what a mirror lacks: tiles, entries and payloads, each proven before it is named.

Several files are fetched at a time, in order; what a killed round left is proven like the rest and
not fetched again. This module refuses to put a checkpoint in place: `mirror` does, once everything
is durable.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from typing import Final, TypeVar

import msgspec

from counterfoil.errors import CounterfoilError, VerificationError
from counterfoil.formats import bundle
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.predicates import IssuerKey, Key
from counterfoil.formats.tile import entries_path, tile_path, tiles_between, width_at
from counterfoil.ledger.mirror_marker import MirrorMode
from counterfoil.log import LogReader
from counterfoil.network.mirror_index import MirrorIndex, notable
from counterfoil.network.proven import ProvenTiles
from counterfoil.network.sources import LogSource
from counterfoil.ports import Progress
from counterfoil.proofs.merkle import EMPTY_ROOT
from counterfoil.storage import PayloadFiles, TileFiles
from counterfoil.units import TILE_WIDTH

__all__ = ["MirrorCopy", "ahead"]

_AT_ONCE: Final = 4
_AHEAD: Final = 16

T = TypeVar("T")
R = TypeVar("R")


class MirrorCopy:
    """Copies from a source into a folder's tiles and payloads."""

    def __init__(
        self,
        tiles: TileFiles,
        payloads: PayloadFiles,
        source: LogSource,
        mode: MirrorMode,
        progress: Progress,
    ) -> None:
        self._tiles, self._payloads, self._source = tiles, payloads, source
        self._mode, self._progress = mode, progress
        self._count = self._written = 0
        self._checking = False

    def check(self, proven: ProvenTiles) -> tuple[MirrorIndex, int]:
        """Prove a tree that is here again, from its first entry on, and mend what is damaged.

        Returns its index, and how many tiles were mended. Raises as `extend`.
        """
        self._checking, self._written = True, 0
        try:
            index = self.extend(proven, 0, MirrorIndex(0, EMPTY_ROOT.hex()))
        finally:
            self._checking = False
        self._tiles.flush()
        return index, self._written

    def take_payload_count(self) -> int:
        """Tell how many payloads were copied since the last call."""
        count, self._count = self._count, 0
        return count

    def extend(self, proven: ProvenTiles, old: int, index: MirrorIndex) -> MirrorIndex:
        """Write every tile that the tree has and that of `old` entries has not.

        Returns the index of the tree. Raises what the source raises, VerificationError with code
        source.tile, source.entries or source.payload.
        """
        tree = proven.tree
        for path in tiles_between(old, tree.size):
            if path.level:
                self._put(str(path), b"".join(proven.hashes(path.level, path.index)))
        numbers = range(old // TILE_WIDTH, -(-tree.size // TILE_WIDTH))
        found = _Found(index)
        with contextlib.closing(ahead(self._fetcher(proven), numbers)) as fetched:
            for number, data in fetched:
                leaves, entries = self._take(proven, number, data)
                width = width_at(0, number, tree.size)
                self._put(tile_path(0, number, width), b"".join(leaves))
                first = number * TILE_WIDTH
                digests = found.add(max(first, old), entries[max(old - first, 0) :])
                self._bring(digests, found)
                self._progress(first + width - old, tree.size - old, "entries mirrored")
        return found.index(tree)

    def scan(self, reader: LogReader, index: MirrorIndex, tree: Checkpoint) -> MirrorIndex:
        """Bring an index up to a tree whose entries are in the folder."""
        found = _Found(index)
        entries = reader.published_entries(index.size, tree.size, tree.size)
        for first in range(index.size, tree.size, TILE_WIDTH):
            for digest in found.add(first, list(itertools.islice(entries, TILE_WIDTH))):
                if self._mode == "all" and not self._has(digest):
                    found.lack(digest)  # the source may be gone: `fetch_missing` asks
            self._progress(min(first + TILE_WIDTH, tree.size), tree.size, "entries indexed")
        return found.index(tree)

    def fetch_missing(self, index: MirrorIndex) -> MirrorIndex:
        """Ask again for payloads that were missing; what cannot be asked for stays missing."""
        found = _Found(msgspec.structs.replace(index, missing=()))
        try:
            self._bring(index.missing, found)
        except CounterfoilError:
            return index
        return msgspec.structs.replace(index, missing=found.missing)

    def drop_partials(self, old: int, new: int) -> None:
        """Delete partial tiles that the growth from `old` to `new` entries filled."""
        for path in tiles_between(old, new):
            if path.width == TILE_WIDTH:
                self._tiles.drop_partials(str(path))
                if path.level == 0:
                    self._tiles.drop_partials(entries_path(path.index))

    def _fetcher(self, proven: ProvenTiles) -> Callable[[int], bytes | None]:
        """Choose what threads fetch for each tile number; checking waits its turn."""
        if self._mode != "hashes":
            return proven.bundle_bytes

        def warm(number: int) -> None:
            proven.hashes(0, number)

        return warm

    def _take(
        self, proven: ProvenTiles, number: int, data: bytes | None
    ) -> tuple[Sequence[bytes], list[bytes]]:
        """Prove what was fetched for one tile, write its entries, and return leaves and entries."""
        if self._mode == "hashes":
            return proven.hashes(0, number), []
        try:
            entries, leaves = proven.entries(number, data)
        except VerificationError:  # perhaps only what is here is damaged
            entries, leaves = proven.entries(number, proven.bundle_bytes(number, fresh=True))
            data = None
        width = len(entries)
        whole = data if width == TILE_WIDTH and data is not None else bundle.format(entries)
        self._put(entries_path(number, width), whole)
        return leaves, entries

    def _put(self, path: str, data: bytes) -> None:
        """Write a tile that is proven; in a check only where it is not there, whole.

        While the log grows a tile is written also where it is there: whoever wrote it may have
        been killed before its name was durable.
        """
        if self._checking and self._tiles.get(path) == data:
            return
        self._tiles.put(path, data)
        self._written += 1

    def _bring(self, digests: Iterable[str], found: _Found) -> None:
        """Fetch payloads that are not here yet."""
        if self._mode != "all":
            return
        for digest in digests:
            if self._has(digest):
                continue
            data = self._source.payload(digest)
            if data is None:
                found.lack(digest)
                continue
            if sha256(data).hexdigest() != digest:
                raise VerificationError(
                    "source.payload",
                    f"expected a payload with digest {digest} from {self._source.name}, found "
                    "other bytes",
                    hint="The server is out of order, or lies: try again later, or another mirror.",
                )
            self._payloads.put(data)
            self._count += 1

    def _has(self, digest: str) -> bool:
        try:
            self._payloads.get(digest)
        except CounterfoilError:  # not here, or changed: fetched anew
            return False
        return True


class _Found:
    """What entries said so far."""

    def __init__(self, index: MirrorIndex) -> None:
        self._keys, self._issuers = list(index.key_entries), list(index.issuer_entries)
        self._missing = dict.fromkeys(index.missing)

    @property
    def missing(self) -> tuple[str, ...]:
        """Digests of payloads that nobody had."""
        return tuple(self._missing)

    def add(self, first: int, entries: Iterable[bytes]) -> list[str]:
        """Take up entries from index `first` on; returns the digests that they name."""
        digests: list[str] = []
        for index, said in notable(first, entries):
            if isinstance(said, Key):
                self._keys.append(index)
            elif isinstance(said, IssuerKey):
                self._issuers.append(index)
            else:
                digests.append(said)
        return digests

    def lack(self, digest: str) -> None:
        """Remember a payload that is missing."""
        self._missing[digest] = None

    def index(self, tree: Checkpoint) -> MirrorIndex:
        """Make the index of a tree."""
        return MirrorIndex(
            tree.size, tree.root.hex(), tuple(self._keys), self.missing, tuple(self._issuers)
        )


def ahead(fetch: Callable[[T], R], items: Iterable[T]) -> Generator[tuple[T, R], None, None]:
    """Fetch some items ahead in threads, and give each with its result in order.

    Raises what `fetch` raised, in its turn; close the iterator to stop.
    """
    waiting: deque[tuple[T, Future[R]]] = deque()
    left = iter(items)
    pool = ThreadPoolExecutor(_AT_ONCE, "counterfoil-fetch")
    try:
        for item in itertools.islice(left, _AHEAD):
            waiting.append((item, pool.submit(fetch, item)))
        while waiting:
            item, future = waiting.popleft()
            result = future.result()
            for item_ahead in itertools.islice(left, 1):
                waiting.append((item_ahead, pool.submit(fetch, item_ahead)))
            yield item, result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
