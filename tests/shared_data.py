"""Find the public data sets and test vectors, and say what a test does when a need is missing.

The data stands beside the checkout (`../shared/data`) or where `COUNTERFOIL_DATA` says; it is
never copied into the project. Where something is missing a test skips with the reason printed;
with `COUNTERFOIL_REQUIRE_ALL=1`, as in the gate, it fails instead.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

__all__ = ["ROOT", "data_path", "program", "require"]

ROOT = Path(__file__).resolve().parents[1]


def require(condition: object, reason: str) -> None:
    """Skip the test unless `condition` is true; fail it where everything is required."""
    __tracebackhide__ = True
    if condition:
        return
    if os.environ.get("COUNTERFOIL_REQUIRE_ALL") == "1":
        pytest.fail(f"required here, and missing: {reason}", pytrace=False)
    pytest.skip(reason)


def data_path(name: str) -> Path:
    """Give the file or folder `name` of the data, for example `vectors_merkle`."""
    __tracebackhide__ = True
    folder = Path(os.environ.get("COUNTERFOIL_DATA") or ROOT.parent / "shared" / "data")
    path = folder / name
    require(path.exists(), f"data set {name} is not in {folder}; COUNTERFOIL_DATA names its folder")
    return path


def program(name: str) -> str:
    """Give the full path of a system program, for example `strace` or `chromium`."""
    __tracebackhide__ = True
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    found = shutil.which(name, path=places)
    require(found, f"the program {name} is not installed")
    return str(found)
