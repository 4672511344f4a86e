"""The promises of `ports.TileStore`, as checks that every tile store must pass.

Subclass `TileStoreConformance` in a test module and give `open_tiles`; pytest collects the rest.
Durability cannot be seen from inside a process: test that with a tracer of system calls, too.
This module refuses to import a test framework, or a store.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from counterfoil.errors import InputError
from counterfoil.formats.tile import entries_path, tile_path
from counterfoil.ports import TileStore
from counterfoil.testing.checks import check, refuses

__all__ = ["TileStoreConformance"]


class TileStoreConformance:
    """What a publisher relies on. Each check opens a store of its own."""

    def open_tiles(self) -> TileStore:
        """Open the store at the place of the running test: empty at first, later what it holds."""
        raise NotImplementedError

    def test_new_store_is_empty(self) -> None:
        """A new store has no tile and no checkpoint, and says so without an error."""
        tiles = self.open_tiles()
        check("tile", None, tiles.get(tile_path(0, 0)))
        check("partial tile", None, tiles.get(tile_path(0, 0, 5)))
        check("checkpoint", None, tiles.published())
        tiles.flush()

    def test_tiles_are_read_back(self) -> None:
        """What was put is read back, each path its own bytes, also after opening again."""
        written = {
            tile_path(0, 0): b"a" * 8192,
            tile_path(0, 0, 5): b"b" * 160,
            tile_path(0, 1, 5): b"c" * 160,
            tile_path(1, 0, 1): b"d" * 32,
            tile_path(5, 1_234_067): b"e" * 8192,
            entries_path(0): b"\x00\x01f" * 256,
            entries_path(1_234_067, 255): b"\x00\x01g" * 255,
        }
        tiles = self.open_tiles()
        for path, data in written.items():
            tiles.put(path, data)
        tiles.flush()
        for store in (tiles, self.open_tiles()):
            check("tiles", written, {path: store.get(path) for path in written})
            check("a tile beside them", None, store.get(tile_path(0, 1)))

    def test_putting_again_is_no_change(self) -> None:
        """The same bytes can be put again, before and after a flush: publishing is repeated."""
        tiles = self.open_tiles()
        path = entries_path(3, 2)
        for _ in range(2):
            tiles.put(path, b"\x00\x01a\x00\x01b")
            tiles.put(path, b"\x00\x01a\x00\x01b")
            tiles.flush()
            tiles.flush()
        check("bundle", b"\x00\x01a\x00\x01b", tiles.get(path))

    def test_leftovers_are_replaced(self) -> None:
        """What a crash left under an unpublished path is replaced, also by something shorter."""
        tiles = self.open_tiles()
        tiles.put(tile_path(0, 0, 9), b"x" * 288)
        again = self.open_tiles()
        again.put(tile_path(0, 0, 9), b"y" * 32)
        again.flush()
        check("tile", b"y" * 32, again.get(tile_path(0, 0, 9)))

    def test_dropping_partials_keeps_the_rest(self) -> None:
        """Only the partial tiles of that very tile go; dropping none, or twice, does nothing."""
        tiles = self.open_tiles()
        gone = [tile_path(0, 1, 1), tile_path(0, 1, 255)]
        kept = [
            tile_path(0, 1),
            tile_path(0, 10, 1),
            tile_path(0, 1001, 1),
            tile_path(1, 1, 1),
            entries_path(1, 1),
        ]
        for path in gone + kept:
            tiles.put(path, path.encode())
        tiles.flush()
        for _ in range(2):
            tiles.drop_partials(tile_path(0, 1))
        tiles.drop_partials(tile_path(0, 7))
        for store in (tiles, self.open_tiles()):
            check("dropped", [None, None], [store.get(path) for path in gone])
            check("kept", [path.encode() for path in kept], [store.get(path) for path in kept])
        tiles.put(gone[0], b"again")
        tiles.flush()
        check("put after the drop", b"again", tiles.get(gone[0]))

    def test_checkpoint_is_replaced(self) -> None:
        """The last published checkpoint is read, also after opening again."""
        tiles = self.open_tiles()
        for note in (b"first, longer\n", b"second\n"):
            tiles.publish(note)
            check("checkpoint", note, tiles.published())
            check("checkpoint after opening", note, self.open_tiles().published())

    def test_readers_never_see_half(self) -> None:
        """Who reads while a tile is put again, and while checkpoints change, sees whole ones."""
        tiles, done = self.open_tiles(), threading.Event()
        notes = {bytes([97 + k]) * (3000 + 2000 * k) for k in range(3)}
        tile = b"t" * 8192
        tiles.put(tile_path(0, 0), tile)
        tiles.publish(min(notes))

        def read() -> int:
            rounds = 0
            while not done.is_set() or not rounds:
                check("a whole checkpoint", True, tiles.published() in notes)
                check("a whole tile", True, tiles.get(tile_path(0, 0)) == tile)
                rounds += 1
            return rounds

        with ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(read) for _ in range(2)]
            try:
                for _ in range(20):
                    for note in sorted(notes):
                        tiles.put(tile_path(0, 0), tile)
                        tiles.publish(note)
                    tiles.flush()
            finally:
                done.set()
            check("every reader read", True, all(reader.result() for reader in readers))

    def test_paths_stay_inside(self) -> None:
        """A path that leads out of the store is refused, and nothing is written."""
        tiles = self.open_tiles()
        for path in ("../outside", "tile/../../outside", "/outside"):
            refuses(InputError, partial(tiles.put, path, b"x"))
