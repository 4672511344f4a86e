"""kill -9 while somebody is sealed or erased: wholly there, or wholly gone and said to be."""

from __future__ import annotations

import sys

import pytest

from tests.faults.rigs import run_rig
from tests.shared_data import require


@pytest.fixture(autouse=True)
def _only_where_forking_is_safe() -> None:
    require(sys.platform == "linux", "forks and kills processes as Linux does")


def test_a_killed_erasure_ends_at_the_next_start() -> None:
    """Killed at every fifth SQL statement, nobody is half erased and no seal is left over."""
    report = run_rig("people_kill_rig", 5, "none")
    assert report["wrong"] == []
    assert report["kills"]["erase"] >= 5
    assert report["kills"]["seal"] >= 3


def test_an_owner_that_forgets_what_is_unsaid_is_found_out() -> None:
    """The planted bug: without the unsaid statements keys stay in the write-ahead log."""
    report = run_rig("people_kill_rig", 9, "forget-unsaid")
    assert any("half erased" in one for one in report["wrong"])


@pytest.mark.campaign
def test_a_kill_at_every_statement() -> None:
    """Killed at every single SQL statement of both."""
    report = run_rig("people_kill_rig", 1, "none")
    assert report["wrong"] == []
