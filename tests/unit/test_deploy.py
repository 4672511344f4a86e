"""The files of `deploy/` start a node with options that it has, and ship what it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from counterfoil.ops.signature import fields_of
from counterfoil.ops.up import up
from tests.shared_data import ROOT

UNIT = ROOT / "deploy" / "counterfoil.service"
CONTAINER = ROOT / "deploy" / "Containerfile"


@pytest.mark.parametrize("path", [UNIT, CONTAINER], ids=["systemd", "container"])
def test_it_is_started_with_options_that_it_has(path: Path) -> None:
    """Each option of `counterfoil up` in the file is one of the command's."""
    options = {field.option for field in fields_of(up)}
    lines = re.findall(r"^(?:ExecStart=|ENTRYPOINT |CMD ).*$", path.read_text(), re.MULTILINE)
    asked = set(re.findall(r"--[a-z-]+", " ".join(lines)))
    assert "--listen" in asked
    assert asked <= options


def test_the_container_installs_extras_that_there_are() -> None:
    """A misspelt extra would be left out in silence."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (named,) = re.findall(r'"\.\[([a-z,]+)\]"', CONTAINER.read_text())
    extras = set(named.split(","))
    assert "node" in extras
    assert extras <= set(project["optional-dependencies"])


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """Where systemd is installed, its own check finds nothing to say about the unit."""
    program = shutil.which("systemd-analyze")
    if program is None:
        assert "Type=notify" in UNIT.read_text()
        return
    text = UNIT.read_text().replace("/opt/counterfoil/bin/counterfoil", "/bin/true")
    unit = tmp_path / UNIT.name
    unit.write_text(
        text.replace("User=counterfoil", "User=root").replace("Group=counterfoil", "Group=root")
    )
    done = subprocess.run(
        [program, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert UNIT.name not in done.stderr
