"""The guide to the API tells what works: its lines run against a node; its reference is made."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import counterfoil
from tests.ledgers import copy_ledger
from tests.nodes import served
from tests.shared_data import ROOT
from tools import http_reference

GUIDE = ROOT / "docs" / "guides" / "http-api.md"


def test_the_reference_is_what_the_source_says() -> None:
    """docs/reference/http-api.md has every operation and path, and why the others are missing."""
    written = http_reference.PAGE.read_text(encoding="utf-8")
    assert written == http_reference.page(), "run: ./dev python -m tools.http_reference"


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_lines_of_the_guide_run(tmp_path: Path) -> None:
    """Each line of the guide that asks a node is answered well."""
    blocks = re.findall(r"^```text\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 10
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "rows.ndjson").write_text('{"n": 1}\n{"n": 2}\n')
    folder = copy_ledger(tmp_path / "shop")
    shutil.copy(folder / "policy.txt", tmp_path / "policy.txt")
    with counterfoil.open(folder) as ledger:
        for number in range(3):
            ledger.record({"n": number})
        ledger.publish()
        with served(ledger, fast=True) as url:
            for line in lines:
                assert line.startswith("curl ")
                ran = subprocess.run(
                    ["/bin/bash", "-c", line.replace("curl ", "curl -sS --fail-with-body ", 1)],
                    cwd=tmp_path,
                    env={**os.environ, "NODE": url, "KEY": "operator", "no_proxy": "*"},
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"
    assert (tmp_path / "records.parquet").read_bytes().startswith(b"PAR1")
    assert b"<!doctype html>" in (tmp_path / "receipt.html").read_bytes()
