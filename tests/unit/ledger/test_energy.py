"""What a ledger costs is counted beside its work, and kept over openings."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Layout, open_ledger
from counterfoil.ledger.energy import (
    DECIDING,
    EnergyMeter,
    Spent,
    machine_joules,
    read_spent,
    thread_cpu_s,
)
from counterfoil.ops.energy import energy, energy_of
from counterfoil.ops.ledgers import status
from tests.statements import refused

MODEL = {
    "name": "credit",
    "version": "1",
    "format": "onnx",
    "digest": "ab" * 32,
    "size": 5,
    "outcomes": ["grant", "hold"],
    "accountable": {"name": "Ada Lovelace", "role": "credit officer"},
}


def test_every_opening_adds_what_it_cost(folder: Path) -> None:
    """Entries and CPU seconds add up, and the command and the status tell of them."""
    for number in range(3):
        with open_ledger(folder) as ledger:
            ledger.record({"number": number})
    spent = read_spent(Layout(folder))
    assert spent is not None
    assert (spent.sessions, spent.entries, spent.anchors) == (3, 3, 0)
    assert set(spent.threads) <= {"sequencer", "publisher"}
    assert 0 < sum(spent.threads.values()) < spent.process_cpu_s
    told = energy(ledger=folder)
    assert told.cpu_s_per_entry == spent.process_cpu_s / 3
    assert told.joules_are == "an estimate" or spent.machine_j is not None
    assert status(ledger=folder).cpu_s_per_entry == told.cpu_s_per_entry


def test_the_present_is_told_before_it_is_written_down(folder: Path) -> None:
    """An open ledger tells what it has cost until now, on top of before, and writes nothing."""
    with open_ledger(folder) as ledger:
        assert ledger.spent() is None
        ledger.record({"number": 1})
        first = ledger.spent()
        assert first is not None
        assert (first.sessions, first.entries) == (1, 1)
        assert not Layout(folder).energy.exists()
    written = read_spent(Layout(folder))
    with open_ledger(folder) as ledger, open_ledger(folder, read_only=True) as reader:
        ledger.record_many([{"number": 2}, {"number": 3}])
        now = ledger.spent()
        assert reader.spent() == written
    assert now is not None
    assert written is not None
    assert now.entries > written.entries == 1
    assert now.process_cpu_s > written.process_cpu_s
    assert read_spent(Layout(folder)) != written


def test_decisions_of_the_background_have_a_time_of_their_own(tmp_path: Path) -> None:
    """Only what the ledger's own thread recorded counts for the time of a decision."""
    (tmp_path / "ledger").mkdir()
    layout = Layout(tmp_path / "ledger")
    meter = EnergyMeter(layout, iter([0, 9, 9, 9]).__next__, lambda: 0, {}, int)
    meter.decided(2)
    none = meter.present()
    assert none is not None
    assert (none.decisions, none.behind, none.threads) == (2, 0, {})
    assert energy_of(none).cpu_s_per_decision is None

    def decide() -> None:
        sum(range(100_000))
        meter.decided(5)

    thread = threading.Thread(target=decide, name=DECIDING)
    thread.start()
    thread.join()
    meter.stop()
    spent = read_spent(layout)
    assert spent is not None
    assert (spent.decisions, spent.behind) == (7, 5)
    assert spent.threads[DECIDING] > 0
    assert energy_of(spent).cpu_s_per_decision == spent.threads[DECIDING] / 5


def test_decisions_behind_the_caller_are_told_apart(folder: Path) -> None:
    """The room for decisions records on that thread."""
    with open_ledger(folder) as ledger:
        ledger.record_statement("model", MODEL)
        for number in range(3):
            with ledger.decision("credit", {"number": number}, threshold=0.5) as decision:
                decision.score = 0.75
        ledger.decisions.flush()
        now = ledger.spent()
    assert now is not None
    assert (now.decisions, now.behind) == (3, 3)
    assert energy(ledger=folder).cpu_s_per_decision is not None


