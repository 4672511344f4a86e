"""What the page shows of a ledger: its newest payments with their decisions, and who signed.

Read from the ledger alone, so it is as true as that. This module refuses to read more than the
newest few thousand entries.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from counterfoil.errors import CounterfoilError
from counterfoil.ledger import Ledger, RecordView
from counterfoil.ledger.anchored import read_anchored
from counterfoil.log import parse_signed
from counterfoil.ops.demo.watch import DECISIONS, PAYMENTS
from counterfoil.proofs.trust import evaluate
from counterfoil.proofs.verify import grade

__all__ = ["AnchorRow", "PaymentRow", "Recent", "SignedState", "anchor_rows", "signed_state"]

_READ: Final = 4_000  # entries, when it is asked first
_KEPT: Final = 200  # payments
_ALERTS: Final = 8


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment, and the decision about it once there is one.

    index: of the payment's entry. content: what was recorded. decision: `allow` or `hold`.
    decided_at: entry of the decision. score_ppm: the model's.
    """

    index: int
    content: dict[str, Any]
    decision: str = ""
    decided_at: int | None = None
    score_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class SignedState:
    """A signed checkpoint in the reader's eyes.

    signers: who vouches for it, with their times in Unix s (0: not said). grade: in words; why it
    is not trusted otherwise. unseen: it is the log's, and no witness was shown it.
    """

    size: int
    root: str
    signers: tuple[tuple[str, int], ...]
    grade: str
    unseen: bool
    trusted: bool


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """A final anchor: of `size` entries, in which block, at which time (Unix s)."""

    size: int
    chain_id: int
    block: int
    time_s: int


class Recent:
    """The newest payments of a ledger; safe for threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._entry = max(0, ledger.size - _READ)
        self._rows: OrderedDict[int, PaymentRow] = OrderedDict()
        self._alerts: deque[PaymentRow] = deque(maxlen=_ALERTS)

    def look(self, count: int) -> tuple[Sequence[PaymentRow], Sequence[PaymentRow]]:
        """Read what is new; gives the newest payments and the newest held ones, newest first."""
        with self._lock:
            for view in self._ledger.views(self._entry, self._ledger.size):
                self._entry = view.index + 1
                self._take(view)
            while len(self._rows) > max(_KEPT, count):
                self._rows.popitem(last=False)
            return list(reversed(self._rows.values()))[:count], list(reversed(self._alerts))

    def _take(self, view: RecordView) -> None:
        content = view.content
        if view.source == PAYMENTS:
            self._rows[view.index] = PaymentRow(view.index, content)
        elif view.source == DECISIONS:
            row = self._rows.get(content["payment_entry"])
            if row is None:
                return
            decided = replace(
                row,
                decision=str(content["decision"]),
                decided_at=view.index,
                score_ppm=int(content["score_ppm"]),
            )
            self._rows[row.index] = decided
            if decided.decision == "hold":
                self._alerts.append(decided)


def anchor_rows(ledger: Ledger) -> list[AnchorRow]:
    """List the ledger's final anchors, smallest first; read from its own book, no chain asked."""
    return [
        AnchorRow(one.size, one.chain_id, one.mined.block, one.mined.time_s)
        for one in read_anchored(ledger.layout)
    ]


def signed_state(ledger: Ledger, note: bytes) -> SignedState:
    """Judge a checkpoint by the ledger's own policy."""
    checkpoint = parse_signed(note)
    size, root = checkpoint.size, checkpoint.root.hex()
    try:
        trusted = evaluate(ledger.policy, note)
    except CounterfoilError as err:
        unseen = err.code == "trust.quorum"  # kept between two publications
        why = "signed by the log, shown to no witness" if unseen else err.message
        return SignedState(size, root, (), why, unseen, False)
    signers = (("the log", 0), *((one.name, one.time_s) for one in trusted.cosigners))
    return SignedState(size, root, signers, grade(trusted), False, True)
