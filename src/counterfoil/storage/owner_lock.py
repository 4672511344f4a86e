"""One process owns a ledger: a lock that names its owner and dies with it.

The lock is the kernel's (flock), so a crash frees it; the text inside is only for people and for
those who want to forward their writes. This module refuses to break a lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from counterfoil.errors import Conflict, Unavailable

__all__ = ["LOCK_FILE", "OwnerLock", "is_owned", "read_owner"]

LOCK_FILE = "owner.lock"
"""Name of the lock in a ledger's folder."""


class OwnerLock:
    """Owns a ledger's folder until `release` or the end of the process.

    Raises Conflict with code ledger.owned, naming the owner; Unavailable with code ledger.lock.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        try:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as err:
            raise _unlockable(folder, err) from err
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            os.close(self._handle)
            owner = read_owner(folder)
            raise Conflict(
                "ledger.owned",
                f"expected a ledger without an owner at {folder}, found process "
                f"{owner.get('pid', '?')} on {owner.get('host', '?')}",
                hint="Stop that process or write through it; reading needs no ownership.",
            ) from err
        except OSError as err:
            os.close(self._handle)
            raise _unlockable(folder, err) from err
        self.announce({})

    def announce(self, more: dict[str, Any]) -> None:
        """Write down who owns the ledger, and how to reach the owner.

        The lock holds without it: a full disk is no reason to refuse.
        """
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "since_s": int(time.time())}
        text = json.dumps(owner | more).encode()
        with contextlib.suppress(OSError):
            os.pwrite(self._handle, text, 0)
            os.ftruncate(self._handle, len(text))

    def release(self) -> None:
        """Give the ledger up, also when its disk is gone. Calling it again does nothing."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):  # the text is for people; the lock is not in it
                os.ftruncate(self._handle, 0)
            fcntl.flock(self._handle, fcntl.LOCK_UN)  # else a forked child would keep it
            os.close(self._handle)
            self._handle = -1


def read_owner(folder: Path) -> dict[str, Any]:
    """Read who owns a ledger; empty when nobody says."""
    try:
        found = json.loads((folder / LOCK_FILE).read_bytes() or b"{}")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _unlockable(folder: Path, err: OSError) -> Unavailable:
    return Unavailable(
        "ledger.lock",
        f"expected to lock {folder}, but: {err}",
        hint="Check that the folder exists and is writable, or open it for reading only.",
    )


def is_owned(folder: Path) -> bool:
    """Tell whether a process owns a ledger now: it holds the kernel's lock."""
    try:
        handle = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)  # and with it the lock that was tried
    return False