def test_reading_writes_nothing(folder: Path) -> None:
    """Who only reads, or opens and does nothing, leaves no trace."""
    with open_ledger(folder):
        pass
    with open_ledger(folder, read_only=True):
        pass
    assert not Layout(folder).energy.exists()
    with refused("energy.none", NotFound):
        energy(ledger=folder)


@pytest.mark.parametrize("damaged", [b"", b"{", b'{"since_ms": "x"}', b"\xff"])
def test_a_damaged_file_is_begun_anew(folder: Path, damaged: bytes) -> None:
    """What cannot be read is no reason to fail."""
    Layout(folder).energy.write_bytes(damaged)
    assert read_spent(Layout(folder)) is None
    with open_ledger(folder) as ledger:
        ledger.record({"a": 1})
    spent = read_spent(Layout(folder))
    assert spent is not None
    assert spent.entries == 1


def test_decisions_and_anchors_are_counted(tmp_path: Path) -> None:
    """The meter is told of decisions, and asks for anchors and entries."""
    (tmp_path / "ledger").mkdir()
    counts = {"entries": 5, "anchors": 1}
    stay = threading.Event()
    thread = threading.Thread(target=stay.wait)
    thread.start()
    layout = Layout(tmp_path / "ledger")
    meter = EnergyMeter(
        layout,
        lambda: counts["entries"],
        lambda: counts["anchors"],
        {"anchorer": thread},
        lambda: 7,
    )
    counts.update(entries=15, anchors=3)
    meter.decided(4)
    meter.stop()
    stay.set()
    thread.join()
    meter.save(ending=True)
    spent = read_spent(layout)
    assert spent is not None
    assert (spent.entries, spent.anchors, spent.decisions, spent.since_ms) == (10, 2, 4, 7)
    assert energy_of(spent).cpu_s_per_anchor == pytest.approx(spent.threads["anchorer"] / 2)


def test_a_full_disk_is_nobodys_trouble(tmp_path: Path) -> None:
    """Where the file cannot be written, the ledger goes on."""
    meter = EnergyMeter(Layout(tmp_path / "gone"), iter([0, 9, 9]).__next__, lambda: 0, {}, int)
    meter.stop()
    assert read_spent(Layout(tmp_path / "gone")) is None


def test_joules_are_read_where_the_machine_tells(tmp_path: Path) -> None:
    """All packages count once; parts of a package are in it; without a counter there are none."""
    assert machine_joules(tmp_path) is None
    for name, value in (("intel-rapl:0", 3_000_000), ("intel-rapl:1", 500_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text(f"{value}\n")
    (tmp_path / "intel-rapl:0:0").mkdir()
    assert machine_joules(tmp_path) == 3.5
    (tmp_path / "intel-rapl:2").mkdir()
    assert machine_joules(tmp_path) is None


def test_measured_joules_are_told_from_estimates() -> None:
    """Joules that were measured stand; the rest of the CPU time is an estimate by its watts."""
    spent = Spent(since_ms=0, entries=4, process_cpu_s=3.0, machine_j=10.0, machine_cpu_s=2.0)
    told = energy_of(spent, 5.0)
    assert (told.joules, told.joules_per_entry) == (15.0, 3.75)
    assert told.joules_are.startswith("measured")
    assert told.log_cpu_s is None
    assert energy_of(Spent(since_ms=0)).joules_per_entry is None


@pytest.mark.parametrize("watts", [0, -1, 1_001])
def test_watts_that_no_core_takes(folder: Path, watts: int) -> None:
    """A guess must be a possible one."""
    with refused("energy.watts", InputError):
        energy(ledger=folder, watts=watts)


def test_a_thread_that_is_not_there() -> None:
    """No thread, no figure."""
    assert thread_cpu_s(None) is None
    assert thread_cpu_s(-1) is None
