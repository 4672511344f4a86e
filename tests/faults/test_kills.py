"""kill -9 at any moment: no acknowledged entry is lost, and the log starts and goes on."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.rigs import run_rig
from tests.shared_data import require


@pytest.fixture(autouse=True)
def _only_where_forking_is_safe() -> None:
    require(sys.platform == "linux", "forks and kills processes as Linux does")


def check_report(report: dict[str, Any], kills: int) -> None:
    """Check that nothing was lost, and that enough was written to lose something."""
    told = f"seed {report['seed']}: {report}"
    assert report["wrong"] == [], told
    assert report["kills"] == kills, told
    assert report["acknowledged"] > 20 * kills, told


def test_kills_in_memory() -> None:
    """150 kills, where the files are in memory and most time is spent in our own code.

    They come at all kinds of moments: while it opens, commits, writes a tile, after a close.
    """
    report = run_rig("kill_rig", 150, 1, "")
    check_report(report, 150)
    for moment in ("opening", "open", "ack", "closed", "wal", "half a tile"):
        assert report["kinds"].get(moment), f"no kill at {moment!r}: {report}"


def test_kills_on_a_disk(tmp_path: Path) -> None:
    """50 kills, where the files are on a disk and most time is spent in its syncs."""
    check_report(run_rig("kill_rig", 50, 2, "", folder=tmp_path), 50)


@pytest.mark.campaign
def test_kills_at_length(tmp_path: Path) -> None:
    """10,000 kills, a third of them on a disk, with a new seed each time."""
    for folder, count in ((None, 6_500), (tmp_path, 3_500)):
        check_report(run_rig("kill_rig", count, random.randrange(2**32), "", folder=folder), count)


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        ("early", "acknowledged, and lost"),
        ("late tiles", "tile/"),
        ("in place", "checkpoint"),
    ],
)
def test_planted_bugs_are_found(plant: str, says: str) -> None:
    """Control: acknowledging before the commit, and publishing in the wrong way, go red."""
    report = run_rig("kill_rig", 400, 3, plant)
    assert says in str(report["wrong"]), report
