"""Killed at any step of writing, a sync leaves whole tables, and the next one finishes them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from counterfoil.errors import NotFound
from counterfoil.insight.opening import open_tables
from tests.faults.chain_sync_child import BLOCKS, hash_of

COMMIT = 10
"""Syncs to disk of one commit: five tables, their folder, its folder, then the state thrice."""

LAST = 3 * COMMIT
FEW = (1, 9, 10, 20, 29)
"""The first one, and those about the renaming of the state."""


def run(folder: Path, step: int) -> subprocess.CompletedProcess[str]:
    """Run the child until it is done or dead."""
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.chain_sync_child", str(folder), str(step)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def blocks(folder: Path) -> list[tuple[int, str]]:
    """Give the blocks that the folder holds; none before its first commit."""
    try:
        with open_tables(folder) as tables:
            found = tables.sql("SELECT number, hash FROM blocks ORDER BY number").to_pylist()
    except NotFound:
        return []
    return [(one["number"], one["hash"]) for one in found]


def check_kills(folder: Path, steps: Iterable[int]) -> None:
    """Kill at each step in a folder of its own; then finish the last one."""
    whole = [(number, hash_of(number)) for number in range(BLOCKS)]
    place = folder
    for step in steps:
        place = folder / str(step)
        place.mkdir()
        died = run(place, step)
        assert died.returncode == -signal.SIGKILL, died.stderr
        held = blocks(place)
        assert held == whole[: len(held)]
        assert len(held) in (0, 3, 6, BLOCKS), "commits are whole"
    again = run(place, 0)
    assert again.returncode == 0, again.stderr
    assert blocks(place) == whole
    left = {path.name for path in (place / "parts").iterdir()}
    assert len(left) == 3, "nothing is left of what was killed"


def test_killed_while_writing(tmp_path: Path) -> None:
    """Whatever step it dies at, the blocks so far are whole and in order, and none is lost."""
    check_kills(tmp_path, FEW)


@pytest.mark.campaign
def test_killed_at_every_step(tmp_path: Path) -> None:
    """The same at each of all steps, which are as many as are counted here."""
    check_kills(tmp_path, range(1, LAST + 1))
    assert int(run(tmp_path, 0).stdout) == LAST
