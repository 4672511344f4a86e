"""The write-ahead log torn or spoilt at any byte: a committed prefix, never a wrong root.

A power cut can leave any part of the last transaction's frames. Whatever it leaves, the commits
before are there and the last one is there as a whole or not at all.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from counterfoil.errors import CounterfoilError, FatalLogError, Unavailable
from counterfoil.log import LogReader, Submission, check_start
from counterfoil.ports import Head, Span, TileStore
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.storage.tile_files import TileFiles
from counterfoil.testing.memory import MemoryTiles
from tests.log_rig import entries_of, memory_folder, open_log, open_note, raises_code
from tests.rfc6962 import mth

FRAME_BYTES = 8192 + 24  # a page and its header (SQLite, "WAL-Index Format")
WAL_HEADER_BYTES = 32


@dataclass(frozen=True)
class Crashed:
    """What a crash right after the last of some commits leaves.

    database, wal: the files' bytes. heads: after each commit. ends: length of the WAL then.
    """

    folder: Path
    database: bytes
    wal: bytes
    heads: list[Head]
    ends: list[int]

    @property
    def last(self) -> range:
        """The places of the last commit's frames."""
        return range(self.ends[-2], self.ends[-1])

    def reopen(self, wal: bytes, tiles: TileStore | None = None) -> Head:
        """Open what a spoilt WAL left, check it as a start does, and return the head."""
        path = self.folder / "spoilt.db"
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        path.write_bytes(self.database)
        Path(f"{path}-wal").write_bytes(wal)
        with closing(SqliteStore(path)) as store:
            check_start(store, tiles or MemoryTiles(), open_note)
            head = store.head()
            entries = list(LogReader(MemoryTiles(), store).entries(0, head.size))
        assert entries == entries_of(head.size)
        assert not head.size or open_note(head.note).root == mth(entries)
        return head


@pytest.fixture(scope="module")
def crashed() -> Iterator[Crashed]:
    """Commit six times into a WAL, and copy it before it is folded."""
    with tempfile.TemporaryDirectory(prefix="torn-", dir=memory_folder()) as name:
        folder = Path(name)
        path, wal = folder / "ledger.db", folder / "ledger.db-wal"
        SqliteStore(path, create=True).close()
        database = path.read_bytes()
        with closing(SqliteStore(path)) as store:
            heads, ends = [store.head()], [0]
            log = open_log(store, Unpublished(), interval_s=3_600.0)
            for count in (1, 20, 3, 40, 2, 30):
                log.submit(everything(log.head.size, count)).result(60)
                heads.append(log.head)
                ends.append(wal.stat().st_size)
            content = wal.read_bytes()
            with raises_code("test.unpublished"):
                log.close()
        yield Crashed(folder, database, content, heads, ends)


def everything(first: int, count: int) -> Submission:
    """Make a submission that changes every table, so that its commit has many frames."""
    return Submission(
        entries_of(count, first),
        spans=[Span("i", f"s{first}", 0, count, 0)],
        identities={leaf_hash(b"%d" % first): 0},
        expect={f"n{first}": (None, first)},
        key_entries=[0],
    )


class Unpublished(MemoryTiles):
    """Tiles that take nothing, so that nothing but the database has the entries."""

    def put(self, path: str, data: bytes) -> None:
        raise Unavailable("test.unpublished", "expected no tile")


def places(crashed: Crashed, count: int) -> list[int]:
    """Choose places in the last commit's frames: around every header, and `count` others."""
    near = {
        at + step
        for at in range(crashed.ends[-2], crashed.ends[-1] + 1, FRAME_BYTES)
        for step in (-1, 0, 1, 7, 8, 12, 15, 16, 23, 24, 25, 512, 4096)
    }
    chosen = random.Random(7).sample(crashed.last, count)
    return sorted(at for at in near.union(chosen) if at in crashed.last)


def check_cut(crashed: Crashed, at: int) -> None:
    """Check what a WAL that ends at a byte leaves."""
    assert crashed.reopen(crashed.wal[:at]) == crashed.heads[-2], f"cut at {at}"


def check_flip(crashed: Crashed, at: int) -> None:
    """Check what a WAL with one byte changed leaves."""
    spoilt = bytearray(crashed.wal)
    spoilt[at] ^= 0x40
    assert crashed.reopen(bytes(spoilt)) == crashed.heads[-2], f"changed at {at}"


