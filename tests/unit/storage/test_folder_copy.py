"""Files are copied whole or not at all; what is there already is kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from counterfoil.errors import Unavailable
from counterfoil.storage.folder_copy import FolderCopy, files_below, replace_file, replace_folder


def test_files_are_linked_copied_or_kept(tmp_path: Path) -> None:
    """A file is linked where that works, else copied, and left alone when it is there."""
    (tmp_path / "a").write_bytes(b"content")
    copy = FolderCopy()
    target = tmp_path / "deep" / "er" / "a"
    assert copy.copy(tmp_path / "a", target) == "linked"
    assert copy.copy(tmp_path / "a", target) == "kept"
    assert FolderCopy(link=False).copy(tmp_path / "a", tmp_path / "b", mode=0o600) == "copied"
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    target.unlink()
    target.write_bytes(b"other length")
    assert copy.copy(tmp_path / "a", target) == "linked"
    assert target.read_bytes() == b"content"
    copy.write(tmp_path / "c", b"bytes")
    copy.flush()
    assert [path.name for path in files_below(tmp_path)] == ["a", "b", "c", "a"]
    assert list(files_below(tmp_path / "nothing")) == []


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    """What stands in the way of a file or folder is named, and nothing half-written stays."""
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "file").write_bytes(b"in the way")
    (tmp_path / "folder").mkdir()
    copy = FolderCopy(link=False)
    for write in (
        lambda: copy.copy(tmp_path / "a", tmp_path / "file" / "a"),
        lambda: copy.copy(tmp_path / "a", tmp_path / "folder"),
        lambda: copy.write(tmp_path / "file" / "a", b"x"),
        lambda: replace_file(tmp_path / "folder", b"x"),
    ):
        with pytest.raises(Unavailable) as caught:
            write()
        assert caught.value.code == "copy.write"
    with pytest.raises(FileNotFoundError):
        copy.copy(tmp_path / "none", tmp_path / "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "file", "folder"]


def test_a_folder_that_goes_away(tmp_path: Path) -> None:
    """A folder that cannot be synced is named."""
    copy = FolderCopy()
    copy.write(tmp_path / "gone" / "a", b"x")
    shutil.rmtree(tmp_path / "gone")
    with pytest.raises(Unavailable):
        copy.flush()


def test_a_link_whose_source_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is deleted while it is linked is missing, not unwritable."""
    (tmp_path / "a").write_bytes(b"content")

    def vanish(*_: object) -> None:
        raise FileNotFoundError("gone")

    monkeypatch.setattr(os, "link", vanish)
    with pytest.raises(FileNotFoundError):
        FolderCopy().copy(tmp_path / "a", tmp_path / "b")


def test_a_folder_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new files stand alone under the name; where that fails the old ones still do."""
    folder = tmp_path / "model"
    replace_folder(folder, {"a": b"1", "b": b"2"})
    replace_folder(folder, {"a": b"3"})
    assert {path.name: path.read_bytes() for path in files_below(tmp_path)} == {"a": b"3"}
    with pytest.raises(OSError, match="absent"):
        replace_folder(folder, {"a": b"4", "absent/b": b"5"})
    rename, calls = Path.rename, []

    def fail_second(path: Path, target: Path) -> Path:
        calls.append(path)
        if len(calls) == 2:
            raise OSError("the disk went away")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_second)
    with pytest.raises(OSError, match="went away"):
        replace_folder(folder, {"a": b"6"})
    assert {path.name: path.read_bytes() for path in files_below(tmp_path)} == {"a": b"3"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
