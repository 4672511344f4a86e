"""Lists at hand: found by name, read once until they change, and indexed once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Layout
from counterfoil.ops.finance.own_lists import made_ready, own_lists, read_once
from tests.lists_made import SIMPLE, write_sdn


def test_lists_are_found_and_notes_are_not(tmp_path: Path) -> None:
    """Files and folders are lists, by name; notes and hidden files are none; no folder, none."""
    layout = Layout(tmp_path)
    assert own_lists(layout) == ()
    layout.lists.mkdir()
    write_sdn(layout.lists / "treasury")
    for name in ("b.csv", "README.md", "notes.TXT", ".hidden.csv"):
        (layout.lists / name).write_text(SIMPLE)
    assert [one.name for one in own_lists(layout)] == ["b.csv", "treasury"]


def test_a_list_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    """The same list is the same object, and so is what is made of it; a new version is read."""
    path = tmp_path / "list.csv"
    path.write_text(SIMPLE)
    first = read_once(path)
    assert read_once(path) is first
    assert made_ready([first], 0.8) is made_ready([first], 0.8)
    assert made_ready([first], 0.7) is not made_ready([first], 0.8)
    path.write_text(SIMPLE.replace("Northern", "Southern"))
    os.utime(path, ns=(1, 1))
    assert read_once(path).version.digest != first.version.digest


def test_what_is_no_list_is_told_each_time(tmp_path: Path) -> None:
    """A failure is never kept: once the file is mended, it is read."""
    path = tmp_path / "list.csv"
    with pytest.raises(NotFound):
        read_once(path)
    path.write_text("no list\n")
    for _ in range(2):
        with pytest.raises(InputError):
            read_once(path)
    path.write_text(SIMPLE)
    assert read_once(path).entries
