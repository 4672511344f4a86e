"""A log and those who watch it: what they remember must be true, and what they say is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from counterfoil.errors import FatalLogError
from counterfoil.formats import note as notes
from counterfoil.formats.checkpoint import EMPTY_ROOT, Checkpoint
from counterfoil.formats.note import Note
from counterfoil.formats.vkey import KeyType
from counterfoil.log import Log, TileEdge, check_remembered, parse_signed, root_at
from counterfoil.ports import Prove, Unwatched
from counterfoil.proofs.merkle import leaf_hash, root_of, verify_consistency
from counterfoil.proofs.signing import note_signature, signing_key
from counterfoil.testing.clock import ManualClock
from counterfoil.testing.memory import MemoryStore, MemoryTiles
from tests.log_rig import ORIGIN, append, entries_of, open_note, raises_code, sign
from tests.polling import until

WITNESS = signing_key("w.example", KeyType.COSIGNATURE_ED25519, b"w" * 32)


def tree(size: int) -> Checkpoint:
    """Make the state that the tests' log has at a size."""
    hashes = [leaf_hash(entry) for entry in entries_of(size)]
    return Checkpoint(ORIGIN, size, root_of(hashes) if hashes else EMPTY_ROOT)


class Watchers:
    """Witnesses of a test: they answer while `there`, and remember what they are told to."""

    def __init__(self, *seen: Checkpoint) -> None:
        self.seen, self.there, self.wanting = seen, True, False
        self.asked: list[Checkpoint] = []

    def remembered(self) -> Sequence[Checkpoint]:
        return self.seen

    def cosign(self, note: bytes, prove: Prove) -> bytes:
        shown = parse_signed(note)
        if self.asked and 0 < self.asked[-1].size < shown.size:
            last = self.asked[-1]
            verify_consistency(
                last.size, shown.size, last.root, shown.root, prove(last.size, shown.size)
            )
        self.asked.append(shown)
        self.wanting = not self.there
        if not self.there:
            return note
        parsed = notes.parse(note)
        return notes.format(
            Note(parsed.text, (*parsed.signatures, note_signature(WITNESS, parsed.text, 7)))
        )


def open_watched(store: MemoryStore, tiles: MemoryTiles, witnesses: Watchers) -> Log:
    """Open a log with these witnesses."""
    return Log(
        store,
        tiles,
        ORIGIN,
        sign,
        open_note,
        ManualClock(),
        publish_interval_s=0.001,
        witnesses=witnesses,
    )


def cosigned(note: bytes | None) -> bool:
    """Tell whether the witness's line is there."""
    assert note is not None
    return any(line.name == WITNESS.name for line in notes.parse(note).signatures)


@pytest.fixture
def engines() -> tuple[MemoryStore, MemoryTiles]:
    """Make a log of 300 entries, the last 40 of them not published."""
    store, tiles = MemoryStore(), MemoryTiles()
    log = open_watched(store, tiles, Watchers())
    append(log, 260)
    log.wait_published(260)
    log.close()
    return store, tiles


def test_the_published_checkpoint_is_cosigned(engines: tuple[MemoryStore, MemoryTiles]) -> None:
    """Readers see it with its cosignatures; and so it is kept."""
    store, tiles = engines
    assert cosigned(tiles.published())
    assert cosigned(store.checkpoints()[-1].note)


@pytest.mark.parametrize("size", [0, 1, 100, 255, 256, 260])
def test_what_was_seen_and_is_true(engines: tuple[MemoryStore, MemoryTiles], size: int) -> None:
    """A log that extends what its witnesses saw goes on, and proves its growth to them."""
    log = open_watched(*engines, Watchers(tree(size)))
    append(log, 50, first=260)
    log.wait_published(310)
    log.close()


def test_a_log_that_went_back(engines: tuple[MemoryStore, MemoryTiles]) -> None:
    """A log shorter than somebody saw it is not opened."""
    with raises_code("witness.rolled-back", FatalLogError):
        open_watched(*engines, Watchers(tree(10), tree(261)))


@pytest.mark.parametrize("size", [1, 256, 260])
def test_another_history(engines: tuple[MemoryStore, MemoryTiles], size: int) -> None:
    """A log with another root than somebody saw is not opened."""
    with raises_code("witness.forked", FatalLogError):
        open_watched(*engines, Watchers(Checkpoint(ORIGIN, size, b"\x07" * 32)))


def test_roots_of_what_is_not_published(engines: tuple[MemoryStore, MemoryTiles]) -> None:
    """A state between the published one and the head is compared, too, unless it may move."""
    store, tiles = engines
    edge, empty = _edge(tiles), TileEdge()
    assert [root_at(size, store, tiles, edge) for size in (0, 257, 260)] == [
        tree(size).root for size in (0, 257, 260)
    ]
    wrong = Checkpoint(ORIGIN, 260, b"\x07" * 32)
    check_remembered([wrong], store, tiles, empty, tail=False)
    with raises_code("witness.forked", FatalLogError):
        check_remembered([wrong], store, tiles, _edge(tiles))


def _edge(tiles: MemoryTiles) -> TileEdge:
    from counterfoil.log import published_edge

    return published_edge(tiles, open_note)


def test_cosignatures_that_come_later() -> None:
    """A quiet log asks again, and publishes what came."""
    store, tiles, witnesses = MemoryStore(), MemoryTiles(), Watchers()
    witnesses.there = False
    log = open_watched(store, tiles, witnesses)
    append(log, 5)
    log.wait_published(5)
    assert not cosigned(tiles.published())
    witnesses.there = True
    assert until(lambda: cosigned(tiles.published()), 30)
    log.close()


def test_the_last_vouched_for_is_kept() -> None:
    """When witnesses go away, the last checkpoint that they cosigned stays at hand."""
    store, tiles, witnesses = MemoryStore(), MemoryTiles(), Watchers()
    log = open_watched(store, tiles, witnesses)
    append(log, 5)
    log.wait_published(5)
    witnesses.there = False
    append(log, 5, first=5)
    log.wait_published(10)
    assert until(lambda: [c.size for c in store.checkpoints() if cosigned(c.note)] == [5], 30)
    log.close()


def test_nobody_watches() -> None:
    """Without witnesses nothing is remembered, added or wanted."""
    nobody = Unwatched()
    prove: Callable[[int, int], list[bytes]] = lambda _old, _new: []  # noqa: E731
    assert (nobody.remembered(), nobody.cosign(b"note", prove), nobody.wanting) == (
        (),
        b"note",
        False,
    )
