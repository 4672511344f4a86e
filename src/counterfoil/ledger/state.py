"""Find the user's state folder: what must not lie in a ledger's folder is there.

Whoever copies or puts back a ledger's folder copies neither the witness's memory nor what readers
have seen; that is the point. This module refuses to make a folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["STATE_ENVIRONMENT", "state_folder"]

STATE_ENVIRONMENT: Final = "COUNTERFOIL_STATE"
"""Environment variable that names the state folder."""


def state_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Tell the folder for what this user's Counterfoil remembers.

    `$COUNTERFOIL_STATE`, else `$XDG_STATE_HOME/counterfoil`, else `~/.local/state/counterfoil`
    (on macOS `~/Library/Application Support/counterfoil`). environment: `os.environ` when None.
    Source: XDG Base Directory Specification 0.8.
    """
    variables = os.environ if environment is None else environment
    if named := variables.get(STATE_ENVIRONMENT):
        return Path(named)
    if (base := variables.get("XDG_STATE_HOME")) and Path(base).is_absolute():
        return Path(base) / "counterfoil"
    home = Path(variables.get("HOME") or Path.home())
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "counterfoil"
    return home / ".local" / "state" / "counterfoil"
