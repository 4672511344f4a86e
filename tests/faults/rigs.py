"""Start the programs that fork, kill and trace, and read their reports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tests.log_rig import memory_folder
from tests.shared_data import ROOT

__all__ = ["run_rig"]


def run_rig(
    name: str, *arguments: object, folder: object = None, within: Sequence[str] = ()
) -> dict[str, Any]:
    """Run `tests.faults.<name>` and return its report.

    folder: where its ledgers are; in memory unless given, since a kill cannot tell the difference.
    within: command that starts it.
    """
    place = str(folder or memory_folder() or "")
    command = [*within, sys.executable, "-m", f"tests.faults.{name}", *map(str, arguments), place]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    report: dict[str, Any] = json.loads(ran.stdout)
    return report
