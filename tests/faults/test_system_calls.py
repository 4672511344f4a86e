"""Single system calls that fail, kill or lie: an error, a recovery or a detection, never a lie.

And the order of those that do not fail: nothing is claimed before it is synced.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.rigs import run_rig
from tests.faults.syscall_order import (
    parse_trace,
    unsynced_acknowledgements,
    unsynced_publications,
)
from tests.shared_data import program, require


@pytest.fixture(autouse=True)
def _needs_strace() -> None:
    command = [program("strace"), "-f", "-o", os.devnull, "true"]
    allowed = subprocess.run(command, capture_output=True, check=False).returncode == 0
    require(allowed, "strace may not trace processes here")


def run_faults(kind: str, limit: int, seed: int, plant: str = "") -> list[dict[str, Any]]:
    """Try up to `limit` faults of each call and action of a kind; return those that happened.

    Threads take turns, so a run may make a few calls less than the one that was counted.
    """
    report = run_rig("strace_rig", kind, limit, seed, plant)
    results: list[dict[str, Any]] = report["results"]
    happened = [result for result in results if result["injected"]]
    assert len(happened) > 0.7 * len(results), report
    return happened


def wrong(results: list[dict[str, Any]], *keys: str) -> list[Any]:
    """Give the faults after which something was wrong."""
    return [result for result in results if any(result[key] for key in keys)]


def test_errors() -> None:
    """EIO, ENOSPC, EINTR and refusals in every call that writes: all acknowledged stays.

    Afterwards the ledger opens without repair, and takes and publishes new entries.
    """
    results = run_faults("errors", 1, 1)
    assert len(results) >= 18
    assert wrong(results, "wrong", "detected") == []
    codes = {code for result in results for code in result["codes"]}
    assert {"store.commit-unknown", "store.full", "tiles.write"} <= codes


def test_kills() -> None:
    """A kill as a call is entered, at every kind of call: the same."""
    results = run_faults("kills", 2, 1)
    assert len(results) >= 14
    assert wrong(results, "wrong", "detected") == []
    assert all(result["killed"] for result in results)


def test_lies() -> None:
    """Writes and syncs that only pretend: what they spoil is noticed, by us, with its own error."""
    results = run_faults("lies", 8, 1)
    assert len(results) >= 14
    assert wrong(results, "wrong") == []
    assert {"tiles.read-back"} <= {code for result in results for code in result["codes"]}


@pytest.mark.campaign
@pytest.mark.parametrize("kind", ["errors", "kills", "lies"])
def test_at_length(kind: str) -> None:
    """The same at every call of a run: some two thousand faults."""
    results = run_faults(kind, 1_000, random.randrange(2**32))
    assert wrong(results, "wrong", *(() if kind == "lies" else ("detected",))) == []


@pytest.mark.parametrize(
    ("kind", "plant"), [("errors of commits", "forgiving"), ("lies about tiles", "trusting")]
)
def test_planted_bugs_are_found(kind: str, plant: str) -> None:
    """Control: a store that forgives a failed commit, tiles that take a write's word: red."""
    assert wrong(run_faults(kind, 30, 1, plant), "wrong")


def test_order() -> None:
    """Every acknowledgement comes after the sync of its commit, every checkpoint after its tiles'.

    And after those of all folders that name them, whoever made them.
    """
    report = run_rig("strace_rig", "order", 0, 0, "")
    assert report["wrong"] == []
    assert (report["acknowledged"], report["published"]) == (14, 14)


def test_order_on_a_disk(tmp_path: Path) -> None:
    """The same on a disk, where syncs take their time."""
    report = run_rig("strace_rig", "order", 0, 0, "", folder=tmp_path)
    assert report["wrong"] == []


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        ("no sync", "acknowledged before the WAL was synced"),
        ("no flush", "000.p was not synced"),
        ("no flush", "tile never synced"),
    ],
)
def test_planted_disorder_is_found(plant: str, says: str) -> None:
    """Control: synchronous = OFF, and a publisher that skips the flush, go red."""
    report = run_rig("strace_rig", "order", 0, 0, plant)
    assert any(says in line for line in report["wrong"]), report


def lines(*calls: str) -> Iterator[str]:
    """Write a trace of one thread."""
    return (f"7 {call}" for call in calls)


def test_traces_are_read() -> None:
    """Calls in two parts, failed ones and signals are told apart, and paths are found."""
    trace = [
        '7  pwrite64(3</l/ledger.db-wal>, "x"..., 24, 0 <unfinished ...>',
        "8  fsync(4</l/tile/0>) = 0",
        "7  <... pwrite64 resumed>) = 24",
        "8  --- SIGCHLD {si_signo=SIGCHLD} ---",
        '8  rename("/l/checkpoint.new", "/l/checkpoint") = 0',
        "8  fsync(4</l/tile/0>) = -1 EIO (Input/output error) (INJECTED)",
        "8  fdatasync(5</l/ledger.db-wal> <unfinished ...>) = ?",
    ]
    found = [(call.name, call.path, call.start, call.end) for call in parse_trace(trace)]
    assert found == [
        ("pwrite64", "/l/ledger.db-wal", 0, 2),
        ("fsync", "/l/tile/0", 1, 1),
        ("rename", "/l/checkpoint", 4, 4),
    ]


def test_an_acknowledgement_needs_a_sync_of_its_own() -> None:
    """A sync before the last write, of another file, or that ends later, does not count."""
    ack = r'sendto(9<s>, "{\"kind\": \"ack\"", 15, 0, NULL, 0) = 15'
    write, sync = 'pwrite64(3</l/d-wal>, "x", 1, 0) = 1', "fdatasync(3</l/d-wal>) = 0"
    other = "fdatasync(3</l/d>) = 0"
    for calls, good in (
        ([write, sync, ack], True),
        ([write, sync, ack, write, sync, ack], True),
        ([sync, write, ack], False),
        ([write, other, ack], False),
        ([write, sync, ack, ack], False),
        ([write, ack, sync], False),
    ):
        assert (unsynced_acknowledgements(parse_trace(list(lines(*calls)))) == []) == good


def test_a_publication_needs_all_syncs() -> None:
    """Leaving out any sync of a good publication is noticed."""
    good = [
        'write(4</l/tile/0/000.new>, "x", 1) = 1',
        "fsync(4</l/tile/0/000.new>) = 0",
        'rename("/l/tile/0/000.new", "/l/tile/0/000") = 0',
        "fsync(5</l>) = 0",
        "fsync(5</l/tile>) = 0",
        "fsync(5</l/tile/0>) = 0",
        'write(4</l/checkpoint.new>, "x", 1) = 1',
        "fsync(4</l/checkpoint.new>) = 0",
        'rename("/l/checkpoint.new", "/l/checkpoint") = 0',
        "fsync(5</l>) = 0",
    ]
    assert unsynced_publications(parse_trace(list(lines(*good)))) == []
    for at, call in enumerate(good):
        if call.startswith("fsync"):
            less = good[:at] + good[at + 1 :]
            assert unsynced_publications(parse_trace(list(lines(*less)))) != [], call
