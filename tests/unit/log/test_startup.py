"""A log does not go on from a state that is damaged, went back, or is of two histories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from counterfoil.errors import FatalLogError
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.log import Submission, check_start, published_edge
from counterfoil.log.edge import TileEdge
from counterfoil.log.publisher import Publisher
from counterfoil.log.startup import OpenNote
from counterfoil.ports import Head
from counterfoil.proofs.merkle import EMPTY_ROOT, root_of
from counterfoil.testing.memory import MemoryDisk, MemoryStore, MemoryTiles
from tests.log_rig import ORIGIN, append, entries_of, open_log, open_note, raises_code, sign
from tests.rfc6962 import mth
from tests.unit.log.sequencing import grow, sequencer_of


class Parts:
    """The two halves of a log on disk: what a database and what a folder of tiles holds."""

    def __init__(self, size: int = 900, published: int = 700, trimmed: int = 0) -> None:
        store, self.tiles = MemoryStore(), MemoryTiles()
        if published:
            Publisher(store, self.tiles, TileEdge()).publish(grow(store, published, 50))
        grow(store, size, 50)
        store.trim(trimmed)
        self.disk = store.disk

    def check(self) -> TileEdge:
        """Check the start, as opening does."""
        return check_start(MemoryStore(self.disk), self.tiles, open_note)


@pytest.mark.parametrize(
    ("size", "published", "trimmed"),
    [
        (0, 0, 0),
        (1, 0, 0),
        (1, 1, 0),
        (256, 256, 256),
        (900, 0, 0),
        (900, 700, 0),
        (900, 700, 512),
        (900, 768, 768),
        (900, 900, 768),
        (66_000, 65_900, 65_792),
    ],
)
def test_a_sound_log_starts(size: int, published: int, trimmed: int) -> None:
    """Whatever is published and trimmed, the edge is that of the published tree."""
    parts = Parts(size, published, trimmed)
    edge = parts.check()
    assert edge.size == published
    assert edge.root() == mth(entries_of(published))


def test_a_sound_log_goes_on() -> None:
    """After the check the log publishes what was not published, and grows."""
    parts = Parts(trimmed=512)
    log = open_log(MemoryStore(parts.disk), parts.tiles)
    append(log, 200)
    log.close()
    tree = open_note(parts.tiles.published() or b"")
    assert (tree.size, tree.root) == (1_100, mth(entries_of(1_100)))


def older(size: int) -> MemoryDisk:
    """Make the database of the same log when it had `size` entries."""
    return Parts(size, 0).disk


def other_history(size: int, differs_at: int) -> MemoryStore:
    """Make a log of as many entries, of which one is another."""
    store = MemoryStore()
    grow(store, differs_at, 50)
    sequencer = sequencer_of(store)
    sequencer.submit(Submission(entries_of(1, 77_777))).result(60)
    sequencer.close()
    grow(store, size, 50)
    return store


def lose_tile(path: str) -> Callable[[Parts], None]:
    """Lose one tile."""

    def change(parts: Parts) -> None:
        del parts.tiles.files[path]

    return change


def flip_tile(path: str) -> Callable[[Parts], None]:
    """Flip one bit of one tile."""

    def change(parts: Parts) -> None:
        data = parts.tiles.files[path]
        parts.tiles.files[path] = bytes([data[0] ^ 1]) + data[1:]

    return change


def cut_tile(parts: Parts) -> None:
    """Cut a tile short."""
    parts.tiles.files["tile/0/002.p/188"] = parts.tiles.files["tile/0/002.p/188"][:-32]


def change_segment(first: int, *, hashes: bool = False) -> Callable[[Parts], None]:
    """Flip a bit in the last entry, or the last hash, of the segment that begins at an index."""

    def change(parts: Parts) -> None:
        segments = parts.disk.segments
        at = next(k for k, s in enumerate(segments) if s.first == first)
        old = segments[at]
        data = old.hashes if hashes else old.entries
        data = data[:-1] + bytes([data[-1] ^ 1])
        segments[at] = replace(old, hashes=data) if hashes else replace(old, entries=data)

    return change


def cut_segment(parts: Parts) -> None:
    """Cut the last entry of the database short."""
    last = parts.disk.segments[-1]
    parts.disk.segments[-1] = replace(last, entries=last.entries[:-1])


def lose_segment(at: int) -> Callable[[Parts], None]:
    """Lose a segment of the database."""

    def change(parts: Parts) -> None:
        del parts.disk.segments[at]

    return change


def exchange_entry(parts: Parts) -> None:
    """Exchange an entry of the tail together with its hash: only the root can tell."""
    forged = other_history(900, 899).disk.segments[-1]
    old = parts.disk.segments[-1]
    last = forged.hashes[-32:]
    entries = old.entries[: -len(entries_of(1, 899)[0]) - 2]
    forged_entry = entries_of(1, 77_777)[0]
    parts.disk.segments[-1] = replace(
        old,
        entries=entries + len(forged_entry).to_bytes(2, "big") + forged_entry,
        hashes=old.hashes[:-32] + last,
    )


def head_with(**changes: object) -> Callable[[Parts], None]:
    """Change the database's head."""

    def change(parts: Parts) -> None:
        parts.disk.head = replace(parts.disk.head, **changes)  # type: ignore[arg-type]  # any field

    return change


