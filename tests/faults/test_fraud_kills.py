"""kill -9 while payments are decided: what was answered stands, and nothing is decided twice."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import counterfoil
from counterfoil.apps.finance.fraud.kept import load_kept
from counterfoil.apps.finance.fraud.scoring import score_table
from counterfoil.apps.finance.fraud.table import read_table
from counterfoil.formats.entry import StatementEntry, parse
from counterfoil.ledger.audit import audit
from tests.fraud_made import made, model, rows, written
from tests.ledgers import copy_ledger
from tests.shared_data import ROOT

KILLED = -9
PAYMENTS = 160


def file_of_payments(folder: Path) -> Path:
    return written(folder / "stream.csv", rows(customers=150)[-PAYMENTS:])


def killed_after(folder: Path, stream: Path, lines: int, plant: str = "") -> list[str]:
    """Let a process decide, kill it when it has told `lines` answers; 0 lets it end."""
    words = [sys.executable, "-m", "tests.faults.fraud_child", folder, model(), stream, plant]
    command = [str(one) for one in words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        told = [child.stdout.readline().strip() for _ in range(lines)]
        if lines:
            child.kill()
        told += child.stdout.read().split("\n")[:-1]  # but a line that the kill cut
    assert child.returncode == (KILLED if lines else 0)
    return told


def recorded(folder: Path) -> dict[str, tuple[int, float]]:
    """Read payment -> (index, score) from the log, where each stands once."""
    found: dict[str, tuple[int, float]] = {}
    names: list[str] = []
    with counterfoil.open(folder) as ledger:
        for view in ledger.views():
            if view.kind != "decision":
                continue
            entry = parse(ledger.entry(view.index))
            assert isinstance(entry, StatementEntry)
            name = (entry.statement.subject[1].name or "").removeprefix("payment ")
            names.append(name)
            found[name] = (view.index, float(view.content["score"]))
    assert max(Counter(names).values(), default=1) == 1
    return found


def check(told: list[str], found: dict[str, tuple[int, float]]) -> None:
    """Check that what was answered is what is on record."""
    for line in told:
        name, index, score = line.split()
        assert found[name] == (int(index), float(score))


def test_answered_payments_survive_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed twice and run to its end, each payment has one decision: that which was answered.

    The scores are those of the file, scored at once.
    """
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    assert made().is_dir()
    stream = file_of_payments(tmp_path)
    folder = copy_ledger(tmp_path / "ledger")
    told: list[str] = []
    for lines in (1, 60):
        told += killed_after(folder, stream, lines)
        check(told, recorded(folder))
    told += killed_after(folder, stream, 0)
    found = recorded(folder)
    check(told, found)
    assert len(found) == PAYMENTS
    assert not audit(folder, full=True).damaged
    kept = load_kept(model())
    payments = read_table(stream, kept.manifest.columns).payments
    scores = score_table(kept, payments).scores
    offline = {one.id: score for one, score in zip(payments, scores, strict=True)}
    assert {name: score for name, (_, score) in found.items()} == offline


def test_an_answer_too_early_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that answers what it has only taken loses some of it: the check sees that."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    folder = copy_ledger(tmp_path / "ledger")
    told = killed_after(folder, file_of_payments(tmp_path), 130, plant="early")
    assert not {line.split()[0] for line in told} <= set(recorded(folder))
