"""Trust a node's ledger as it was first met: its origin, its log key, and that its log only grows.

For who has no policy by another way. The first meeting is believed; every later one is held to it.
This module refuses a node that shows another ledger, another key, or another history.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from counterfoil.chain.small_files import write_new
from counterfoil.errors import Unavailable, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger.seen import remember
from counterfoil.ledger.state import state_folder
from counterfoil.proofs.merkle import verify_consistency
from counterfoil.proofs.trust import evaluate
from counterfoil.proofs.verify import Verified, verify_receipt
from counterfoil.storage import SeenStates

__all__ = ["Pins"]

Consistency = Callable[[int, int], Sequence[bytes]]


class Pins:
    """What is known of the ledger of one node.

    url: of the node. policy: the reader's own; None goes by what was pinned, or pins what `offered`
    gives: the policy as text. state: folder; the user's state folder where None. Raises
    VerificationError with code remote.log-key, Unavailable with code remote.pins.
    """

    def __init__(
        self,
        url: str,
        offered: Callable[[], str],
        policy: Policy | None = None,
        state: Path | None = None,
    ) -> None:
        folder = state or state_folder()
        self._seen = SeenStates(folder / "seen.db")
        if policy is None:
            name = hashlib.sha256(url.encode()).hexdigest()[:24]
            policy = _pinned(folder / "nodes" / f"{name}.json", url, offered())
        self.policy = policy

    def check(self, receipt: Receipt, consistency: Consistency) -> Verified:
        """Verify a receipt, and that its checkpoint is of the history that was seen here.

        consistency: gives the node's proof from one size to another. Raises VerificationError as
        `verify_receipt`, and with code seen.forked or those of `verify_consistency`.
        """
        found = verify_receipt(receipt, self.policy)
        self._grown(found.trusted.checkpoint, receipt.checkpoint.encode(), consistency)
        return found

    def check_note(self, note: bytes, consistency: Consistency) -> Checkpoint:
        """Verify a signed checkpoint in the same way."""
        checkpoint = evaluate(self.policy, note).checkpoint
        self._grown(checkpoint, note, consistency)
        return checkpoint

    def _grown(self, new: Checkpoint, note: bytes, consistency: Consistency) -> None:
        before = self._seen.of(new.origin)
        for seen in before[-1:]:  # the largest
            if seen.size < new.size:
                path = consistency(seen.size, new.size)
                verify_consistency(seen.size, new.size, seen.root, new.root, path)
            elif seen.size > new.size:
                path = consistency(new.size, seen.size)
                verify_consistency(new.size, seen.size, new.root, seen.root, path)
        remember(self._seen, new, note, time.time_ns() // 1_000_000)


def _pinned(path: Path, url: str, offered: str) -> Policy:
    """Give the policy that was pinned, or pin the one that is offered now."""
    new = policies.parse(offered.encode())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
            try:
                write_new(fresh, json.dumps({"url": url, "policy": offered}).encode(), 0o600)
                with suppress(FileExistsError):  # another was quicker: held to what it pinned
                    os.link(fresh, path)
            finally:
                fresh.unlink(missing_ok=True)
        kept = policies.parse(str(json.loads(path.read_bytes())["policy"]).encode())
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise Unavailable(
            "remote.pins",
            f"expected to keep what is known of the node in {path}, but: {type(err).__name__}",
            hint="Check the folder, or give the policy yourself: policy=...",
        ) from err
    _require_same(kept, new, url, path)
    return kept


def _require_same(kept: Policy, new: Policy, url: str, path: Path) -> None:
    if {log.key for log in kept.logs} == {log.key for log in new.logs}:
        return
    raise VerificationError(
        "remote.log-key",
        f"expected the log key that {url} showed at first, found another: it serves another "
        "ledger, or somebody stands in between",
        hint=f"If that is meant, remove {path}; the next connection pins anew.",
    )
