"""The hash audit: sound logs pass, and each kind of damage is named with its place, and only it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from counterfoil.formats import bundle
from counterfoil.log.audit import HashAudit
from counterfoil.log.findings import Findings
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.testing.memory import MemoryStore
from counterfoil.units import HASH_BYTES
from tests.log_rig import open_note
from tests.unit.log.auditing import Hand, flipped, root_at, run_audit

DEEP = 65_536 + 3 * 256 + 7  # two levels of full tiles, and partial ones of three


@pytest.fixture(scope="module")
def deep() -> Hand:
    """A log with tiles of three levels."""
    return Hand(DEEP)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 1000])
def test_sound_tiles(size: int) -> None:
    """A sound log of any size has no finding, its root is right, and every entry is checked."""
    hand = Hand(size)
    report, findings = run_audit(hand.tiles)
    assert findings == ()
    assert (report.size, report.root) == (size, root_at(hand.hashes, size))
    assert (report.entries_checked, report.published_size) == (size, size)


def test_sound_tiles_of_three_levels(deep: Hand) -> None:
    """A sound log with tiles of three levels has no finding, and its root is right."""
    report, findings = run_audit(deep.tiles)
    assert findings == ()
    assert report.root == root_at(deep.hashes, DEEP)


@pytest.mark.parametrize(
    ("size", "published", "trimmed"),
    [(700, 700, 0), (700, 700, 512), (700, 300, 0), (700, 300, 256), (700, 0, 0), (1030, 512, 512)],
)
def test_sound_tail(size: int, published: int, trimmed: int) -> None:
    """Entries that only the store has are audited with those in tiles, as one tree."""
    hand = Hand(size, published, trimmed, kept=tuple({published, size} - {0}))
    report, findings = run_audit(hand.tiles, hand.store)
    assert findings == ()
    assert (report.size, report.published_size) == (size, published)
    assert report.root == root_at(hand.hashes, size)
    assert report.entries_checked == size


def test_start_says_what_the_log_says() -> None:
    """What the log says of itself can be read before the audit runs."""
    hand = Hand(700, 300, 256)
    start = HashAudit(hand.tiles, hand.store, open_note, Findings()).start
    assert (start.size, start.published_size, start.store_size, start.trimmed) == (
        700,
        300,
        700,
        256,
    )


def test_visit_shows_every_entry_in_order() -> None:
    """Every entry is shown once, in order, whether it stands in tiles or in the tail."""
    hand = Hand(700, 300, 256)
    seen: list[bytes | None] = []

    def visit(first: int, entries: Sequence[bytes | None]) -> None:
        assert first == len(seen)
        seen.extend(entries)

    run_audit(hand.tiles, hand.store, visit=visit)
    assert seen == hand.entries


# One bit, one tile --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 256, 700])
def test_a_flipped_bit_is_named(size: int) -> None:
    """A flipped bit in any tile is found, blamed on that tile, and on nothing else."""
    hand = Hand(size)
    chosen = random.Random(size)
    for path, data in dict(hand.tiles.files).items():
        for _ in range(5):
            tiles = hand.tiles.copy()
            tiles.files[path] = flipped(data, chosen.randrange(len(data)), chosen.randrange(8))
            _, findings = run_audit(tiles)
            assert [finding.place for finding in findings] == [path]


def test_a_flipped_bit_in_a_deep_log_is_named(deep: Hand) -> None:
    """The same in a log with tiles of three levels, for a sample of its tiles."""
    chosen = random.Random(1)
    paths = sorted(deep.tiles.files)
    upper = [path for path in paths if path.startswith(("tile/1", "tile/2")) or ".p/" in path]
    for path in [*upper, *chosen.sample(paths, 8)]:
        tiles = deep.tiles.copy()
        tiles.files[path] = flipped(tiles.files[path], chosen.randrange(len(tiles.files[path])))
        _, findings = run_audit(tiles)
        assert [finding.place for finding in findings] == [path]


def test_a_missing_tile_is_named(deep: Hand) -> None:
    """A deleted tile is found, and nothing else is blamed: what is around it tells its hashes."""
    chosen = random.Random(2)
    paths = sorted(deep.tiles.files)
    upper = [path for path in paths if path.startswith(("tile/1", "tile/2")) or ".p/" in path]
    for path in [*upper, *chosen.sample(paths, 4)]:
        tiles = deep.tiles.copy()
        del tiles.files[path]
        report, findings = run_audit(tiles)
        assert [(f.code, f.place) for f in findings] == [("audit.tile-missing", path)]
        assert report.root == root_at(deep.hashes, DEEP)


def test_a_truncated_tile_is_named() -> None:
    """A tile or bundle that is cut short, or too long, is found by its length."""
    hand = Hand(700)
    for path, data in dict(hand.tiles.files).items():
        for wrong in (data[:-1], data[: len(data) // 2], b"", data + b"x"):
            tiles = hand.tiles.copy()
            tiles.files[path] = wrong
            _, findings = run_audit(tiles)
            assert [finding.place for finding in findings] == [path]


def test_bundles_of_another_count_are_named() -> None:
    """A bundle with fewer entries than its name says is malformed, though it parses."""
    hand = Hand(700)
    hand.tiles.files["tile/entries/001"] = bundle.format(hand.entries[256:500])
    _, findings = run_audit(hand.tiles)
    assert [(f.code, f.place, f.found) for f in findings] == [
        ("audit.bundle-malformed", "tile/entries/001", "244")
    ]


def test_swapped_tiles_are_named() -> None:
    """Two bundles and their tiles that changed places together are found by the tile above."""
    hand = Hand(1000)
    files = hand.tiles.files
    for kind in ("0", "entries"):
        one, two = f"tile/{kind}/000", f"tile/{kind}/001"
        files[one], files[two] = files[two], files[one]
    _, findings = run_audit(hand.tiles)
    assert {finding.place for finding in findings} == {"tile/0/000", "tile/0/001"}


def test_swapped_bundles_are_named() -> None:
    """Two bundles that changed places are found by their hash tiles."""
    hand = Hand(1000)
    files = hand.tiles.files
    files["tile/entries/000"], files["tile/entries/001"] = (
        files["tile/entries/001"],
        files["tile/entries/000"],
    )
    _, findings = run_audit(hand.tiles)
    assert [f.place for f in findings] == ["tile/entries/000", "tile/entries/001"]


def test_entry_and_hash_changed_together(deep: Hand) -> None:
    """An entry that is rewritten with its hash is found by the tile above, at any depth."""
    for number, above in ((5, "tile/1/000"), (257, "tile/1/001.p/3")):
        tiles = deep.tiles.copy()
        run = deep.entries[number * 256 : number * 256 + 256]
        run[3] = b"another"
        path = f"{number:03d}"
        tiles.files[f"tile/entries/{path}"] = bundle.format(run)
        hashes = bytearray(tiles.files[f"tile/0/{path}"])
        hashes[3 * HASH_BYTES : 4 * HASH_BYTES] = root_at([leaf_hash(b"another")], 1)
        tiles.files[f"tile/0/{path}"] = bytes(hashes)
        _, findings = run_audit(tiles)
        assert [finding.place for finding in findings] == [f"tile/0/{path}"]
        assert above in findings[0].expected


def test_all_levels_rewritten() -> None:
    """Tiles that were all rewritten lead to another root than the one that was signed."""
    hand, other = Hand(700), Hand(700)
    other.entries[10] = b"another"
    forged = _remade(other.entries)
    forged.tiles.publish(hand.note(700))
    _, findings = run_audit(forged.tiles)
    assert [(f.code, f.place) for f in findings] == [("audit.root", "checkpoint")]


def test_rewritten_between_kept_checkpoints() -> None:
    """Kept checkpoints say up to where the log is still the one that was signed."""
    hand, other = Hand(1000, kept=(200, 400, 600)), Hand(1000)
    other.entries[450] = b"another"
    forged = _remade(other.entries)
    forged.tiles.publish(hand.note(1000))
    _, findings = run_audit(forged.tiles, _only_checkpoints(hand))
    wrong = [f for f in findings if f.code == "audit.root"]
    assert wrong[0].place == "database: checkpoint 600"
    assert {f.place for f in wrong[1:]} == {"database: head", "checkpoint"}
    assert "agrees is of 400 entries" in wrong[0].found


# Control ------------------------------------------------------------------------------------------


class SkipsLevelOne(HashAudit):
    """An audit with a planted bug: it never reads hash tiles of level 1 and up."""

    def _stored_tile(self, level: int, number: int, width: int) -> list[bytes] | None:
        return super()._stored_tile(level, number, width) if level == 0 else None


def test_an_audit_that_skips_level_one_misses() -> None:
    """The control: an audit that does not read level-1 tiles misses a flipped bit there."""
    hand = Hand(700)
    path = "tile/1/000.p/2"
    hand.tiles.files[path] = flipped(hand.tiles.files[path], 40)
    assert [f.place for f in run_audit(hand.tiles)[1]] == [path]
    assert run_audit(hand.tiles, kind=SkipsLevelOne)[1] == ()


# More than one fault ------------------------------------------------------------------------------


def test_the_audit_goes_on() -> None:
    """Damage in many places is all found in one pass, and sound entries are still shown."""
    hand = Hand(2000)
    files = hand.tiles.files
    files["tile/entries/000"] = flipped(files["tile/entries/000"], 5)
    files["tile/0/002"] = flipped(files["tile/0/002"], 7)
    del files["tile/entries/004"]
    files["tile/1/000.p/7"] = flipped(files["tile/1/000.p/7"], 6 * HASH_BYTES)
    report, findings = run_audit(hand.tiles)
    assert [f.place for f in findings] == [
        "tile/entries/000",
        "tile/0/002",
        "tile/entries/004",
        "tile/1/000.p/7",
    ]
    assert report.entries_checked == 2000 - 1 - 1 - 256
    assert report.root == root_at(hand.hashes, 2000)


def test_bundle_and_tile_missing() -> None:
    """Where a bundle and its tile are gone, the tile above still leads to the root."""
    hand = Hand(1000)
    del hand.tiles.files["tile/entries/001"], hand.tiles.files["tile/0/001"]
    report, findings = run_audit(hand.tiles)
    assert [f.place for f in findings] == ["tile/entries/001", "tile/0/001"]
    assert report.root == root_at(hand.hashes, 1000)
    assert report.entries_checked == 744


def test_nothing_leads_to_the_root() -> None:
    """Where the last bundle and its tile are gone, the audit says that the root is unchecked."""
    hand = Hand(1000)
    for kind in ("entries", "0"):
        del hand.tiles.files[f"tile/{kind}/003.p/232"]
    report, findings = run_audit(hand.tiles)
    assert [f.code for f in findings] == ["audit.tile-missing"] * 2 + ["audit.unchecked"]
    assert report.root == b""


def test_a_gap_that_only_the_level_above_spans(deep: Hand) -> None:
    """Lost tiles inside a full level-1 tile are filled in from it, for the levels above."""
    tiles = deep.tiles.copy()
    for number in (3, 4):
        for kind in ("entries", "0"):
            del tiles.files[f"tile/{kind}/{number:03d}"]
    report, findings = run_audit(tiles)
    assert len(findings) == 4
    assert report.root == root_at(deep.hashes, DEEP)


def test_a_lost_subtree_is_spanned(deep: Hand) -> None:
    """A level-1 tile that is lost with one of its children is spanned by level 2."""
    tiles = deep.tiles.copy()
    for name in ("entries/003", "0/003", "1/000"):
        del tiles.files[f"tile/{name}"]
    report, findings = run_audit(tiles)
    assert {f.place for f in findings} == {"tile/entries/003", "tile/0/003", "tile/1/000"}
    assert report.root == root_at(deep.hashes, DEEP)


def test_a_lost_subtree_on_the_edge() -> None:
    """Where the tile above is lost too, no root can be computed any more, and that is said."""
    hand = Hand(1000)
    for name in ("entries/001", "0/001", "1/000.p/3"):
        del hand.tiles.files[f"tile/{name}"]
    report, findings = run_audit(hand.tiles)
    assert {f.code for f in findings} == {"audit.tile-missing", "audit.unchecked"}
    assert report.root == b""


def test_bundle_and_tile_damaged() -> None:
    """Where both were damaged at once, both are named, and the level above is not."""
    hand = Hand(1000)
    files = hand.tiles.files
    files["tile/entries/001"] = flipped(files["tile/entries/001"], 9)
    files["tile/0/001"] = flipped(files["tile/0/001"], 600)
    _, findings = run_audit(hand.tiles)
    assert {f.place for f in findings} >= {"tile/entries/001", "tile/0/001"}


def test_three_levels_damaged(deep: Hand) -> None:
    """Damage on one path through three levels is named on each of them."""
    tiles = deep.tiles.copy()
    for path, at in (("tile/entries/003", 9), ("tile/0/003", 600), ("tile/1/000", 3 * 32)):
        tiles.files[path] = flipped(tiles.files[path], at)
    _, findings = run_audit(tiles)
    assert {f.place for f in findings} >= {"tile/entries/003", "tile/0/003", "tile/1/000"}


def test_bundle_damaged_under_a_lost_tile(deep: Hand) -> None:
    """Where the tile above is lost, a damaged bundle is told from its tile further up."""
    for path in ("tile/entries/003", "tile/0/003"):
        tiles = deep.tiles.copy()
        del tiles.files["tile/1/000"]
        tiles.files[path] = flipped(tiles.files[path], 9)
        _, findings = run_audit(tiles)
        assert sorted(f.place for f in findings) == sorted([path, "tile/1/000"])


def test_bundle_damaged_under_a_lost_edge() -> None:
    """Where the tile above is lost, the signed root tells a damaged bundle from its tile."""
    for path in ("tile/entries/001", "tile/0/001"):
        hand = Hand(1000)
        del hand.tiles.files["tile/1/000.p/3"]
        hand.tiles.files[path] = flipped(hand.tiles.files[path], 9)
        _, findings = run_audit(hand.tiles)
        assert sorted(f.place for f in findings) == sorted([path, "tile/1/000.p/3"])


def test_damage_under_a_lost_top(deep: Hand) -> None:
    """Where the topmost tile is lost, the signed root tells which level below it is damaged."""
    tiles = deep.tiles.copy()
    del tiles.files["tile/2/000.p/1"]
    tiles.files["tile/1/000"] = flipped(tiles.files["tile/1/000"], 40)
    _, findings = run_audit(tiles)
    assert sorted(f.place for f in findings) == ["tile/1/000", "tile/2/000.p/1"]

    tiles = deep.tiles.copy()
    del tiles.files["tile/2/000.p/1"]
    run = deep.entries[5 * 256 : 6 * 256]
    run[0] = b"another"
    tiles.files["tile/entries/005"] = bundle.format(run)
    hashes = tiles.files["tile/0/005"]
    tiles.files["tile/0/005"] = leaf_hash(b"another") + hashes[HASH_BYTES:]
    _, findings = run_audit(tiles)
    assert sorted(f.place for f in findings) == ["tile/0/005", "tile/2/000.p/1"]


def _remade(entries: list[bytes]) -> Hand:
    """Make the tiles of other entries, all levels of them."""
    hand = Hand(0)
    hand.entries, hand.size = entries, len(entries)
    hand.hashes = [leaf_hash(entry) for entry in entries]
    hand._write_tiles(hand.hashes)
    return hand


def _only_checkpoints(hand: Hand) -> MemoryStore:
    """Take a store's head and checkpoints, trimmed as far as it goes."""
    size = hand.size - hand.size % 256
    hand.store.trim(size)
    hand.store.disk.segments.clear()
    return hand.store
