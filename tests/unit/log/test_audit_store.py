"""The hash audit of the store: rows, head, kept checkpoints, and whatever damage makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from counterfoil.errors import Unavailable
from counterfoil.formats import bundle
from counterfoil.log.findings import Finding, Findings, places
from counterfoil.ports import Head, Segment, StoredCheckpoint
from counterfoil.testing.memory import MemoryStore, MemoryTiles
from tests.log_rig import unavailable
from tests.unit.log.auditing import Hand, flipped, run_audit, with_segment


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """List what was found, and where."""
    return [(finding.code, finding.place) for finding in findings]


# Rows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("published", [0, 100, 300, 700])
@pytest.mark.parametrize("column", ["entries", "hashes"])
def test_a_flipped_bit_in_a_row(published: int, column: str) -> None:
    """A flipped bit in any row is found, and only that row is blamed, in tiles or not."""
    for number in range(8):
        hand = Hand(700, published)
        row = hand.store.disk.segments[number]
        with_segment(hand.store, number, **{column: flipped(getattr(row, column), 4)})
        _, findings = run_audit(hand.tiles, hand.store)
        assert [finding.code for finding in findings] == ["audit.segment-changed"]
        # A row that tiles hold in part is compared by parts.
        assert findings[0].place.startswith(f"database: entries {row.first} to ")
        what = "the entry of" if column == "entries" else "the hash of"
        assert what in findings[0].found


def test_a_row_that_is_no_bundle() -> None:
    """A row whose bytes are no entries any more is named; its hashes still lead to the root."""
    for published in (0, 700):
        hand = Hand(700, published)
        with_segment(hand.store, 1, entries=b"\xff\xff")
        report, findings = run_audit(hand.tiles, hand.store)
        assert codes(findings) == [("audit.segment-malformed", "database: entries 100 to 199")]
        assert report.entries_checked == (700 if published else 600)


def test_a_row_of_another_count() -> None:
    """A row that holds fewer entries than it says is named."""
    hand = Hand(700, 0)
    with_segment(hand.store, 1, entries=bundle.format(hand.entries[100:150]))
    _, findings = run_audit(hand.tiles, hand.store)
    assert codes(findings) == [("audit.segment-malformed", "database: entries 100 to 199")]


@pytest.mark.parametrize("published", [0, 100, 150, 300])
def test_a_missing_row(published: int) -> None:
    """Entries that no row holds, and that are not trimmed, are named."""
    hand = Hand(700, published)
    del hand.store.disk.segments[1]
    _, findings = run_audit(hand.tiles, hand.store)
    assert ("audit.segment-missing", "database: entries 100 to 199") in codes(findings)


def test_a_missing_last_row() -> None:
    """The tail's last row is missed, and so is the root that it led to."""
    hand = Hand(700, 300)
    del hand.store.disk.segments[-1]
    report, findings = run_audit(hand.tiles, hand.store)
    assert ("audit.segment-missing", "database: entries 612 to 699") in codes(findings)
    assert report.root == b""


def test_rows_that_overlap() -> None:
    """An entry that two rows hold is named."""
    hand = Hand(700, 300)
    rows = hand.store.disk.segments
    rows.insert(
        4,
        replace(
            rows[3],
            first=rows[3].first + 10,
            count=rows[3].count - 56,
            hashes=rows[3].hashes[10 * 32 : -46 * 32],
            entries=bundle.format(hand.entries[310:356]),
        ),
    )
    hand.store.disk.segments = sorted(rows, key=lambda row: row.first)
    _, findings = run_audit(hand.tiles, hand.store)
    assert any(code == "audit.segment-twice" for code, _ in codes(findings))


def test_rows_of_no_shape() -> None:
    """Rows with absurd numbers or types are named, and the audit goes on."""
    for change in (
        {"count": 0},
        {"count": 2**40},
        {"first": -5},
        {"hashes": b"short"},
        {"entries": 17},
        {"first": None},
    ):
        hand = Hand(700, 700)
        store = Answering(hand, segment=change)
        _, findings = run_audit(hand.tiles, store)
        assert "audit.segment-malformed" in [code for code, _ in codes(findings)]


def test_rows_outside_the_log() -> None:
    """Rows below what is trimmed, and after the head, are named."""
    hand = Hand(700, 700, 512)
    hand.store.disk.segments.insert(0, Hand(700).segments(100)[0])
    last = hand.store.disk.segments[-1]
    hand.store.disk.segments.append(
        replace(
            last,
            first=1024,
            count=1,
            hashes=last.hashes[:32],
            entries=bundle.format(hand.entries[:1]),
        )
    )
    _, findings = run_audit(hand.tiles, hand.store)
    assert codes(findings) == [
        ("audit.segment-beyond", "database: entries 0 to 99"),
        ("audit.segment-beyond", "database: entries 1024 to 1024"),
    ]


