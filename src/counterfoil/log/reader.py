"""Read a log: entries, tree nodes and checkpoints, from tiles first and the store's tail after.

Full tiles never change, so they are kept in a small cache together with the nodes inside them.
This module refuses to check signatures: `audit` and `startup` do.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from counterfoil.errors import FatalLogError, InputError, NotFound
from counterfoil.formats import bundle, checkpoint, note
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.tile import entries_path, tile_path, width_at
from counterfoil.ports import LogStore, Segment, TileStore
from counterfoil.proofs.merkle import NodeReader, node_hash
from counterfoil.units import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH

__all__ = ["LogReader", "Published", "damaged", "parse_signed"]

_TILES_CACHED: Final = 256  # 33 KB each with the nodes inside: 8 MB
_BUNDLES_CACHED: Final = 16

Published = tuple[Checkpoint, bytes]
"""A checkpoint and its signed note, verbatim."""


class LogReader:
    """A log as its readers see it.

    tiles: published. store: for entries that are not in tiles yet; None where only tiles are.
    """

    def __init__(self, tiles: TileStore, store: LogStore | None = None) -> None:
        self._tiles, self._store = tiles, store
        self._nodes = lru_cache(_TILES_CACHED)(self._load_nodes)
        self._bundle = lru_cache(_BUNDLES_CACHED)(self.bundle)

    def published(self) -> Published:
        """Read the published checkpoint; its signatures are not checked.

        Raises NotFound with code log.unpublished, FatalLogError with code log.damaged.
        """
        signed = self._tiles.published()
        if signed is None:
            raise NotFound(
                "log.unpublished",
                "expected a published checkpoint, found none",
                hint="The log is empty or new: record something first.",
            )
        try:
            return parse_signed(signed), signed
        except InputError as err:
            raise damaged("the published checkpoint", err.message) from err

    def size(self) -> int:
        """Tell how many entries can be read: committed ones where there is a store."""
        return self._store.head().size if self._store is not None else self.published()[0].size

    def entry(self, index: int) -> bytes:
        """Read the entry at an index. Raises NotFound with code entry.index."""
        for entry in self.entries(index, index + 1):
            return entry
        raise NotFound(
            "entry.index",
            f"expected an index below {self.size()}, found {index}",
            hint="`counterfoil record tail` shows the last ones.",
        )

    def entries(self, first: int, end: int) -> Iterator[bytes]:
        """Read entries [first, end) in order, or up to the log's end.

        Raises FatalLogError with code log.damaged when one that must be there is not.
        """
        first, end = max(first, 0), min(end, self.size())
        while first < end:
            trimmed = self.size() if self._store is None else self._store.head().trimmed
            before = first
            if self._store is None or first < trimmed:
                run = self._in_tiles(first, end, trimmed)
            else:
                run = _in_tail(self._store, first, end)
            for entry in run:
                yield entry
                first += 1
            if first == before and (self._store is None or self._store.head().trimmed == trimmed):
                raise damaged(f"entry {first}", "none")

    def published_entries(self, first: int, end: int, size: int) -> Iterator[bytes]:
        """Read entries [first, end) of the published tree of `size` entries, from its tiles.

        0 <= first, end <= size. Raises FatalLogError with code log.damaged.
        """
        return self._in_tiles(first, end, size)

    def nodes(self, size: int) -> NodeReader:
        """Make a reader of tree nodes; size: of a published tree, whose tiles are used.

        The reader raises FatalLogError with code log.damaged when a tile is not whole.
        """

        def read(level: int, index: int) -> bytes:
            tile_level, height = divmod(level, TILE_HEIGHT)
            number, offset = divmod(index, TILE_WIDTH >> height)
            width = width_at(tile_level, number, size)
            return self._nodes(tile_level, number, width)[height][offset]

        return read

    def tile(self, level: int, number: int, width: int) -> bytes:
        """Read the first `width` hashes of a tile, from it or from the full one.

        Raises FatalLogError with code log.damaged.
        """
        path, data = self._either(tile_path(level, number, width), tile_path(level, number))
        if len(data) < width * HASH_BYTES:
            raise damaged(path, f"{len(data)} bytes of {width * HASH_BYTES}")
        return data[: width * HASH_BYTES]

    def bundle(self, number: int, width: int) -> list[bytes]:
        """Read the first `width` entries of a bundle, from it or from the full one.

        Raises FatalLogError with code log.damaged.
        """
        path, data = self._either(entries_path(number, width), entries_path(number))
        try:
            entries = bundle.parse(data)
        except InputError as err:
            raise damaged(path, err.message) from err
        if len(entries) < width:
            raise damaged(path, f"{len(entries)} entries of {width}")
        return entries[:width]

    def _either(self, partial: str, full: str) -> tuple[str, bytes]:
        for path in (partial, full):
            data = self._tiles.get(path)
            if data is not None:
                return path, data
        raise damaged(partial, "no such tile")

    def _in_tiles(self, first: int, end: int, size: int) -> Iterator[bytes]:
        """Read from bundles; size: of a tree whose bundles are durable."""
        while first < min(end, size):
            number, offset = divmod(first, TILE_WIDTH)
            run = self._bundle(number, width_at(0, number, size))[offset : offset + end - first]
            yield from run
            first += len(run)

    def _load_nodes(self, level: int, number: int, width: int) -> list[list[bytes]]:
        data = self.tile(level, number, width)
        nodes = [[data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]]
        for _ in range(TILE_HEIGHT - 1):
            below = nodes[-1]
            nodes.append([node_hash(a, b) for a, b in zip(below[::2], below[1::2], strict=False)])
        return nodes


@lru_cache(8)
def parse_signed(signed: bytes) -> Checkpoint:
    """Parse the checkpoint inside a signed note, without checking signatures."""
    return checkpoint.parse(note.parse(signed).text)


def damaged(place: str, found: str) -> FatalLogError:
    """Say that a part of the log is not what it must be."""
    return FatalLogError(
        "log.damaged",
        f"expected {place} to be whole, found {found}",
        hint="`counterfoil audit` names all damage; `counterfoil recover` mends from a copy.",
    )


def _in_tail(store: LogStore, first: int, end: int) -> Iterator[bytes]:
    """Read from the store, up to where it was trimmed meanwhile."""
    for segment in store.segments(first, end):
        if segment.first > first:
            return
        for entry in _entries(segment)[first - segment.first : end - segment.first]:
            yield entry
            first += 1


def _entries(segment: Segment) -> list[bytes]:
    try:
        return bundle.parse(segment.entries)
    except InputError as err:
        last = segment.first + segment.count - 1
        raise damaged(f"entries {segment.first} to {last} of the database", err.message) from err
