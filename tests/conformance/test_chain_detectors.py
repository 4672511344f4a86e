"""Every detector that is registered keeps the promises of its port."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint

import pytest

from counterfoil.insight.detecting import detectors
from counterfoil.ports import ChainDetector, ChainTables, Finding
from counterfoil.testing.chain_attacks import CHAIN_ATTACKS
from counterfoil.testing.chain_detectors import ChainDetectorConformance
from counterfoil.testing.chain_scene import Scene, quiet_chain, tables_of


@cache
def attacked() -> ChainTables:
    """Open simulated traffic with every attack in it that we know to simulate."""
    scene = Scene(quiet_chain(6000, 5, 3), 8)
    for attack in CHAIN_ATTACKS.values():
        attack(scene, scene.first + 900)
    return tables_of(scene.tables())


@pytest.mark.parametrize("point", detectors(), ids=lambda point: point.name)
class TestRegistered:
    """Those of the entry point, each through the whole suite."""

    def suite(self, point: EntryPoint) -> ChainDetectorConformance:
        """Make the suite for one."""
        found: ChainDetector = point.load()

        class Suite(ChainDetectorConformance):
            def detector(self) -> ChainDetector:
                return found

            @contextmanager
            def tables(self) -> Iterator[ChainTables]:
                yield attacked()

        return Suite()

    def test_there_is_something_to_check(self, point: EntryPoint) -> None:
        """Each detector finds something in the traffic that the others here are checked on."""
        found: ChainDetector = point.load()
        assert list(found(attacked()))

    def test_findings_are_well_formed(self, point: EntryPoint) -> None:
        """See `ChainDetectorConformance.test_findings_are_well_formed`."""
        self.suite(point).test_findings_are_well_formed()

    def test_the_same_each_time(self, point: EntryPoint) -> None:
        """See `ChainDetectorConformance.test_the_same_each_time`."""
        self.suite(point).test_the_same_each_time()

    def test_data_that_lacks_something(self, point: EntryPoint) -> None:
        """See `ChainDetectorConformance.test_data_that_lacks_something`."""
        self.suite(point).test_data_that_lacks_something()


def by_chance(tables: ChainTables) -> Iterable[Finding]:
    """Find something else each time."""
    seen.append(1)
    return [Finding("0x" + f"{len(seen):040x}", "chance", 0.5, "why not")]


def no_account(tables: ChainTables) -> Iterable[Finding]:
    """Accuse what is no account."""
    return [Finding("somebody", "chance", 0.5, "why not")]


def made_up(tables: ChainTables) -> Iterable[Finding]:
    """Name a transaction that is in no table."""
    return [Finding("0x" + "1" * 40, "chance", 0.5, "why not", ("0x" + "9" * 64,))]


seen: list[int] = []


@pytest.mark.parametrize(
    ("detector", "test"),
    [
        (by_chance, "test_the_same_each_time"),
        (by_chance, "test_data_that_lacks_something"),
        (no_account, "test_findings_are_well_formed"),
        (made_up, "test_findings_are_well_formed"),
    ],
    ids=["by chance", "without data", "no account", "made up"],
)
def test_the_suite_notices(detector: ChainDetector, test: str) -> None:
    """A detector that breaks a promise fails the suite."""

    class Suite(ChainDetectorConformance):
        def detector(self) -> ChainDetector:
            return detector

    with pytest.raises(AssertionError, match="expected"):
        getattr(Suite(), test)()
