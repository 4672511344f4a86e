"""Rules from a file to a decision that stands: by the shell, killed and run again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.ledger.audit import audit
from tests.journeys.command_line import forked as run
from tests.journeys.command_line import start
from tests.messages_made import pacs008, transfer
from tests.payments_made import NOON, rule_file

ROWS = 1_500


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a bank's ledger by the command line, with a state folder of its own."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    run("init", tmp_path / "bank", "--name", "bank").json()
    return tmp_path / "bank"


def write_payments(path: Path) -> None:
    """Write many payments, of which one in ten is large."""
    with path.open("w") as stream:
        for n in range(ROWS):
            row: dict[str, Any] = {
                "id": n, "at_ms": NOON + n * 1000, "currency": "EUR",
                "amount_minor": 900 if n % 10 == 0 else 100,
                "debtor": f"A{n % 97}", "creditor": f"B{n % 89}",
            }  # fmt: skip
            stream.write(f"{json.dumps(row)}\n")


def decisions(folder: Path) -> list[dict[str, Any]]:
    """List decisions in the log's order."""
    with counterfoil.open(folder, read_only=True) as ledger:
        return [dict(view.content) for view in ledger.views() if view.kind == "decision"]


def is_durable(told: list[str], numbers: list[int]) -> bool:
    """Tell whether all that was told stands in the log."""
    return set(map(int, told)) <= set(numbers)


PLANTED = """
import sys
from concurrent.futures import Future
from counterfoil.cli import main
from counterfoil.ledger import Ledger
real = Ledger.record_statements
def early(self, said, **place):
    if place["first"] == 0:
        return real(self, said, **place)
    told = Future()
    told.set_result(None)  # the bug: told before anything is recorded
    return told
Ledger.record_statements = early
sys.argv = ["counterfoil", *sys.argv[1:]]
main()
"""


def test_the_check_sees_what_is_told_too_early(bank: Path, tmp_path: Path) -> None:
    """With a planted bug, which tells of decisions that nobody recorded, the check above fails."""
    payments, rules = tmp_path / "payments.ndjson", tmp_path / "rules.toml"
    write_payments(payments)
    rules.write_bytes(rule_file())
    words = ["rules", "run", payments, "--rules", rules, "--record", "--ledger", bank]
    command = [sys.executable, "-c", PLANTED, *map(str, words)]
    ran = subprocess.run(command, capture_output=True, check=False)
    told = [json.loads(line)["id"] for line in ran.stdout.splitlines()]
    assert len(told) == ROWS // 10
    assert not is_durable(told, [one["number"] for one in decisions(bank)])


def test_a_killed_run_goes_on(bank: Path, tmp_path: Path) -> None:
    """Kill -9 in the middle, and again: every payment is decided on once, what was told stands."""
    payments, rules = tmp_path / "payments.ndjson", tmp_path / "rules.toml"
    write_payments(payments)
    rules.write_bytes(rule_file())
    words: list[str | Path] = [
        "rules",
        "run",
        payments,
        "--rules",
        rules,
        "--record",
        "--ledger",
        bank,
    ]
    told: list[str] = []
    for lines in (1, 60):
        with start(*words) as child:
            assert child.stdout is not None
            told += [json.loads(child.stdout.readline())["id"] for _ in range(lines)]
            child.send_signal(signal.SIGKILL)
            child.communicate()
        assert child.returncode == -signal.SIGKILL
        said = decisions(bank)
        numbers = [one["number"] for one in said if one["source"].startswith("sha256:")]
        assert numbers == list(range(len(numbers)))
        assert is_durable(told, numbers)
    rest = run(*words).lines()
    assert [one["id"] for one in rest] == [str(n) for n in range(0, ROWS, 10)]
    said = decisions(bank)
    assert [one["number"] for one in said] == list(range(ROWS))
    assert sum(one["outcome"] == "hold" for one in said) == ROWS // 10
    assert not audit(bank, full=True).damaged
    with counterfoil.open(bank, read_only=True) as ledger:
        size = ledger.size
    run(*words).lines()
    with counterfoil.open(bank, read_only=True) as ledger:
        assert ledger.size == size


def test_ctrl_c_says_how_to_go_on(bank: Path, tmp_path: Path) -> None:
    """Interrupted, the command ends as interrupted, and the ledger is whole."""
    payments = tmp_path / "payments.ndjson"
    write_payments(payments)
    with start("rules", "run", payments, "--record", "--ledger", bank) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, err = child.communicate()
    assert child.returncode != 0
    assert b"Traceback" not in err
    assert not audit(bank).damaged


def test_the_whole_story_by_the_shell(bank: Path, tmp_path: Path) -> None:
    """Rules are printed, tested, recorded; a message is decided on, answered, proven, replayed."""
    mine, sent, status = tmp_path / "mine.toml", tmp_path / "in.xml", tmp_path / "out.xml"
    run("rules", "default", "-o", mine).json()
    assert all(one["passed"] for one in run("rules", "test", mine).lines())
    recorded = run("rules", "add", mine, "--ledger", bank).json()
    nameless = "<PstlAdr><Ctry>US</Ctry></PstlAdr>"
    sent.write_bytes(pacs008([transfer("E1"), transfer("E2", creditor=nameless)]))
    command: list[str | Path] = ["finance", "message", sent, "-o", status, "--rules", mine]
    command += ["--record", "--ledger", bank]
    done = run(*command).json()
    assert [one["status"] for one in done["transfers"]] == ["ACTC", "PDNG"]
    assert status.read_bytes().count(b"<TxInfAndSts>") == 2
    entry = str(done["transfers"][1]["entry"])
    receipt = tmp_path / "held.json"
    run("receipt", "get", entry, "--ledger", bank, "-o", receipt).json()
    run("verify", receipt, "--policy", bank / "policy.txt").clean()
    shown = json.dumps(run("decision", "get", entry, "--ledger", bank).json())
    assert recorded["rules"]["digest"] in shown
    assert run("rules", "replay", entry, "--actor", "auditor", "--ledger", bank).json()["same"]


@pytest.mark.parametrize(
    ("words", "stdin", "status", "code"),
    [
        (("rules", "test", "-"), b"x = ", 2, "rules.file"),
        (("rules", "test", "-"), rule_file().replace(b"= 501", b"= 1"), 4, "rules.cases"),
        (("finance", "message", "-"), b"<!DOCTYPE x><x/>", 2, "message.xml"),
        (("finance", "graph", "-"), b"a,b\n1,2\n", 2, "graph.column"),
    ],
)
def test_bad_input_is_explained(
    words: tuple[str, ...], stdin: bytes, status: int, code: str
) -> None:
    """What is wrong has its code, its status and a hint, and no trace of the program."""
    ran = run(*words, stdin=stdin)
    assert ran.status == status
    assert code in ran.err
    assert "hint" in ran.err


def test_a_reader_who_leaves_is_no_error(tmp_path: Path) -> None:
    """Piped into `head`, the command ends quietly."""
    payments = tmp_path / "payments.ndjson"
    write_payments(payments)
    with start("rules", "run", payments, "--every") as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.stdout.close()
        try:
            child.wait(timeout=60)
        except subprocess.TimeoutExpired:  # pragma: no cover - then it has failed
            child.kill()
            raise
        assert child.stderr is not None
        assert b"Traceback" not in child.stderr.read()
