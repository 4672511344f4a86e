"""./dev passes exit codes through, and says what is wrong where it is used wrongly."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.shared_data import ROOT
from tools.dev.coverage_floor import below


def dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ./dev in the environment that stands already."""
    command = [sys.executable, str(ROOT / "dev"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_is_data() -> None:
    """`./dev --help` prints every command to stdout and ends well."""
    ran = dev("--help")
    assert (ran.returncode, ran.stderr) == (0, "")
    for command in ("demo", "test", "check", "bench", "campaign", "docs"):
        assert f"\n  {command} " in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ((), 2, "usage"),
        (("docs", "now"), 2, "takes no argument"),
        (("bench",), 2, "no such benchmark"),
        (("bench", "../dev"), 2, "no such benchmark"),
        (("no-such-program",), 127, "no command or program"),
    ],
)
def test_wrong_use_is_explained(arguments: tuple[str, ...], status: int, says: str) -> None:
    """A wrong command ends with its own status and a hint on stderr, and does nothing."""
    ran = dev(*arguments)
    assert ran.returncode == status
    assert ran.stdout == ""
    assert says in ran.stderr


def test_exit_codes_pass_through() -> None:
    """A program that is run in the environment decides about the exit status."""
    ran = dev("python", "-c", "import counterfoil; print('here'); raise SystemExit(7)")
    assert (ran.returncode, ran.stdout, ran.stderr) == (7, "here\n", "")


def test_bytecode_is_kept_out_of_the_way() -> None:
    """What is imported is compiled once for all processes, and leaves nothing beside the source."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPYCACHEPREFIX", None)
    says = "import sys; print(sys.dont_write_bytecode, sys.pycache_prefix)"
    command = [sys.executable, str(ROOT / "dev"), "python", "-c", says]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == f"False {ROOT / '.dev' / 'pycache'}\n"


def report(covered: int) -> dict[str, Any]:
    """Make a coverage report of one module of the core with 10 lines, some of them covered."""
    counts = {"covered_lines": covered, "num_statements": 10}
    summary = {**counts, "covered_branches": 0, "num_branches": 0}
    missing = list(range(covered, 10))
    data = {"summary": summary, "missing_lines": missing, "missing_branches": [[3, -1]]}
    return {"files": {"src/counterfoil/log/x.py": data}}


def test_coverage_floor_holds_the_core_to_all_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """One line of ten that no test reaches fails the core and the whole, and is named."""
    assert below(report(10)) == []
    failures = "\n".join(below(report(9)))
    assert "src/counterfoil/log/: 90.00 % is below 100 %" in failures
    assert "src/counterfoil/log/x.py: 9, 3->-1" in failures
    assert "src/counterfoil/log/x.py: 7-9, 3->-1" in "\n".join(below(report(7)))
    assert "90.00 %" in capsys.readouterr().out