def test_a_row_that_crosses_the_head() -> None:
    """A row that reaches beyond the head is named."""
    hand = Hand(700, 300)
    longer = Hand(710)
    hand.store.disk.segments[-1] = longer.segments(100)[-1]
    _, findings = run_audit(hand.tiles, hand.store)
    assert ("audit.segment-beyond", "database: entries 700 to 709") in codes(findings)


def test_rows_that_differ_from_tiles() -> None:
    """A row whose entries and hashes were both replaced differs from the tile."""
    hand, other = Hand(700), Hand(700)
    row = other.segments(100)[0]
    with_segment(hand.store, 1, entries=row.entries, hashes=row.hashes)
    _, findings = run_audit(hand.tiles, hand.store)
    assert codes(findings) == [("audit.segment-changed", "database: entries 100 to 199")]


def test_rows_beside_a_lost_bundle() -> None:
    """Where bundle and tile are lost, rows are only compared with themselves."""
    for column, found in (("hashes", 3), ("", 2)):
        hand = Hand(700)
        del hand.tiles.files["tile/entries/000"], hand.tiles.files["tile/0/000"]
        if column:
            data = flipped(hand.store.disk.segments[1].hashes, 5)
            with_segment(hand.store, 1, hashes=data)
        _, findings = run_audit(hand.tiles, hand.store)
        assert len(findings) == found


# Head ---------------------------------------------------------------------------------------------


def test_an_old_database() -> None:
    """A database that was put back is named: the tiles know more."""
    old, new = Hand(300), Hand(700)
    report, findings = run_audit(new.tiles, old.store)
    assert codes(findings) == [("audit.rolled-back", "database: head")]
    assert report.size == 700


def test_old_tiles() -> None:
    """Tiles that were put back are named: the database trimmed what they should hold."""
    old, new = Hand(300), Hand(700, 700, 512)
    _, findings = run_audit(old.tiles, new.store)
    assert ("audit.trimmed", "database: head") in codes(findings)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"size": 701}, "audit.head"),
        ({"size": 2**61}, "audit.head"),
        ({"frontier": (bytes(32),) * 6}, "audit.head"),
        ({"frontier": ()}, "audit.head"),
        ({"note": b"no note"}, "audit.head"),
        ({"trimmed": 100}, "audit.trimmed"),
        ({"trimmed": 2**61}, "audit.database"),
        ({"size": None}, "audit.database"),
        ({"size": -1}, "audit.database"),
        ({"note": None}, "audit.database"),
        ({"frontier": (None,)}, "audit.database"),
        ({"at_ms": 5}, "audit.time"),
    ],
)
@pytest.mark.parametrize("published", [300, 700])
def test_a_damaged_head(change: dict[str, Any], found: str, published: int) -> None:
    """Whatever is wrong with the head is named, and does not send the audit astray."""
    hand = Hand(700, published, kept=(300, 700))
    store = Answering(hand, head=replace(hand.store.disk.head, **change))
    report, findings = run_audit(hand.tiles, store)
    assert found in [finding.code for finding in findings]
    assert report.size == 700


def test_a_head_that_cannot_be_read() -> None:
    """Where the head cannot be read, rows say where the tail ends."""
    hand = Hand(700, 300)
    report, findings = run_audit(hand.tiles, Answering(hand, fails=("head",)))
    assert codes(findings)[0] == ("audit.unreadable", "database: head")
    assert report.size == 700
    assert report.entries_checked == 700


# Kept checkpoints ---------------------------------------------------------------------------------


def test_kept_checkpoints_that_are_wrong() -> None:
    """A kept checkpoint that is not signed, of another size, or out of time, is named."""
    hand = Hand(700, kept=(100, 200, 300, 700))
    kept = hand.store.disk.checkpoints
    kept[100] = replace(kept[100], note=b"no note")
    kept[200] = replace(kept[200], note=hand.note(150))
    kept[300] = replace(kept[300], at_ms=7)
    _, findings = run_audit(hand.tiles, hand.store)
    assert codes(findings) == [
        ("audit.kept-checkpoint", "database: checkpoint 100"),
        ("audit.kept-checkpoint", "database: checkpoint 200"),
        ("audit.time", "database: checkpoint 300"),
    ]


def test_a_kept_checkpoint_beyond_the_log() -> None:
    """A kept checkpoint of a longer log says that the log went back."""
    hand, longer = Hand(700), Hand(900)
    hand.store.disk.checkpoints[900] = StoredCheckpoint(900, longer.note(900), 9999)
    _, findings = run_audit(hand.tiles, hand.store)
    assert ("audit.rolled-back", "database: checkpoint 900") in codes(findings)


