"""Programs from npm packages are the pinned ones, whole or not there, and none of it is run."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import platform
import sys
import tarfile
from pathlib import Path

import pytest

from tools.dev import npm_packages
from tools.dev.npm_packages import Package, ensure_npm_packages

NPM = """#!/bin/sh
echo "$@" >> "$FAKE_NPM/asked"
cp "$FAKE_NPM/package.tgz" ./package-1.0.0.tgz
"""


def archive(program: bytes) -> bytes:
    """Make an npm package that holds a program."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as made:
        member = tarfile.TarInfo("package/bin/anvil")
        member.size = len(program)
        made.addfile(member, io.BytesIO(program))
    return buffer.getvalue()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an npm on PATH that hands out one archive, and pin that archive."""
    data = archive(b"the program")
    (tmp_path / "package.tgz").write_bytes(data)
    (tmp_path / "npm").write_text(NPM)
    (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_NPM", str(tmp_path))
    digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
    package = Package("@somebody/anvil", "1.0.0", "bin/anvil", digest)
    kind = (sys.platform, platform.machine())
    monkeypatch.setattr(npm_packages, "FOUNDRY", {kind: {"anvil": package}})
    monkeypatch.setattr(npm_packages, "ANYWHERE", {})
    monkeypatch.setattr(npm_packages, "NPM", tmp_path / "dev")
    return tmp_path


def test_the_pinned_one_is_kept(home: Path) -> None:
    """It is fetched once, by name and version, without running scripts."""
    for _ in range(2):
        ensure_npm_packages()
    program = home / "dev" / "anvil-1.0.0" / "anvil"
    assert program.read_bytes() == b"the program"
    assert os.access(program, os.X_OK)
    asked = (home / "asked").read_text().splitlines()
    assert asked == ["pack --silent --ignore-scripts @somebody/anvil@1.0.0"]


@pytest.mark.parametrize(
    "wrong", [archive(b"another program"), b"no archive"], ids=["other", "none"]
)
def test_another_one_is_not(home: Path, wrong: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """An archive that is not the pinned one is thrown away, and the tests say what they miss."""
    (home / "package.tgz").write_bytes(wrong)
    ensure_npm_packages()
    assert list((home / "dev").iterdir()) == []
    assert "not the pinned one" in capsys.readouterr().err


def test_without_npm(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where npm is missing, fails, or nothing is pinned, it says so and goes on."""
    (home / "npm").write_text("#!/bin/sh\nexit 1\n")
    ensure_npm_packages()
    monkeypatch.setenv("PATH", str(home / "dev"))
    ensure_npm_packages()
    monkeypatch.setattr(npm_packages, "FOUNDRY", {})
    ensure_npm_packages()
    said = capsys.readouterr().err
    assert [words in said for words in ("could not", "npm is missing", "no anvil")] == [True] * 3
