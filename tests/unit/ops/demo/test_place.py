"""The demonstration takes a folder of its own, and only that."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import Conflict, InputError, Unavailable
from counterfoil.ops.demo.place import default_folder, take_place


def test_its_own_folder_is_taken_again(tmp_path: Path) -> None:
    """What an earlier run left stays; what cheats left goes; with `fresh` all goes."""
    place = take_place(tmp_path / "demo")
    (place.folder / "mine").write_text("x")
    place.scratch.mkdir()
    place.release()
    assert not place.scratch.exists()
    again = take_place(tmp_path / "demo")
    assert not again.begun
    assert (again.folder / "mine").exists()
    again.models.mkdir()
    again.release()
    fresh = take_place(tmp_path / "demo", fresh=True)
    assert {part.name for part in fresh.folder.iterdir()} == {"demo.json", "owner.lock"}
    fresh.release()


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    """A folder that holds something else, or a file, is refused, also with `fresh`."""
    (tmp_path / "mine").write_text("x")
    for folder in (tmp_path, tmp_path / "mine", tmp_path / ("x" * 300)):
        for fresh in (False, True):
            with pytest.raises((InputError, Unavailable)) as caught:
                take_place(folder, fresh=fresh)
            assert caught.value.code in ("demo.folder", "demo.place")
    assert [part.name for part in tmp_path.iterdir()] == ["mine"]


def test_only_one_at_a_time(tmp_path: Path) -> None:
    """Who comes second is told that one runs already."""
    place = take_place(tmp_path / "demo")
    with pytest.raises(Conflict) as caught:
        take_place(tmp_path / "demo")
    assert caught.value.code == "demo.running"
    place.release()
    take_place(tmp_path / "demo").release()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A path below a file is no place, and what to do is said."""
    (tmp_path / "file").write_text("x")
    with pytest.raises((InputError, Unavailable)) as caught:
        take_place(tmp_path / "file" / "demo")
    assert "Name another folder" in caught.value.hint


def test_the_default_is_in_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody names a folder, it is the same one every time."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path))
    assert default_folder() == tmp_path / "demo"
