"""Name tiles and entry bundles, and say which of them a tree of a given size has.

The names are the C2SP layout, so any static web server can publish a log and any C2SP client can
read it. This module refuses to read or hash a tile: it knows paths and counts, nothing else.
A path that it accepts is safe to join to a folder: it holds digits, `x`, `p`, `.` and `/` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats.ascii import MAX_INT63
from counterfoil.units import TILE_HEIGHT, TILE_WIDTH

__all__ = [
    "ENTRIES",
    "LEVEL_MAX",
    "LevelShape",
    "TilePath",
    "bundles_between",
    "entries_path",
    "level_shapes",
    "parse_path",
    "tile_path",
    "tiles_between",
    "width_at",
]

LEVEL_MAX: Final = 63
"""Largest level that a tile path may name (C2SP tlog-tiles, "Merkle Tree")."""

ENTRIES: Final = None
"""The level of an entry bundle: it has none."""

_PATH: Final = re.compile(
    r"tile/(?:(0|[1-9][0-9]?)|entries)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TilePath:
    """A tile or an entry bundle.

    level: 0-63, or None for an entry bundle. index: of the tile in its level, 0 to 2^63-1.
    width: hashes or entries in it, 1-255 when partial, 256 when full.
    Raises InputError with code tile.level, tile.index or tile.width.
    """

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if self.level is not None and not 0 <= self.level <= LEVEL_MAX:
            raise _bad("tile.level", f"a level from 0 to {LEVEL_MAX}", self.level)
        if not 0 <= self.index <= MAX_INT63:
            raise _bad("tile.index", f"an index from 0 to {MAX_INT63}", self.index)
        if not 1 <= self.width <= TILE_WIDTH:
            raise _bad("tile.width", f"a width from 1 to {TILE_WIDTH}", self.width)

    def __str__(self) -> str:
        kind = "entries" if self.level is None else self.level
        return f"tile/{kind}/{_groups(self.index)}{_partial(self.width)}"


@dataclass(frozen=True, slots=True)
class LevelShape:
    """The tiles of one level of a tree: `full` full ones, then one of width `partial` unless 0."""

    level: int
    full: int
    partial: int


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Name the tile of hashes at `level`.

    >>> tile_path(0, 1234067, 8)
    'tile/0/x001/x234/067.p/8'

    level: 0-63. index: 0 to 2^63-1. width: 1-256; 256 is full and has no suffix.
    Raises InputError with code tile.level, tile.index or tile.width.
    Source: C2SP tlog-tiles, "Merkle Tree".
    """
    return str(TilePath(level, index, width))


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Name an entry bundle.

    >>> entries_path(1234067)
    'tile/entries/x001/x234/067'

    index: 0 to 2^63-1. width: 1-256; 256 is full and has no suffix.
    Raises InputError with code tile.index or tile.width.
    Source: C2SP tlog-tiles, "Log entries".
    """
    return str(TilePath(ENTRIES, index, width))


def parse_path(path: str) -> TilePath:
    """Read the path of a tile or entry bundle; the inverse of `tile_path` and `entries_path`.

    Raises InputError with code tile.path, tile.level, tile.index or tile.width; nothing else.
    Source: C2SP tlog-tiles, "Merkle Tree" and "Log entries".
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise _bad_path()
    level, groups, width = match.groups()
    parsed = TilePath(
        ENTRIES if level is None else int(level),
        int(groups.replace("/", "").replace("x", "")),
        TILE_WIDTH if width is None else int(width),
    )
    # One tile, one path: `x000/005` and `.p/256` name tiles that have another name.
    if str(parsed) != path:
        raise _bad_path()
    return parsed


def level_shapes(size: int) -> tuple[LevelShape, ...]:
    """Say which tiles the tree of `size` entries has: one shape a level, from level 0 up.

    >>> level_shapes(70_000)[:2]
    (LevelShape(level=0, full=273, partial=112), LevelShape(level=1, full=1, partial=17))

    Entry bundles have the shape of level 0. The empty tree has none.
    Raises InputError with code tile.size unless 0 <= size <= 2^63-1.
    Source: C2SP tlog-tiles, "Partial Tiles".
    """
    _check_size(size)
    shapes = []
    level = 0
    while size:
        shapes.append(LevelShape(level, size // TILE_WIDTH, size % TILE_WIDTH))
        size >>= TILE_HEIGHT
        level += 1
    return tuple(shapes)


def width_at(level: int, index: int, size: int) -> int:
    """Say how wide the tile `index` of `level` is in the tree of `size` entries: 0 if absent.

    Level 0 answers for entry bundles too. Returns 0-256.
    Raises InputError with code tile.level, tile.index or tile.size.
    Source: C2SP tlog-tiles, "Partial Tiles".
    """
    _check_size(size)
    TilePath(level, index)
    hashes = size >> (TILE_HEIGHT * level)
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def tiles_between(old_size: int, new_size: int) -> Iterator[TilePath]:
    """Yield the tiles of hashes that the tree of `new_size` has and that of `old_size` has not.

    These are what a publisher writes when a log grows, in the order level 0 first, left to right;
    all full tiles and, last in each level, the partial one.
    Raises InputError with code tile.size unless 0 <= old_size <= new_size <= 2^63-1.
    """
    _check_growth(old_size, new_size)
    for shape in level_shapes(new_size):
        yield from _new_in_level(shape.level, shape.level, old_size, new_size)


def bundles_between(old_size: int, new_size: int) -> Iterator[TilePath]:
    """Yield the entry bundles that the tree of `new_size` has and that of `old_size` has not.

    Raises InputError with code tile.size unless 0 <= old_size <= new_size <= 2^63-1.
    """
    _check_growth(old_size, new_size)
    return _new_in_level(ENTRIES, 0, old_size, new_size)


def _new_in_level(kind: int | None, level: int, old_size: int, new_size: int) -> Iterator[TilePath]:
    old, new = (size >> (TILE_HEIGHT * level) for size in (old_size, new_size))
    for index in range(old // TILE_WIDTH, new // TILE_WIDTH):
        yield TilePath(kind, index)
    if new % TILE_WIDTH and new != old:
        yield TilePath(kind, new // TILE_WIDTH, new % TILE_WIDTH)


def _groups(index: int) -> str:
    text = f"{index % 1000:03d}"
    while index := index // 1000:
        text = f"x{index % 1000:03d}/{text}"
    return text


def _partial(width: int) -> str:
    return "" if width == TILE_WIDTH else f".p/{width}"


def _check_size(size: int) -> None:
    if not 0 <= size <= MAX_INT63:
        raise _bad("tile.size", f"a tree size from 0 to {MAX_INT63}", size)


def _check_growth(old_size: int, new_size: int) -> None:
    _check_size(new_size)
    if not 0 <= old_size <= new_size:
        raise _bad("tile.size", f"an old size from 0 to the new size {new_size}", old_size)


def _bad(code: str, expected: str, came: int) -> InputError:
    return InputError(
        code,
        f"expected {expected}, got {came}",
        hint="Tiles are 256 wide; compute their place from a checkpoint's size.",
    )


def _bad_path() -> InputError:
    return InputError(
        "tile.path",
        "expected a path such as tile/0/x001/234, tile/0/017.p/5 or tile/entries/000, got another",
        hint="Three digits a group, `x` before all but the last, `.p/<width>` when partial.",
    )
