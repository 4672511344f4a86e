"""Small files are there whole, or as they were."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from counterfoil.chain.small_files import replace_file, write_new


def test_replacing(tmp_path: Path) -> None:
    """The new content takes the old one's place, and nothing else is left."""
    path = tmp_path / "a"
    for content in (b"one", b"two"):
        replace_file(path, content)
        assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_what_a_crash_left(tmp_path: Path) -> None:
    """A half file of an earlier try is no hindrance."""
    (tmp_path / f".a.{os.getpid()}.new").write_bytes(b"half")
    replace_file(tmp_path / "a", b"whole")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_what_cannot_be_replaced(tmp_path: Path) -> None:
    """When the name cannot be taken the old stays, and no half file does."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(OSError, match="a"):
        replace_file(tmp_path / "a", b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_file_that_is_there(tmp_path: Path) -> None:
    """A new file takes nobody's place, and has the permissions that it was given."""
    path = tmp_path / "key"
    write_new(path, b"mine", 0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_new(path, b"yours", 0o600)
    assert path.read_bytes() == b"mine"


def test_a_file_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be synced is removed."""

    def fail(_: int) -> None:
        raise OSError("no")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no"):
        write_new(tmp_path / "key", b"mine", 0o600)
    assert list(tmp_path.iterdir()) == []
