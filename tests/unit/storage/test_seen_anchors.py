"""What was first seen of a log's anchors stays what was first seen."""

from __future__ import annotations

from pathlib import Path

from counterfoil.errors import Unavailable
from counterfoil.storage import SeenAnchors
from tests.statements import refused


def test_the_first_stays(tmp_path: Path) -> None:
    """Each log has one id on each chain: the first; another process reads the same."""
    path = tmp_path / "state" / "seen.db"
    seen = SeenAnchors(path)
    assert seen.first("log.example/1", 7, b"a" * 32) == b"a" * 32
    assert SeenAnchors(path).first("log.example/1", 7, b"b" * 32) == b"a" * 32
    assert seen.first("log.example/1", 8, b"b" * 32) == b"b" * 32
    assert seen.first("log.example/2", 7, b"c" * 32) == b"c" * 32


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """A damaged file is an error that says what to do."""
    path = tmp_path / "seen.db"
    path.write_bytes(b"no database" * 100)
    with refused("seen.unreadable", Unavailable):
        SeenAnchors(path).first("o", 1, b"a" * 32)
