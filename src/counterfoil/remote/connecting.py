"""Connect to a node: its address, a key, and what is to happen while it is away.

This module refuses to ask anything: a node that is away is no reason not to start.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from counterfoil.formats import policy as policies
from counterfoil.formats.policy import Policy
from counterfoil.ledger.state import state_folder
from counterfoil.remote.ledger import RemoteLedger
from counterfoil.remote.spool import Spool
from counterfoil.remote.wire import Wire

__all__ = ["KEY_ENVIRONMENT", "connect"]

KEY_ENVIRONMENT: Final = "COUNTERFOIL_KEY"
"""Environment variable that holds the key, where none is given."""

_DELIVER_S: Final = 10.0


def connect(
    url: str,
    key: str | None = None,
    *,
    spool: bool | str | os.PathLike[str] = False,
    spool_items: int = 1_000_000,
    spool_bytes: int = 1 << 30,
    source: str | None = None,
    policy: Policy | bytes | str | None = None,
    verify: bool = False,
    timeout_s: float = 30.0,
    patience_s: float = 30.0,
    insecure: bool = False,
    ca_file: str | os.PathLike[str] | None = None,
    state: Path | None = None,
) -> RemoteLedger:
    """Connect to a node's ledger; it has the interface of `counterfoil.open`.

    url: of the node. key: API key or token; `$COUNTERFOIL_KEY` when None. spool: keep what is
    recorded on this machine until the node has it: in a file of this user's state folder, or the
    one that is named; one process at a time. spool_items, spool_bytes: how much may wait. source:
    the series of what names none, for a key that is bound to some, one client each; else a random
    one. policy: the reader's own, to which receipts are held. verify: hold receipts and checkpoints
    to it, or to the log key that was shown at first, and check that the log only grows. timeout_s:
    for an answer. patience_s: how long what may be asked again is tried. insecure: let the key go
    over plain HTTP to another machine. ca_file: certificates to trust instead of the system's.
    state: instead of the user's state folder.
    Raises InputError with code remote.url, remote.key, remote.plain-http or policy.*, and as
    `Spool`. The node is first asked when something is wanted of it.
    """
    given = key or os.environ.get(KEY_ENVIRONMENT) or None
    certificates = None if ca_file is None else os.fspath(ca_file)

    def wire(seconds: float, patience: float) -> Wire:
        return Wire(
            url,
            given,
            timeout_s=seconds,
            patience_s=patience,
            insecure=insecure,
            ca_file=certificates,
        )

    own = wire(timeout_s, patience_s)
    if isinstance(policy, (bytes, str)):
        policy = policies.parse(policy.encode() if isinstance(policy, str) else policy)
    kept = None
    if spool is not False:
        path = _default_spool(own.url, state) if spool is True else Path(spool)
        kept = Spool(path, series=source, items_max=spool_items, bytes_max=spool_bytes)
    return RemoteLedger(
        own,
        spool=kept,
        delivering=None if kept is None else wire(min(timeout_s, _DELIVER_S), 0.0),
        series=source,
        policy=policy,
        verify=verify,
        state=state,
    )


def _default_spool(url: str, state: Path | None) -> Path:
    name = hashlib.sha256(url.encode()).hexdigest()[:24]
    return (state or state_folder()) / "spools" / f"{name}.db"