def check_zeros(crashed: Crashed, at: int) -> None:
    """Check what a WAL leaves of which a sector was never written: the place, to its end."""
    end = min(at - at % 512 + 512, len(crashed.wal))
    if crashed.wal[at:end].strip(b"\0"):
        spoilt = crashed.wal[:at] + bytes(end - at) + crashed.wal[end:]
        assert crashed.reopen(spoilt) == crashed.heads[-2], f"not written from {at}"


CHECKS = [check_cut, check_flip, check_zeros]


def test_the_whole_wal_holds_every_commit(crashed: Crashed) -> None:
    """Not torn, the WAL gives the last commit; it holds several frames a commit."""
    assert crashed.reopen(crashed.wal) == crashed.heads[-1]
    assert len(crashed.last) % FRAME_BYTES == 0
    assert len(crashed.last) >= 3 * FRAME_BYTES


@pytest.mark.parametrize("check", CHECKS)
def test_the_last_commit_torn(crashed: Crashed, check: Callable[[Crashed, int], None]) -> None:
    """Torn or spoilt around every frame and at chosen bytes: all commits but the last are there."""
    for at in places(crashed, 400):
        check(crashed, at)


@pytest.mark.campaign
@pytest.mark.parametrize("check", CHECKS)
def test_the_last_commit_torn_at_every_byte(
    crashed: Crashed, check: Callable[[Crashed, int], None]
) -> None:
    """Torn or spoilt at every single byte: the same."""
    for at in crashed.last:
        check(crashed, at)


def test_damage_further_back_leaves_a_prefix(crashed: Crashed) -> None:
    """Spoilt anywhere, the WAL gives a committed prefix or is refused, never something else."""
    heads = {head.size: head for head in crashed.heads}
    for at in random.Random(8).sample(range(len(crashed.wal)), 400):
        spoilt = bytearray(crashed.wal)
        spoilt[at] ^= 0x01
        try:
            head = crashed.reopen(bytes(spoilt))
        except CounterfoilError as err:
            assert err.code in ("store.corrupt", "store.schema")
        else:
            assert head == heads[head.size], f"changed at {at}"
            lost = sum(end > at for end in crashed.ends)
            assert head.size >= crashed.heads[-1 - lost].size, f"changed at {at}"


def test_a_loss_of_what_was_published_is_refused(crashed: Crashed, tmp_path: Path) -> None:
    """When tiles show entries that the torn WAL has lost, the log does not start."""
    path = crashed.folder / "whole.db"
    path.write_bytes(crashed.database)
    Path(f"{path}-wal").write_bytes(crashed.wal)
    tiles = TileFiles(tmp_path)
    log = open_log(SqliteStore(path), tiles)
    log.close()
    assert crashed.reopen(crashed.wal, tiles) == crashed.heads[-1]
    for at in (crashed.ends[-1] - 1, crashed.ends[-2], crashed.ends[1]):
        with raises_code("log.rolled-back", FatalLogError):
            crashed.reopen(crashed.wal[:at], tiles)


def test_a_wal_that_was_not_told_apart_is_found(crashed: Crashed) -> None:
    """Control: were frames taken without their checksums, a spoilt one would be found here.

    A frame of the last commit is changed and its checksums, and those after it, are made good
    again: SQLite takes it, and the check at the start finds the changed entry.
    """
    spoilt = bytearray(crashed.wal)
    at = spoilt.rfind(entries_of(1, crashed.heads[-1].size - 1)[0])
    assert at in crashed.last
    spoilt[at] ^= 0x01
    _sum_again(spoilt)
    with raises_code("log.damaged", FatalLogError):
        crashed.reopen(bytes(spoilt))


def _sum_again(wal: bytearray) -> None:
    """Make the checksums of all frames good (SQLite file format, 4.2)."""
    order = "big" if wal[3] & 1 else "little"

    def add(data: bytes, one: int, two: int) -> tuple[int, int]:
        for k in range(0, len(data), 8):
            one = (one + int.from_bytes(data[k : k + 4], order) + two) & 0xFFFFFFFF  # type: ignore[arg-type]  # one of the two words
            two = (two + int.from_bytes(data[k + 4 : k + 8], order) + one) & 0xFFFFFFFF  # type: ignore[arg-type]  # one of the two words
        return one, two

    one, two = add(bytes(wal[:24]), 0, 0)
    for at in range(WAL_HEADER_BYTES, len(wal), FRAME_BYTES):
        one, two = add(bytes(wal[at : at + 8]), one, two)
        one, two = add(bytes(wal[at + 24 : at + FRAME_BYTES]), one, two)
        wal[at + 16 : at + 24] = one.to_bytes(4, "big") + two.to_bytes(4, "big")
