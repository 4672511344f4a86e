"""Check a coverage report against the floors: 95 % of all lines and branches, and all of the core.

Called with the path of coverage's JSON report; prints one line a floor and what is missing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["FLOORS", "below", "main"]

FLOORS: Mapping[str, float] = {
    "src/counterfoil/": 95.0,
    "src/counterfoil/formats/": 100.0,
    "src/counterfoil/proofs/": 100.0,
    "src/counterfoil/log/": 100.0,
}
"""Folder -> least part of its lines and branches that the tests must reach, percent."""

COUNTS = ("covered_lines", "covered_branches", "num_statements", "num_branches")


def below(report: Mapping[str, Any]) -> list[str]:
    """Print each floor's figure; give one line for each that is not reached, then what is missing.

    report: what coverage writes with `--cov-report=json`.
    """
    failures: list[str] = []
    gaps: dict[str, str] = {}
    for folder, floor in FLOORS.items():
        files = {name: data for name, data in report["files"].items() if name.startswith(folder)}
        lines, branches, all_lines, all_branches = (
            sum(data["summary"][count] for data in files.values()) for count in COUNTS
        )
        whole = all_lines + all_branches
        part = 100.0 * (lines + branches) / whole if whole else 100.0
        print(f"coverage {part:6.2f} %  (floor {floor:.0f} %)  {folder}")
        if part < floor:
            failures.append(f"{folder}: {part:.2f} % is below {floor:.0f} %")
            gaps |= {name: _gap(data) for name, data in files.items()}
    return failures + [f"  {name}: {gap}" for name, gap in sorted(gaps.items()) if gap]


def _gap(data: Mapping[str, Any]) -> str:
    """Name a file's missing lines, neighbours as `3-7`, and branches, as `from->to`."""
    runs: list[list[int]] = []
    for line in data["missing_lines"]:
        if runs and runs[-1][-1] == line - 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    lines = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join(lines + [f"{start}->{end}" for start, end in data["missing_branches"]])


def main(arguments: Sequence[str]) -> int:
    """Check the report at the path given. Exit status 0, or 1 below a floor."""
    failures = below(json.loads(Path(arguments[0]).read_bytes()))
    print("\n".join(failures), end="\n" if failures else "")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
