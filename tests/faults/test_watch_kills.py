"""kill -9 while a watcher works: no alert is missing, none is told twice."""

from __future__ import annotations

import sys

import pytest

from tests.faults.rigs import run_rig
from tests.shared_data import require


@pytest.fixture(autouse=True)
def _only_where_forking_is_safe() -> None:
    require(sys.platform == "linux", "forks and kills processes as Linux does")


def test_a_killed_watcher_loses_and_doubles_no_alert() -> None:
    """Killed at every 23rd step, some twice, the ledger ends with each alert once."""
    report = run_rig("watch_kill_rig", 23, "none")
    assert report["wrong"] == []
    assert report["kills"] >= 15
    assert report["alerts"] >= 10


@pytest.mark.parametrize(
    ("plant", "harm"), [("forget-first", "missing"), ("own-numbers", "doubled")]
)
def test_a_watcher_that_is_careless_is_found_out(plant: str, harm: str) -> None:
    """The planted bugs: an outbox emptied too early loses, numbers as they come double.

    Other threads take steps, too, so that steps far apart may all miss the few that do harm: then
    steps nearer to each other are looked at.
    """
    wrong = (
        one for stride in (23, 11, 5) for one in run_rig("watch_kill_rig", stride, plant)["wrong"]
    )
    assert any(one.partition(": ")[2].startswith(harm) for one in wrong)


@pytest.mark.campaign
def test_a_kill_at_every_step() -> None:
    """Killed at every single step."""
    report = run_rig("watch_kill_rig", 1, "none")
    assert report["wrong"] == []
