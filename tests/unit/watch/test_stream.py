"""Abnormal values of a growing file become alerts, each once, across restarts."""

from __future__ import annotations

from collections.abc import Iterator
from math import sin
from pathlib import Path
from random import Random

import pytest

import counterfoil
from counterfoil.ledger import Ledger
from counterfoil.watch import Runner, choose
from counterfoil.watch.csv_feed import CsvFeed
from tests.ledgers import copy_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as opened:
        yield opened


def rows(first: int, end: int, spikes: dict[int, float]) -> str:
    """Make rows of a wave with noise, a quarter of an hour apart."""
    rng, lines = Random(first), []
    for row in range(first, end):
        value = 50 + 10 * sin(row / 15) + rng.gauss(0, 1) + spikes.get(row, 0)
        lines.append(f"{1_700_000_000 + 900 * row},{value:.3f}\n")
    return "".join(lines)


def watch(ledger: Ledger, file: Path, state: Path) -> list[str]:
    """Run the watcher over what is there; gives what it told for the first time."""
    chosen = choose("stream", {"value": "load", "detector": "gaussian"})
    feed = CsvFeed(f"{file}#at")
    feed.poll()
    with Runner(ledger, chosen, feed, state) as runner:
        return [told.said["title"] for told in runner.round() if not told.duplicate]


def test_a_spike_is_told_once_and_its_row_named(ledger: Ledger, tmp_path: Path) -> None:
    """What a detector finds is recorded with the row's digest, and not again after a restart."""
    file = tmp_path / "load.csv"
    file.write_text("at,load\n" + rows(0, 900, {850: 70.0}) + "1700000000,none\nsoon,5\n")
    first = watch(ledger, file, tmp_path / "state")
    assert [one for one in first if "row 850" in one]
    assert watch(ledger, file, tmp_path / "state") == []
    with file.open("a") as more:
        more.write(rows(900, 1400, {1300: 90.0}))
    later = watch(ledger, file, tmp_path / "state")
    assert [one for one in later if "row 1302" in one], later
    whole = watch(ledger, file, tmp_path / "again")
    assert whole == []  # read anew from the beginning, every alert was there
    view = next(v for v in ledger.views() if v.kind == "alert" and "row 850" in v.content["title"])
    assert view.content["evidence"][0]["entry"]["name"] == "row 850 of load.csv"
    assert view.content["watches"] == "file load.csv"
