"""What readers saw is kept, a bounded number of states a log, and shared by processes."""

from __future__ import annotations

import errno
import os
from hashlib import sha256
from pathlib import Path

import pytest

from counterfoil.errors import Unavailable
from counterfoil.storage.seen_states import KEPT_A_LOG, Seen, SeenStates
from tests.log_rig import raises_code


def state(size: int, salt: bytes = b"") -> Seen:
    """Make a state of a log."""
    return Seen(size, sha256(salt + b"%d" % size).digest(), b"note %d" % size, 1000 + size)


def test_nothing_was_seen(tmp_path: Path) -> None:
    """Asking makes no file."""
    seen = SeenStates(tmp_path / "none" / "seen.db")
    assert seen.of("log") == []
    assert not (tmp_path / "none").exists()


def test_states_are_kept(tmp_path: Path) -> None:
    """Each state is kept once, by log and size; two roots of one size are both kept."""
    seen = SeenStates(tmp_path / "state" / "seen.db")
    for one in (state(5), state(3), state(5), state(5, b"fork")):
        seen.add("log", one)
    seen.add("other", state(9))
    kept = SeenStates(tmp_path / "state" / "seen.db").of("log")
    assert [one.size for one in kept] == [3, 5, 5]
    assert {one.root for one in kept[1:]} == {state(5).root, state(5, b"fork").root}
    assert seen.of("other") == [state(9)]


def test_the_first_sight_stays(tmp_path: Path) -> None:
    """Seeing a state again does not change when it was first seen."""
    seen = SeenStates(tmp_path / "seen.db")
    seen.add("log", state(5))
    seen.add("log", Seen(5, state(5).root, b"another note", 9))
    assert seen.of("log") == [state(5)]


def test_few_are_kept(tmp_path: Path) -> None:
    """The largest states stay when there are too many."""
    seen = SeenStates(tmp_path / "seen.db")
    for size in range(KEPT_A_LOG + 20):
        seen.add("log", state(size))
    assert [one.size for one in seen.of("log")] == list(range(20, KEPT_A_LOG + 20))


@pytest.mark.parametrize("content", [b"no database" * 500, b""])
def test_a_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    """A file that cannot be used is said to be so, never taken for nothing seen."""
    path = tmp_path / "seen.db"
    path.write_bytes(content)
    with raises_code("seen.unreadable", Unavailable):
        SeenStates(path).of("log")


@pytest.mark.parametrize("done", [False, True])
def test_making_it_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: bool) -> None:
    """A file that was being made when the power went is not there, or whole; no rest stays."""
    link, seen = os.link, SeenStates(tmp_path / "seen.db")

    def fail(made: Path, path: Path) -> None:
        assert not path.exists()  # until now; an empty file would be taken for a damaged one
        if done:
            link(made, path)
        raise OSError(errno.EIO, "the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", fail)
        with raises_code("seen.unreadable", Unavailable):
            seen.add("log", state(1))
    assert [file.name for file in tmp_path.iterdir()] == ["seen.db"] * done
    assert seen.of("log") == []
    seen.add("log", state(1))
    assert seen.of("log") == [state(1)]


def test_no_room(tmp_path: Path) -> None:
    """Where nothing can be kept, it is said."""
    (tmp_path / "file").write_text("x")
    with raises_code("seen.unreadable", Unavailable):
        SeenStates(tmp_path / "file" / "seen.db").add("log", state(1))
