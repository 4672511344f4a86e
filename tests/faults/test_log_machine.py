"""The log does what a naive model does, in any order of operations; planted bugs are found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from counterfoil.log import Log, LogReader
from counterfoil.log import sequencer as sequencer_module
from counterfoil.ports import Commit
from counterfoil.proofs.frontier import Frontier
from counterfoil.testing.memory import MemoryStore
from tests.faults.log_machine import LogMachine, MemoryPlace, SqlitePlace


class SqliteMachine(LogMachine):
    """The same over SQLite and tile files."""

    place_type = SqlitePlace


def run(machine: type[LogMachine], examples: int, **changes: Any) -> None:
    """Run a machine: `examples` histories of at most 50 steps."""
    chosen = settings(max_examples=examples, stateful_step_count=50, **changes)
    run_state_machine_as_test(machine, settings=chosen)


def test_memory() -> None:
    """150 histories over stores in memory; a campaign has 50,000."""
    run(LogMachine, 150)


def test_sqlite() -> None:
    """Some histories over SQLite and tile files, where a crash leaves files as they are."""
    run(SqliteMachine, 60)


@pytest.mark.campaign
def test_memory_at_length() -> None:
    """50,000 histories over stores in memory."""
    run(LogMachine, 50_000)


@pytest.mark.campaign
def test_sqlite_at_length() -> None:
    """2,000 histories over SQLite and tile files."""
    run(SqliteMachine, 2_000)


class NeighbourReader(LogReader):
    """Planted bug: gives the neighbour where a bundle begins."""

    def entry(self, index: int) -> bytes:
        return super().entry(index - 1 if index and index % 256 == 0 else index)

    def entries(self, first: int, end: int) -> Any:
        found = list(super().entries(first, end))
        return found[:-2] + found[:-3:-1] if 256 < end < 500 else found


class ReadsNeighbour(LogMachine):
    """Reads through a reader with a bug."""

    def reader_of(self, log: Log) -> LogReader:
        return NeighbourReader(self.tiles, self.store)


class ForgetfulFrontier(Frontier):
    """Planted bug: loses a node where two subtrees meet at 256 leaves."""

    def extend(self, leaf_hashes: Any) -> None:
        super().extend(leaf_hashes)
        if self.size & 256 and self.size & 1:
            self._nodes[8] = self._nodes[0]


class LazyStore(MemoryStore):
    """Planted bug: the last commit is not durable until the next one."""

    def close(self) -> None:
        self.disk.segments = self.disk.segments[:-1]


class LazyPlace(MemoryPlace):
    """Opens the store that is lazy."""

    def open(self) -> tuple[Any, Any]:
        return LazyStore(self.disk), self.tiles


class LosesOnCrash(LogMachine):
    """Runs over a store that acknowledges before it is durable."""

    place_type = LazyPlace


class LooseStore(MemoryStore):
    """Planted bug: a counter does not keep a text."""

    def commit(self, commit: Commit) -> None:
        super().commit(commit)
        for key in [key for key, value in commit.counters.items() if isinstance(value, str)]:
            del self.disk.counters[key]


class LoosePlace(MemoryPlace):
    """Opens the store that loses counters."""

    def open(self) -> tuple[Any, Any]:
        return LooseStore(self.disk), self.tiles


class LosesCounters(LogMachine):
    """Runs over a store that loses counters."""

    place_type = LoosePlace


def goes_red(machine: type[LogMachine]) -> BaseException:
    """Run until the planted bug is found; fail if it is not."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011  # whatever the bug leads to
        run(machine, 500, phases=[Phase.generate], derandomize=True, database=None)
    return caught.value


@pytest.mark.parametrize("machine", [ReadsNeighbour, LosesOnCrash, LosesCounters])
def test_planted_bugs_are_found(machine: type[LogMachine]) -> None:
    """Control: a reader, a store and a condition with a bug each go red."""
    assert not isinstance(goes_red(machine), pytest.fail.Exception)


def test_a_wrong_frontier_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: a frontier that loses a node signs wrong roots, and goes red."""
    monkeypatch.setattr(sequencer_module, "Frontier", ForgetfulFrontier)
    assert not isinstance(goes_red(LogMachine), pytest.fail.Exception)
