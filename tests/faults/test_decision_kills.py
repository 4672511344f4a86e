"""kill -9 while decisions wait in the background: what was acknowledged stands, nothing is half."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import counterfoil
from counterfoil.ledger.audit import audit
from tests.ledgers import copy_ledger
from tests.shared_data import ROOT

KILLED = -9


def killed_after(folder: Path, run: str, lines: int, plant: str = "") -> list[str]:
    """Let a process decide, kill it when it has told `lines` numbers, and give all it told."""
    command = [sys.executable, "-m", "tests.faults.decision_child", str(folder), run, plant]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        told = [child.stdout.readline().strip() for _ in range(lines)]
        child.kill()
        told += child.stdout.read().split("\n")[:-1]  # but a line that the kill cut
    assert child.returncode == KILLED
    return told


def recorded(folder: Path) -> dict[str, int]:
    """Check that every decision in the log is whole and there once: name -> index."""
    found: dict[str, int] = {}
    with counterfoil.open(folder) as ledger:
        for view in ledger.views():
            if view.kind == "decision":
                assert view.content["note"] not in found
                found[view.content["note"]] = view.index
        for name, index in list(found.items())[-3:]:
            opened = ledger.people.open(index, actor="test", purpose="test")["sealed"]
            assert f"{opened['inputs/run']}/{opened['inputs/number']}" == name
    assert not audit(folder, full=True).damaged
    return found


def test_acknowledged_decisions_survive_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each kill all that a handle answered is there, in order; the ledger goes on."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    folder = copy_ledger(tmp_path / "ledger")
    told: list[str] = []
    for run, lines in (("a", 1), ("b", 300), ("c", 700)):
        told += killed_after(folder, run, lines)
        found = recorded(folder)
        assert set(told) <= set(found)
        mine = [name for name in found if name.startswith(f"{run}/")]
        assert mine == [f"{run}/{number}" for number in range(len(mine))]


def test_a_promise_too_early_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that acknowledges what is only queued loses some of it: the check sees that."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    folder = copy_ledger(tmp_path / "ledger")
    told = killed_after(folder, "a", 500, plant="early")
    assert not set(told) <= set(recorded(folder))
