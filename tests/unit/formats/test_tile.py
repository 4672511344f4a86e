"""Tiles and bundles have the C2SP names, and each has one name only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.formats.tile import (
    LevelShape,
    TilePath,
    bundles_between,
    entries_path,
    level_shapes,
    parse_path,
    tile_path,
    tiles_between,
    width_at,
)
from tests.c2sp import assert_total, mutated, refuses

MAX = 2**63 - 1

paths = st.builds(
    TilePath,
    st.none() | st.integers(0, 63),
    st.integers(0, 2000) | st.integers(0, MAX),
    st.integers(1, 256),
)


def tiles_of(size: int) -> set[TilePath]:
    """List every tile of a small tree, straight from the definition."""
    found = set()
    for level in range(8):
        hashes = size // 256**level
        for index in range(-(-hashes // 256)):
            found.add(TilePath(level, index, min(256, hashes - 256 * index)))
    return found


@given(paths)
def test_round_trip(path: TilePath) -> None:
    """A path is read back the same, and the functions write what the value does."""
    assert parse_path(str(path)) == path
    if path.level is None:
        assert entries_path(path.index, path.width) == str(path)
    else:
        assert tile_path(path.level, path.index, path.width) == str(path)


@given(mutated(paths.map(lambda path: str(path).encode())))
def test_one_name(data: bytes) -> None:
    """Any text is refused with InputError, or is exactly the name that we would give."""
    assert_total(
        lambda raw: parse_path(raw.decode("latin-1")),
        lambda path: str(path).encode("latin-1"),
        data,
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (tile_path(0, 0), "tile/0/000"),
        (tile_path(0, 1234067), "tile/0/x001/x234/067"),
        (tile_path(63, 999), "tile/63/999"),
        (tile_path(1, 1000), "tile/1/x001/000"),
        (tile_path(2, 5, 1), "tile/2/005.p/1"),
        (tile_path(0, 273, 112), "tile/0/273.p/112"),
        (entries_path(0), "tile/entries/000"),
        (entries_path(1234067, 8), "tile/entries/x001/x234/067.p/8"),
        (entries_path(999_999), "tile/entries/x999/999"),
        (tile_path(0, MAX), "tile/0/x009/x223/x372/x036/x854/x775/807"),
    ],
)
def test_names_of_the_specification(path: str, expected: str) -> None:
    """Groups of three digits, all but the last with an x; partial tiles say their width."""
    assert path == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/100/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/x000/x001/000",
        "tile/0/x001/x000",
        "tile/0/001/000",
        "tile/0/x001/234.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/../../etc/passwd",
        "tile/entries/000\n",
        "tile/0/000.p/1\n",
        "tile/entry/000",
        "tile/0/x001/x002/x003/x004/x005/x006/x007/008",
    ],
)
def test_other_names_are_refused(path: str) -> None:
    """Second names, wrong groups, widths of full tiles and ways out of the folder are refused."""
    with refuses("tile.path"):
        parse_path(path)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("tile/64/000", "tile.level"),
        ("tile/0/x009/x223/x372/x036/x854/x775/808", "tile.index"),
        ("tile/0/000.p/257", "tile.width"),
        ("tile/0/000.p/999", "tile.width"),
    ],
)
def test_ranges_of_names(path: str, code: str) -> None:
    """Levels, indices and widths out of range are refused by name."""
    with refuses(code):
        parse_path(path)


@pytest.mark.parametrize(
    ("level", "index", "width", "code"),
    [
        (-1, 0, 256, "tile.level"),
        (64, 0, 256, "tile.level"),
        (0, -1, 256, "tile.index"),
        (0, 2**63, 256, "tile.index"),
        (0, 0, 0, "tile.width"),
        (0, 0, 257, "tile.width"),
    ],
)
def test_ranges_of_arguments(level: int, index: int, width: int, code: str) -> None:
    """A tile that cannot exist has no name."""
    with refuses(code):
        tile_path(level, index, width)
    if level == 0:
        with refuses(code):
            entries_path(index, width)


def test_shapes_of_the_specification() -> None:
    """The two examples of C2SP tlog-tiles: sizes 70,000 and 256."""
    assert level_shapes(70_000) == (
        LevelShape(0, 273, 112),
        LevelShape(1, 1, 17),
        LevelShape(2, 0, 1),
    )
    assert level_shapes(256) == (LevelShape(0, 1, 0), LevelShape(1, 0, 1))
    assert level_shapes(0) == ()
    assert len(level_shapes(MAX)) == 8


@given(st.integers(0, 200_000))
def test_shapes_are_the_tiles(size: int) -> None:
    """Full tiles and one partial tile a level are all tiles of the tree, and none is empty."""
    listed = set()
    for shape in level_shapes(size):
        listed |= {TilePath(shape.level, index) for index in range(shape.full)}
        if shape.partial:
            listed.add(TilePath(shape.level, shape.full, shape.partial))
    assert listed == tiles_of(size)


@given(st.integers(0, 3), st.integers(0, 300), st.integers(0, 200_000))
def test_width_at(level: int, index: int, size: int) -> None:
    """A tile's width is what the tree of that size has in that place, 0 where there is none."""
    widths = {(path.level, path.index): path.width for path in tiles_of(size)}
    assert width_at(level, index, size) == widths.get((level, index), 0)


@given(st.integers(0, 140_000), st.integers(0, 3000))
def test_growth(old_size: int, more: int) -> None:
    """What a publisher writes when a log grows is what the new tree has and the old had not."""
    new_size = old_size + more
    new = list(tiles_between(old_size, new_size))
    assert len(new) == len(set(new))
    assert set(new) == tiles_of(new_size) - tiles_of(old_size)
    assert [(p.index, p.width) for p in bundles_between(old_size, new_size)] == [
        (p.index, p.width) for p in new if p.level == 0
    ]
    assert all(path.level is None for path in bundles_between(old_size, new_size))


def test_growth_is_lazy() -> None:
    """The first tiles of the largest tree come at once: nothing lists 2^55 of them."""
    assert str(next(tiles_between(0, MAX))) == "tile/0/000"
    assert str(next(bundles_between(0, MAX))) == "tile/entries/000"


@pytest.mark.parametrize(("old_size", "new_size"), [(-1, 5), (6, 5), (0, 2**63), (0, -1)])
def test_sizes_are_checked(old_size: int, new_size: int) -> None:
    """A log neither shrinks nor has a size that no checkpoint can state."""
    with refuses("tile.size"):
        next(tiles_between(old_size, new_size))
    with refuses("tile.size"):
        bundles_between(old_size, new_size)


def test_sizes_of_one_tree_are_checked() -> None:
    """The helpers refuse sizes, levels and indices out of range."""
    for size in (-1, 2**63):
        with refuses("tile.size"):
            level_shapes(size)
        with refuses("tile.size"):
            width_at(0, 0, size)
    with refuses("tile.level"):
        width_at(64, 0, 1)
    with refuses("tile.index"):
        width_at(0, -1, 1)