def test_kept_checkpoints_of_no_shape() -> None:
    """Kept checkpoints that are none are named."""
    hand = Hand(700)
    broken = StoredCheckpoint(5, None, 7)  # type: ignore[arg-type]  # what damage can make
    _, findings = run_audit(hand.tiles, Answering(hand, checkpoints=[broken]))
    assert ("audit.database", "database: checkpoint 5") in codes(findings)


# Engines that fail --------------------------------------------------------------------------------


@pytest.mark.parametrize("fails", ["head", "checkpoints", "segments"])
@pytest.mark.parametrize("error", [unavailable(), TypeError("x"), ValueError("x"), OverflowError()])
def test_a_store_that_fails(fails: str, error: Exception) -> None:
    """A store that cannot answer is named, and the tiles are audited all the same."""
    hand = Hand(700)
    report, findings = run_audit(hand.tiles, Answering(hand, fails=(fails,), error=error))
    assert {finding.code for finding in findings} == {"audit.unreadable"}
    assert report.entries_checked == 700


def test_a_tail_that_cannot_be_read() -> None:
    """Where the tail cannot be read, what it led to is unchecked, and that is said."""
    hand = Hand(700, 300)
    report, findings = run_audit(hand.tiles, Answering(hand, fails=("segments",)))
    assert {"audit.unreadable", "audit.unchecked"} <= {finding.code for finding in findings}
    assert report.root == b""
    assert report.entries_checked == 300


def test_tiles_that_cannot_be_read() -> None:
    """A file that the disk does not give is named as unreadable."""

    class Tiles(MemoryTiles):
        def get(self, path: str) -> bytes | None:
            if path == "tile/0/001":
                raise Unavailable("tiles.read", f"expected to read {path}, found a bad disk")
            return hand.tiles.get(path)

        def published(self) -> bytes | None:
            return hand.tiles.published()

    hand = Hand(700)
    _, findings = run_audit(Tiles(), hand.store)
    assert codes(findings) == [("audit.unreadable", "tile/0/001")]


def test_a_checkpoint_that_cannot_be_read() -> None:
    """A published checkpoint that the disk does not give is named; the head says the size."""

    class Tiles(MemoryTiles):
        def get(self, path: str) -> bytes | None:
            if path.startswith("tile/entries/002"):
                raise Unavailable("tiles.read", f"expected to read {path}, found a bad disk")
            return hand.tiles.get(path)

        def published(self) -> bytes | None:
            raise Unavailable("tiles.read", "expected to read the checkpoint, found a bad disk")

    hand = Hand(700)
    _, findings = run_audit(Tiles(), hand.store)
    assert [place for _, place in codes(findings)] == [
        "checkpoint",
        "checkpoint",
        "tile/entries/002.p/188",
    ]


# Findings -----------------------------------------------------------------------------------------


def test_places() -> None:
    """Runs of entries are named shortly, however many there are."""
    assert places([7]) == "entry 7"
    assert places(range(3, 900)) == "entries 3 to 899"
    assert places([1, 2, 5, 9, 11, 13, 14]) == "entries 1 to 2, 5, 9, 11 and 2 more"


def test_a_finding_says_what_was_expected() -> None:
    """A finding reads as a sentence and as JSON."""
    finding = Finding("audit.x", "tile/0/000", "one", "two")
    assert str(finding) == "tile/0/000: expected one, found two [audit.x]"
    assert finding.to_json()["place"] == "tile/0/000"


def test_findings_join() -> None:
    """Lists of findings join, and count what does not fit."""
    few, many = Findings(limit=1), Findings()
    for number in range(3):
        many.add("audit.x", f"{number}", "a", "b")
    few.take(many)
    assert (len(few), few.more, len(few.kept)) == (3, 2, 1)
    assert not Findings()


class Answering(MemoryStore):
    """A store that answers as a damaged one might.

    head, checkpoints: instead of its own. segment: changes of the row at 100. fails: names of
    methods that raise `error`.
    """

    def __init__(
        self,
        hand: Hand,
        *,
        head: Head | None = None,
        checkpoints: list[StoredCheckpoint] | None = None,
        segment: dict[str, Any] | None = None,
        fails: tuple[str, ...] = (),
        error: Exception | None = None,
    ) -> None:
        super().__init__(hand.store.disk)
        self._head, self._kept, self._segment = head, checkpoints, segment
        self._fails, self._error = fails, error or unavailable()

    def head(self) -> Head:
        """Read the head."""
        if "head" in self._fails:
            raise self._error
        return self._head if self._head is not None else super().head()

    def checkpoints(self) -> list[StoredCheckpoint]:
        """Read the kept checkpoints."""
        if "checkpoints" in self._fails:
            raise self._error
        return self._kept if self._kept is not None else super().checkpoints()

    def segments(self, first: int, end: int) -> Iterator[Segment]:
        """Read segments."""
        if "segments" in self._fails:
            raise self._error
        for row in super().segments(first, end):
            yield (
                row if self._segment is None or row.first != 100 else replace(row, **self._segment)
            )