def set_disk(disk: Callable[[], MemoryDisk]) -> Callable[[Parts], None]:
    """Put another database in the place of the log's."""

    def change(parts: Parts) -> None:
        parts.disk = disk()

    return change


def publish(signed: Callable[[], bytes]) -> Callable[[Parts], None]:
    """Put another checkpoint in the place of the published one."""
    return lambda parts: parts.tiles.publish(signed())


def foreign_note() -> bytes:
    """Sign a checkpoint of another log with our key."""
    return sign(Checkpoint("log.example/other", 700, mth(entries_of(700))))


BROKEN: dict[str, tuple[str, Callable[[Parts], None]]] = {
    "old database": ("log.rolled-back", set_disk(lambda: older(500))),
    "empty database": ("log.rolled-back", set_disk(MemoryDisk)),
    "database of one less": ("log.rolled-back", set_disk(lambda: older(699))),
    "database of another history": ("log.mismatch", set_disk(lambda: other_history(700, 699).disk)),
    "a longer one": ("log.mismatch", set_disk(lambda: other_history(900, 699).disk)),
    "one that differs far below": ("log.mismatch", set_disk(lambda: other_history(900, 100).disk)),
    "checkpoint of another log": ("log.signature", publish(foreign_note)),
    "checkpoint without a known signature": ("log.signature", publish(lambda: unknown_signer())),
    "no checkpoint but garbage": ("log.signature", publish(lambda: b"garbage")),
    "empty checkpoint": ("log.signature", publish(lambda: b"")),
    "checkpoint of another root": (
        "log.mismatch",
        publish(lambda: sign(Checkpoint(ORIGIN, 700, root_of([bytes(32)])))),
    ),
    "checkpoint of an unpublished size": (
        "log.damaged",
        publish(lambda: sign(Checkpoint(ORIGIN, 701, mth(entries_of(701))))),
    ),
    "missing level 0 tile": ("log.damaged", lose_tile("tile/0/002.p/188")),
    "missing level 1 tile": ("log.damaged", lose_tile("tile/1/000.p/2")),
    "flipped level 0 tile": ("log.mismatch", flip_tile("tile/0/002.p/188")),
    "flipped level 1 tile": ("log.mismatch", flip_tile("tile/1/000.p/2")),
    "cut tile": ("log.damaged", cut_tile),
    "changed entry of the tail": ("log.damaged", change_segment(850)),
    "changed entry of the first tail segment": ("log.damaged", change_segment(700)),
    "cut entry of the tail": ("log.damaged", cut_segment),
    "changed hash of the tail": ("log.damaged", change_segment(850, hashes=True)),
    "changed entry of a bundle to come": ("log.damaged", change_segment(650)),
    "changed hash of a bundle to come": ("log.damaged", change_segment(650, hashes=True)),
    "exchanged entry of the tail": ("log.mismatch", exchange_entry),
    "missing end of the tail": ("log.mismatch", lose_segment(-1)),
    "gap in the tail": ("log.mismatch", lose_segment(-2)),
    "frontier of another shape": ("log.damaged", head_with(frontier=())),
    "frontier of other hashes": ("log.mismatch", head_with(frontier=(bytes(32),) * 4)),
    "head without a checkpoint": ("log.signature", head_with(note=b"")),
    "head with a garbled checkpoint": ("log.signature", head_with(note=b"garbage")),
    "head with an older checkpoint": (
        "log.mismatch",
        lambda parts: head_with(note=older(850).head.note)(parts),
    ),
    "head with a checkpoint of another log": (
        "log.signature",
        lambda parts: head_with(note=foreign_note())(parts),
    ),
}


