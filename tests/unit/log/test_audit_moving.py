"""The hash audit: checkpoints, claims and progress, and a log that is written meanwhile."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from counterfoil.errors import Unavailable
from counterfoil.log.audit import Claim
from counterfoil.ports import Segment
from counterfoil.testing.memory import MemoryStore, MemoryTiles
from tests.unit.log.auditing import Hand, flipped, root_at, run_audit

DEEP = 65_536 + 3 * 256 + 7  # two levels of full tiles, and partial ones of three


@pytest.fixture(scope="module")
def deep() -> Hand:
    """A log with tiles of three levels."""
    return Hand(DEEP)


# Checkpoints --------------------------------------------------------------------------------------


def test_a_checkpoint_by_another_key() -> None:
    """A published checkpoint that the log did not sign is named; the tiles are audited anyway."""
    hand = Hand(700)
    hand.tiles.publish(hand.note(700).replace(b" ", b"  ", 1))
    report, findings = run_audit(hand.tiles)
    assert [(f.code, f.place) for f in findings] == [("audit.checkpoint", "checkpoint")]
    assert report.published is None

    changed = hand.note(700).replace(b"\n700\n", b"\n512\n")
    hand.tiles.publish(changed)
    report, findings = run_audit(hand.tiles, hand.store)
    assert [f.code for f in findings] == ["audit.checkpoint"]
    assert report.size == 700


@pytest.mark.parametrize("with_store", [False, True])
def test_a_missing_checkpoint(with_store: bool) -> None:
    """Without a published checkpoint the tiles that are there are audited all the same."""
    hand = Hand(1030)
    hand.tiles._published = None
    hand.tiles.files["tile/entries/002"] = flipped(hand.tiles.files["tile/entries/002"], 9)
    report, findings = run_audit(hand.tiles, hand.store if with_store else None)
    assert ("audit.checkpoint", "checkpoint") in [(f.code, f.place) for f in findings]
    assert "tile/entries/002" in [f.place for f in findings]
    assert report.size == (1030 if with_store else 1024)


def test_a_new_log_has_no_checkpoint_yet() -> None:
    """An empty log without a checkpoint is sound."""
    assert run_audit(MemoryTiles(), MemoryStore())[1] == ()


def test_claims_that_hold(deep: Hand) -> None:
    """What readers kept of any size agrees with a log that extends it."""
    sizes = [0, 1, 2, 255, 256, 257, 1000, 65_535, 65_536, 65_537, DEEP - 1, DEEP]
    claims = [Claim(size, root_at(deep.hashes, size), f"receipt {size}") for size in sizes]
    assert run_audit(deep.tiles, claims=claims)[1] == ()


def test_a_claim_of_another_history() -> None:
    """A checkpoint that a reader kept, of the same size and another root, says: forked."""
    hand = Hand(700)
    other = Claim(300, bytes(32), "a receipt", "audit.forked")
    _, findings = run_audit(hand.tiles, claims=[other])
    assert [(f.code, f.place) for f in findings] == [("audit.forked", "a receipt")]


def test_a_claim_of_a_longer_log() -> None:
    """A checkpoint that a reader kept, longer than the log, says: rolled back."""
    hand = Hand(700)
    late = Claim(701, bytes(32), "a receipt", "audit.forked")
    _, findings = run_audit(hand.tiles, claims=[late])
    assert [(f.code, f.place) for f in findings] == [("audit.rolled-back", "a receipt")]
    assert "701" in findings[0].expected
    assert "700" in findings[0].found


# Progress -----------------------------------------------------------------------------------------


def test_progress() -> None:
    """Progress ends at the whole, never goes back, and stops the audit when it raises."""
    hand = Hand(256 * 70)
    told: list[tuple[int, int]] = []
    run_audit(hand.tiles, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (256 * 70, 256 * 70)

    def stop(done: int, total: int) -> None:
        raise Unavailable("test.stop", "expected to go on, found a test")

    with pytest.raises(Unavailable):
        run_audit(hand.tiles, progress=stop)


def test_memory_is_flat() -> None:
    """An audit needs a few tiles' worth of memory, not the log's."""
    hand = Hand(256 * 80)
    tracemalloc.start()
    run_audit(hand.tiles)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000


# A log that is written meanwhile ------------------------------------------------------------------


class Moving(MemoryStore):
    """A store whose owner publishes and trims when the audit has come to the tail."""

    def __init__(self, hand: Hand, after: int, trimmed: int) -> None:
        super().__init__(hand.store.disk)
        self._hand, self._after, self._trimmed = hand, after, trimmed

    def segments(self, first: int, end: int) -> Iterator[Segment]:
        """Read segments; those of a later bundle are trimmed by then."""
        if first >= self._after:
            whole = Hand(self._hand.size)
            self._hand.tiles.files.update(whole.tiles.files)
            self._hand.tiles.publish(whole.note(whole.size))
            for kind in ("0", "entries"):
                self._hand.tiles.drop_partials(f"tile/{kind}/001")
            self.trim(self._trimmed)
        return super().segments(first, end)


@pytest.mark.parametrize("damage", ["", "tile/entries/002", "tile/0/002", "both"])
def test_trimmed_meanwhile(damage: str) -> None:
    """Entries that went to tiles while the audit ran are audited there."""
    hand = Hand(1030, 300, 256)
    store = Moving(hand, 512, 1024)
    original = MemoryTiles.get

    class Tiles(MemoryTiles):
        def get(self, path: str) -> bytes | None:
            data = original(hand.tiles, path)
            if data is not None and path == damage:
                return flipped(data, 9)
            if damage == "both" and path in ("tile/entries/002", "tile/0/002"):
                return None
            return data

        def published(self) -> bytes | None:
            return hand.tiles.published()

    _, findings = run_audit(Tiles(), store)
    places = [f.place for f in findings if f.code != "audit.unchecked"]
    expected = {"": [], "both": ["tile/entries/002", "tile/0/002"]}.get(damage, [damage])
    assert places == expected


def test_published_and_trimmed_between_two_reads() -> None:
    """The checkpoint is read again when the store trimmed more than it covers."""
    old, new = Hand(700, 300), Hand(700, 700, 512)

    class Tiles(MemoryTiles):
        reads = 0

        def get(self, path: str) -> bytes | None:
            return new.tiles.get(path)

        def published(self) -> bytes | None:
            self.reads += 1
            return old.tiles.published() if self.reads == 1 else new.tiles.published()

    assert run_audit(Tiles(), new.store)[1] == ()
