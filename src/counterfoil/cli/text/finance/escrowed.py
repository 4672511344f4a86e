"""Text of `ops.finance.escrowed`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.contracts import set_up
from counterfoil.cli.text.words import facts, plain

if TYPE_CHECKING:
    from counterfoil.apps.finance.held.setting_up import SetUp
    from counterfoil.ops.finance.escrowed import Paid, ToSign

__all__ = ["agree", "bring", "desk", "settle"]


def desk(done: SetUp, paint: Paint) -> Iterator[str]:
    """Show which contracts stand and what was approved."""
    yield from set_up(done.contracts, done.approvals, paint)


def agree(done: ToSign, paint: Paint) -> Iterator[str]:
    """Show the terms, and the document that the payer signs."""
    said = done.agreed.said
    yield f"{paint.good('agreed')}  {plain(said.payment)} as entry {done.agreed.index}"
    yield from facts(
        [
            ("payer", said.payer),
            ("payee", said.payee),
            ("amount", said.amount),
            ("payment id", f"0x{said.payment_id}"),
        ],
        paint,
    )
    yield "the payer signs:"
    yield json.dumps(done.document, sort_keys=True)


def bring(done: Paid, paint: Paint) -> Iterator[str]:
    """Show where the payment stands."""
    yield from settle(done, paint)


def settle(done: Paid, paint: Paint) -> Iterator[str]:
    """Show where the payment stands."""
    yield f"{paint.good(done.state)}  {plain(done.payment)}, {done.left} left in the escrow"
