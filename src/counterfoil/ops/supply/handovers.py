"""Events that came from another organisation with their receipts.

This module refuses to take an event whose receipt does not hold under the policy that was named.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from counterfoil.apps.supply.events.handover import Handed, take_over
from counterfoil.formats import policy as policies
from counterfoil.formats.receipt import RECEIPT_MAX_BYTES
from counterfoil.ops.files import POLICY_MAX_BYTES, read_file
from counterfoil.ops.place import LedgerFolder, open_for_writing
from counterfoil.ports import Param

__all__ = ["receive_events"]


def receive_events(
    receipts: Annotated[
        tuple[Path, ...],
        Param("Receipts of another's events, all of one log.", "RECEIPT", holds="file"),
    ],
    *,
    policy: Annotated[
        Path, Param("Whom you trust about that log: a tlog-policy.", "FILE", holds="file")
    ],
    ledger: LedgerFolder = None,
) -> Handed:
    """Verify another's receipts of events, and take the events into one's own log.

    Raises VerificationError where one does not hold, InputError with code supply.handover, and as
    `capture.capture`.
    """
    trusted = policies.parse(read_file(policy, POLICY_MAX_BYTES))
    data = [read_file(one, RECEIPT_MAX_BYTES) for one in receipts]
    with open_for_writing(ledger) as opened:
        return take_over(opened, data, trusted)
