"""Power cuts: with FULL syncs nothing that was promised is lost.

Neither by the ledger nor by its witness or its book of anchors. The ledger's folder and the
witness's memory are on two disks, both cut at once.
"""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.faults.power_disks import ALONE
from tests.faults.rigs import run_rig
from tests.shared_data import program, require

pytestmark = pytest.mark.root


@pytest.fixture(autouse=True)
def _only_where_disks_can_be_made(_only_as_root: None) -> None:
    for name in ("unshare", "mount", "umount", "mkfs.ext4"):
        program(name)
    tried = subprocess.run([*ALONE, "true"], capture_output=True, text=True, check=False)
    require(tried.returncode == 0, f"namespaces of its own: {tried.stderr.strip()}")


def cut(count: int, seed: int, folder: Path, plant: str = "") -> dict[str, Any]:
    """Cut the power many times, in an empty folder, and return the report."""
    report = run_rig("power_rig", count, seed, plant, folder=folder, within=ALONE)
    require("cannot" not in report, f"disks whose power can be cut: {report.get('cannot')}")
    return report


def check_report(report: dict[str, Any], cuts: int) -> None:
    """Check that nothing was lost, and that enough was promised to lose something."""
    told = f"seed {report['seed']}: {report}"
    assert report["wrong"] == [], told
    assert (report["cuts"], report["lost"]) == (cuts, 0), told
    assert report["acknowledged"] > 5 * cuts, told
    for kind in ("open", "ack", "published", "sent"):
        assert report["kinds"].get(kind), f"no {kind!r} before any cut: {told}"


def test_power_cuts(tmp_path: Path) -> None:
    """40 cuts: every acknowledged record is there, the log verifies, and goes on by itself.

    Its witness remembers every state that it cosigned and that was published, and what it
    remembers never refuses the ledger as the cut left it.
    """
    check_report(cut(40, 1, tmp_path), 40)


@pytest.mark.campaign
def test_power_cuts_at_length(tmp_path: Path) -> None:
    """1,000 cuts with a new seed, also while a ledger is made and while its witness is ahead."""
    report = cut(1_000, random.randrange(2**32), tmp_path)
    check_report(report, 1_000)
    assert report["ahead"], report
    assert report["unmade"], report
    for kind in ("block", "keys", "closed", "wish", "final", "cut within a sync"):
        assert report["kinds"].get(kind), f"no {kind!r} before any cut: {report}"


def test_a_ledger_that_does_not_sync_loses(tmp_path: Path) -> None:
    """Control: with `synchronous=NORMAL` records are lost, or the ledger refuses to go on."""
    report = cut(100, 2, tmp_path, "ledger normal")
    assert report["bad"], report
    assert report["lost"] or "log.rolled-back" in str(report["wrong"]), report


def test_a_witness_that_does_not_sync_forgets(tmp_path: Path) -> None:
    """Control: with `synchronous=NORMAL` the witness forgets states that it vouched for."""
    report = cut(100, 3, tmp_path, "memory normal")
    assert report["bad"], report
    assert "and remembers" in str(report["wrong"]), report


def test_a_book_of_anchors_that_does_not_sync_loses(tmp_path: Path) -> None:
    """Control: with `synchronous=NORMAL` a transaction that a chain has seen is forgotten."""
    report = cut(100, 4, tmp_path, "book normal")
    assert report["bad"], report
    assert "not in the book" in str(report["wrong"]), report
