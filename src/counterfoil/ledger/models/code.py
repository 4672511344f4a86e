"""Find out which code made a model: the repository, its commit, and what is not committed.

This module refuses to fail: where there is no git and no repository, nothing is known. An address
is recorded without the user and password that it may hold.
"""

from __future__ import annotations

import os
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from counterfoil.provenance.statements.parts import Code

__all__ = ["find_code"]

_TIMEOUT_S: Final = 10.0
_NAME_MAX: Final = 255


def find_code(folder: Path) -> Code | None:
    """Describe the git repository that a folder is in; None where there is none.

    The digest of a dirty one is SHA-256 of its `git diff HEAD`.
    """
    head = _git(folder, "rev-parse", "HEAD")
    if head is None:
        return None
    revision = head.decode("ascii", "replace").strip()
    change = _git(folder, "diff", "--no-ext-diff", "--no-textconv", "--binary", "HEAD") or b""
    others = _git(folder, "ls-files", "--others", "--exclude-standard", "--directory") or b""
    address = (_git(folder, "config", "--get", "remote.origin.url") or b"").decode(
        "utf-8", "ignore"
    )
    return Code(
        repository=_without_secrets(address.strip())[:_NAME_MAX] or None,
        revision=revision[:_NAME_MAX],
        digest=sha256(change).hexdigest() if change else None,
        dirty=bool(change or others.strip()),
    )


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Ask git; None where it is not there or says no."""
    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *arguments],
            env=quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _without_secrets(address: str) -> str:
    """Drop what stands before @ in a URL, and its query."""
    if "://" not in address:
        return address if address.isprintable() else ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
