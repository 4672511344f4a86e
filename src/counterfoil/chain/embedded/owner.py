"""One process owns an embedded chain: a lock beside its file that names it and dies with it.

The lock is the kernel's (flock), so that a crash frees it; the text inside is for people, and
for those who want to reach the chain through its owner. This module refuses to break a lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from pathlib import Path
from typing import Any

from counterfoil.errors import Conflict, Unavailable

__all__ = ["ChainOwner", "read_owner"]


class ChainOwner:
    """Owns the chain at `path` until `release` or the end of the process.

    Raises Conflict with code chain.owned, naming the owner; Unavailable with code chain.disk.
    """

    def __init__(self, path: Path) -> None:
        self._path = _lock_of(path)
        try:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as err:
            raise _unlockable(path, err) from err
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            os.close(self._handle)
            owner = read_owner(path)
            at = f", which serves it at {owner['url']}" if "url" in owner else ""
            raise Conflict(
                "chain.owned",
                f"expected a chain without an owner at {path}, found process "
                f"{owner.get('pid', '?')} on {owner.get('host', '?')}{at}",
                hint="Use the chain through its owner, stop that process, or open it read-only.",
            ) from err
        except OSError as err:
            os.close(self._handle)
            raise _unlockable(path, err) from err
        self.announce({})

    def announce(self, more: dict[str, Any]) -> None:
        """Write down who owns the chain; more: for example the `url` where it is served."""
        owner = {"pid": os.getpid(), "host": socket.gethostname()} | more
        text = json.dumps(owner).encode()
        with contextlib.suppress(OSError):  # the lock holds without its text
            os.pwrite(self._handle, text, 0)
            os.ftruncate(self._handle, len(text))

    def release(self) -> None:
        """Give the chain up. Calling it again does nothing."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, 0)
            fcntl.flock(self._handle, fcntl.LOCK_UN)  # else a forked child would keep it
            os.close(self._handle)
            self._handle = -1


def read_owner(path: Path) -> dict[str, Any]:
    """Read who owns a chain, and under `url` where it is served; empty when nobody says."""
    try:
        found = json.loads(_lock_of(path).read_bytes() or b"{}")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _unlockable(path: Path, err: OSError) -> Unavailable:
    return Unavailable(
        "chain.disk",
        f"expected to lock {path}, but: {err}",
        hint="Check that the folder exists and is writable, or open the chain read-only.",
    )
