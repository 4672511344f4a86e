"""Which logs a witness follows: the `log` lines of a policy file, read again when it changes.

A file that cannot be read for a while, or holds a mistake, changes nothing: the witness goes on
with the logs that it had, and says so once. This module refuses to write the file.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from counterfoil.errors import CounterfoilError, NotFound, Unavailable
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import POLICY_MAX_BYTES
from counterfoil.formats.vkey import VerifierKey

__all__ = ["FollowedLogs"]


class FollowedLogs:
    """The logs of the policy file at `path`; a log may have several keys, on a line each.

    Safe to share among threads. Raises NotFound with code witness.logs, Unavailable with code
    witness.logs-unreadable, InputError with the codes of `policy.parse`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen = _stamp(path)
        self._keys = _read(path)

    def __call__(self, origin: str) -> Sequence[VerifierKey] | None:
        """Give the keys of a log; None for one that is not followed."""
        return self._current().get(origin)

    def origins(self) -> list[str]:
        """List the logs that are followed, in the file's order."""
        return list(self._current())

    def _current(self) -> dict[str, list[VerifierKey]]:
        with self._lock:
            stamp = _stamp(self._path)
            if stamp != self._seen:
                self._seen = stamp
                try:
                    self._keys = _read(self._path)
                except CounterfoilError as err:
                    logging.getLogger("counterfoil.witness").warning(
                        "%s; going on with the logs that were followed before", err
                    )
            return self._keys


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Tell when a file is another than before; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> dict[str, list[VerifierKey]]:
    try:
        with path.open("rb") as file:
            data = file.read(POLICY_MAX_BYTES + 1)
    except FileNotFoundError as err:
        raise NotFound(
            "witness.logs",
            f"expected a policy file at {path}, found none",
            hint="Write a line `log <vkey>` for each log to follow, and a line `quorum none`.",
        ) from err
    except OSError as err:
        raise Unavailable(
            "witness.logs-unreadable",
            f"expected to read {path}, but: {err}",
            hint="Check that it is a file, and its permissions.",
        ) from err
    keys: dict[str, list[VerifierKey]] = {}
    for log in policies.parse(data).logs:
        keys.setdefault(log.key.name, []).append(log.key)
    return keys
