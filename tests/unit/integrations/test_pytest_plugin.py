"""A test run becomes evidence where that is asked for, and nothing happens where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import counterfoil
from counterfoil.ledger import RecordView
from tests.ledgers import copy_ledger, prove

TESTS = """
import pytest

def test_good(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_many(n): assert n
def test_bad(): assert 1 == 2, "no"
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_known(): assert False
@pytest.fixture
def broken(): raise RuntimeError("disk")
def test_broken(broken): pass
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a project of its own, which has no settings of ours."""
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [*command, "-p", "no:boa_test", "-p", "no:cov", "--rootdir", ".", *arguments],
        cwd=folder,
        env=quiet,
        capture_output=True,
        text=True,
        check=False,
    )


def check_in(ledger_folder: Path) -> tuple[RecordView, RecordView]:
    """Give the statement about the run, and the block of its tests; both are proven."""
    with counterfoil.open(ledger_folder) as ledger:
        (found,) = ledger.search("kind=check").hits
        block = ledger.get(ledger.find_leaf(found.content["data"]["leaf"]))
        ledger.publish()
        prove(ledger, found.index)
        prove(ledger, block.index, 0)
        return found, block


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    (made / "test_it.py").write_text(TESTS, encoding="utf-8")
    return made


def test_a_run_is_recorded_with_every_result(project: Path, tmp_path: Path) -> None:
    """Each test is a row with a receipt of its own; the check says what failed, and on what."""
    ledger = copy_ledger(tmp_path / "ledger")
    ran = run(project, "--counterfoil-ledger", str(ledger))
    assert ran.returncode == 1
    assert "counterfoil: recorded 7 tests" in ran.stdout
    found, block = check_in(ledger)
    assert found.content["check"] == "tests"
    assert found.content["passed"] is False
    (item,) = found.content["items"]
    assert item == {
        "name": "test_it.py",
        "passed": False,
        "found": "1 error, 1 failed, 3 passed, 1 skipped, 1 xfailed: test_bad, test_broken",
    }
    note = msgspec.json.decode(found.content["note"])
    assert note["exit"] == 1
    assert len(note["packages"]) == 64
    assert block.kind == "block"


def test_workers_are_recorded_by_their_controller(project: Path, tmp_path: Path) -> None:
    """With xdist a run is recorded once, and whole."""
    ledger = copy_ledger(tmp_path / "ledger")
    ran = run(project, "-n", "2", "--counterfoil-ledger", str(ledger), "-k", "good or many")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found, _ = check_in(ledger)
    assert found.content["passed"] is True
    assert found.content["items"][0]["found"] == "3 passed"


def test_nothing_happens_unless_it_is_asked_for(project: Path, tmp_path: Path) -> None:
    """Without the option the plug-in says nothing and loads nothing of the ledger."""
    looking = 'import sys\ndef test_light(): assert "counterfoil.ledger" not in sys.modules\n'
    (project / "test_it.py").write_text(looking, encoding="utf-8")
    ran = run(project)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "counterfoil" not in ran.stdout


def test_the_settings_may_ask_for_it(project: Path, tmp_path: Path) -> None:
    """A project's own settings name the ledger, relative to the project."""
    copy_ledger(project / "evidence")
    settings = "[pytest]\ncounterfoil_ledger = evidence\n"
    (project / "pytest.ini").write_text(settings, encoding="utf-8")
    ran = run(project, "-k", "good")
    assert "counterfoil: recorded 1 tests" in ran.stdout, ran.stdout + ran.stderr


def test_a_ledger_that_is_not_there_is_told_before_the_run(project: Path) -> None:
    """A run that asks for evidence and cannot have any does not start."""
    ran = run(project, "--counterfoil-ledger", "nowhere")
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert "expected a ledger in" in ran.stderr


def test_trouble_with_the_ledger_changes_no_result(project: Path, tmp_path: Path) -> None:
    """Tests that pass pass, though the run could not be recorded; it is said loudly."""
    ledger = copy_ledger(tmp_path / "ledger")
    (ledger / "ledger.db").write_bytes(b"no database")
    ran = run(project, "--counterfoil-ledger", str(ledger), "-k", "good")
    assert ran.returncode == 0
    assert "NOT recorded" in ran.stdout


def test_a_model_that_is_none_is_noticed_before_the_run(project: Path, tmp_path: Path) -> None:
    """A run may take hours: what it is about is looked up first."""
    ledger = copy_ledger(tmp_path / "ledger")
    ran = run(project, "--counterfoil-ledger", str(ledger), "--counterfoil-about", "nobody")
    assert ran.returncode == 4
    assert "expected a recorded model, found none for 'nobody'" in ran.stderr
    assert "passed" not in ran.stdout