def unknown_signer() -> bytes:
    """Change the key id of a good checkpoint, so that nobody known has signed it."""
    good = sign(Checkpoint(ORIGIN, 700, mth(entries_of(700))))
    text, line = good.split(b"\n\n")
    return text + b"\n\n" + line.replace(b" " + line.split(b" ")[2][:4], b" AAAA")


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("trimmed", [0, 512])
def test_a_broken_log_does_not_start(name: str, trimmed: int) -> None:
    """Each kind of damage, rollback and mixture is refused with its own code and a hint."""
    code, change = BROKEN[name]
    parts = Parts(trimmed=trimmed)
    change(parts)
    with raises_code(code, FatalLogError) as caught:
        parts.check()
    assert caught.value.hint
    signed = parts.tiles.published()
    with pytest.raises(FatalLogError):
        open_log(MemoryStore(parts.disk), parts.tiles)
    assert parts.tiles.published() == signed


def test_old_tiles_are_noticed_once_entries_are_trimmed() -> None:
    """Tiles that went back below what the database still has are refused."""
    parts = Parts(size=1_000, published=900, trimmed=768)
    old = Parts(size=700, published=700)
    for tiles in (old.tiles, MemoryTiles()):
        with raises_code("log.rolled-back", FatalLogError) as caught:
            check_start(MemoryStore(parts.disk), tiles, open_note)
        assert "768" in caught.value.message


def test_old_tiles_are_caught_up_while_the_database_has_all() -> None:
    """Tiles that went back, or are gone, are written again while nothing is trimmed."""
    for tiles in (Parts(size=300, published=300).tiles, MemoryTiles()):
        parts = Parts()
        log = open_log(MemoryStore(parts.disk), tiles)
        log.close()
        assert open_note(tiles.published() or b"").size == 900


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 65_536])
def test_the_published_edge(size: int) -> None:
    """The edge is read from partial tiles alone, at sizes where levels end too."""
    edge = published_edge(Parts(size, size).tiles, open_note)
    assert (edge.size, edge.root()) == (size, mth(entries_of(size)))


def test_nothing_published_is_the_empty_edge() -> None:
    """Before the first checkpoint the published tree is empty."""
    edge = published_edge(MemoryTiles(), open_note)
    assert (edge.size, edge.root()) == (0, EMPTY_ROOT)


def test_a_head_of_a_log_without_entries_may_be_signed() -> None:
    """A store whose empty tree has a signed checkpoint starts too."""
    note = sign(Checkpoint(ORIGIN, 0, EMPTY_ROOT))
    disk = MemoryDisk(head=Head(0, (), note, 5, 0))
    assert check_start(MemoryStore(disk), MemoryTiles(), open_note).size == 0


def test_the_notes_are_opened_by_the_caller() -> None:
    """Whatever error opening a note raises, the log says that its signature does not hold."""
    parts = Parts(10, 10)
    opened: list[bytes] = []

    def opener(signed: bytes) -> Checkpoint:
        opened.append(signed)
        return open_note(signed)

    check: OpenNote = opener
    check_start(MemoryStore(parts.disk), parts.tiles, check)
    assert opened == [parts.tiles.published(), parts.disk.head.note]
