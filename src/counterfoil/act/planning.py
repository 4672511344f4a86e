"""Write down what is to happen because of a decision: one job for a decision and a call.

This module refuses to make a second one while the first can still pass.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from counterfoil.act.book import ActBook
from counterfoil.act.book_tables import ActJob
from counterfoil.act.deciders import load_decider
from counterfoil.act.verdicts import Wanted, make_verdict, sign_verdict, subject_of

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["Place", "plan"]

_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it is to happen, and who sends it.

    gate, account: EIP-55. log_id: the log's on that chain. latest_s: the chain's own time, where
    its clock may be behind.
    """

    chain_id: int
    gate: str
    log_id: bytes
    account: str
    latest_s: int | None


def plan(
    ledger: Ledger,
    book: ActBook,
    decision: int | str,
    wanted: Wanted,
    subject: str | None,
    place: Place,
    now_ms: int,
) -> ActJob:
    """Sign a verdict and write down its job, or give the one that is there.

    One that never can pass is made anew. Raises as `Actor.propose`.
    """
    found = ledger.decisions.get(decision)
    decider, salt = load_decider(ledger, wanted.decider), secrets.token_bytes(_SALT_BYTES)
    said: dict[str, Any] = {
        "call": wanted.call.to_json(),
        "scope": wanted.scope,
        "amount": str(wanted.amount),
        "decider": decider.address,
        "decision": found.index,
    }
    if subject is not None:
        wanted = replace(wanted, subject=subject_of(subject, salt))
        said |= {"subject": subject, "salt": salt.hex()}
    where = (place.chain_id, place.gate, place.log_id)
    while True:
        verdict = make_verdict(
            ledger, found, wanted, where, decider.address, now_ms // 1000, place.latest_s
        )
        known = book.find(verdict.nonce)
        if known is None:
            entry = sign_verdict(verdict, decider)
            key = verdict.nonce
            return book.plan(
                ActJob(
                    *(0, key, place.chain_id, "verdict", place.account, said, entry, now_ms),
                    "planned",
                )
            )
        if known.phase != "dropped":
            return known
        wanted = replace(wanted, run=wanted.run + 1)
