"""kill -9 of an embedded chain's owner: the chain is reopened at its last whole block."""

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
    """Check that nothing was lost, and that there was something to lose."""
    assert report["wrong"] == [], report
    assert report["kills"] == kills, report
    assert report["acknowledged"] > kills, report


def test_kills() -> None:
    """30 kills, half of them inside a block: no acknowledged transaction is lost or torn."""
    check_report(run_rig("chain_kill_rig", 30, 1, ""), 30)


@pytest.mark.campaign
def test_kills_at_length(tmp_path: Path) -> None:
    """1,000 kills, in memory and on a disk, with a new seed each time."""
    for folder in (None, tmp_path):
        seed = random.randrange(2**32)
        check_report(run_rig("chain_kill_rig", 500, seed, "", folder=folder), 500)


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        ("torn", "chain.damaged"),
        ("at once", "chain.damaged"),
        ("early", "acknowledged, and lost"),
    ],
)
def test_planted_bugs_are_found(plant: str, says: str) -> None:
    """Control: a block in two commits, keys at once, and an early acknowledgement go red."""
    report = run_rig("chain_kill_rig", 100, 2, plant)
    assert says in str(report["wrong"]), report
