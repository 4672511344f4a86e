"""The guide's example app, installed as a package would be, without a package index.

A folder with the app and its metadata stands on the path of a new process: there its entry points
are found as those of any package.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.shared_data import ROOT

__all__ = ["APP_FOLDER", "install", "run"]

APP_FOLDER = ROOT / "docs" / "guides" / "parcels"
"""The example app, whole."""


def install(site: Path) -> Path:
    """Put the app into a folder, with the metadata that its pyproject.toml leads to."""
    project = tomllib.loads((APP_FOLDER / "pyproject.toml").read_text())["project"]
    name, version = project["name"], project["version"]
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (site / name).symlink_to(APP_FOLDER / name)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in points.items()), ""]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return site


def run(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the app installed, in the folder that it is in."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=site,
        env={**os.environ, "PYTHONPATH": str(site), "NO_COLOR": "1", "COUNTERFOIL_OUTPUT": "text"},
        capture_output=True,
        text=True,
        check=False,
    )
