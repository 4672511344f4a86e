"""The logs that a witness follows are those of its file, also after the file has changed."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from counterfoil.errors import CounterfoilError, InputError, NotFound
from counterfoil.formats.vkey import KeyType, format_vkey
from counterfoil.proofs.signing import public_of
from counterfoil.witness.followed import FollowedLogs
from tests.c2sp import LOG, ORIGIN, secret

KEY = public_of(LOG)
OTHER = public_of(secret("other.example"))
QUANTUM = public_of(secret(ORIGIN, KeyType.COSIGNATURE_MLDSA44))


def write(path: Path, *vkeys: str) -> None:
    """Write a policy file with these logs."""
    lines = [f"log {vkey}\n" for vkey in vkeys]
    path.write_text("# mine\n" + "".join(lines) + "quorum none\n", encoding="utf-8")


def test_keys_of_a_log(tmp_path: Path) -> None:
    """Each log has the keys that stand under its name; others are not followed."""
    path = tmp_path / "logs.txt"
    write(path, *map(format_vkey, (KEY, OTHER, QUANTUM)))
    followed = FollowedLogs(path)
    assert followed(ORIGIN) == [KEY, QUANTUM]
    assert followed("other.example") == [OTHER]
    assert followed("none.example") is None
    assert followed.origins() == [ORIGIN, "other.example"]


def test_changes_are_seen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A new file is read at the next question; a broken or lost one changes nothing, once said."""
    path = tmp_path / "logs.txt"
    write(path, format_vkey(KEY))
    followed = FollowedLogs(path)
    write(path, format_vkey(KEY), format_vkey(OTHER))
    assert followed("other.example") == [OTHER]
    with caplog.at_level(logging.WARNING):
        path.write_text("log nonsense\n", encoding="utf-8")
        assert followed("other.example") == [OTHER]
        assert followed(ORIGIN) == [KEY]
        path.unlink()
        assert followed(ORIGIN) == [KEY]
    assert len(caplog.records) == 2
    write(path, format_vkey(OTHER))
    assert followed(ORIGIN) is None


def test_the_first_reading_must_succeed(tmp_path: Path) -> None:
    """A witness does not start with a file that is missing, broken or a folder."""
    path = tmp_path / "logs.txt"
    with pytest.raises(NotFound):
        FollowedLogs(path)
    path.write_text("quorum all\n", encoding="utf-8")
    with pytest.raises(InputError):
        FollowedLogs(path)
    with pytest.raises(CounterfoilError) as caught:
        FollowedLogs(tmp_path)
    assert caught.value.code == "witness.logs-unreadable"
    path.write_bytes(os.urandom(100))
    with pytest.raises(InputError):
        FollowedLogs(path)
